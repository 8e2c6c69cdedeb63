import { Readable, Writable } from "node:stream";
import type { Terminal } from "../terminal.js";

/** A terminal for tests: gives the input, keeps what was written. */
export interface CapturedTerminal extends Terminal {
  out(): string;
  err(): string;
}

export function capturedTerminal(options: { stdin?: string; env?: Terminal["env"] } = {}): CapturedTerminal {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  const into = (chunks: Buffer[]): Writable =>
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        chunks.push(chunk);
        done();
      },
    });
  return {
    stdin: Readable.from(options.stdin === undefined ? [] : [Buffer.from(options.stdin)]),
    stdout: into(out),
    stderr: into(err),
    env: options.env ?? {},
    out: () => Buffer.concat(out).toString(),
    err: () => Buffer.concat(err).toString(),
  };
}
