import { createInterface } from "node:readline";
import { type Readable, Writable } from "node:stream";
import type { Terminal } from "./terminal.js";

const MAX_SECRET_CHARS = 1_024;

/** The first line of a stream: how a password is piped in. */
export async function readSecret(stdin: Readable): Promise<string> {
  for await (const line of createInterface({ input: stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    return line.slice(0, MAX_SECRET_CHARS);
  }
  return "";
}

/** Asks on a terminal, without showing what is typed. */
export async function askSecret(question: string, terminal: Terminal): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const input = createInterface({ input: terminal.stdin, output: nowhere, terminal: true });
  // Only now: from here on the terminal shows nothing of what is typed.
  terminal.stderr.write(question);
  try {
    return await new Promise<string>((resolve, reject) => {
      input.once("line", resolve);
      input.once("SIGINT", () => reject(new Error("interrupted")));
      input.once("close", () => resolve(""));
    });
  } finally {
    input.close();
    terminal.stderr.write("\n");
  }
}
