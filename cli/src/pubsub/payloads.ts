import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { FailureError, UsageError } from "../exit.js";

/** Where the payloads of `pub` come from; at most one. */
export interface PayloadSource {
  message?: string;
  file?: string;
  lines?: boolean;
  stdin?: boolean;
  null?: boolean;
}

const MAX_PAYLOAD_BYTES = 268_435_455 - 65_537; // the largest remaining length, less the longest topic [MQTT-2.2.3]

/**
 * The payloads to publish, in order. Without a source the whole standard input is one payload; on a terminal, where
 * nothing is piped in, that is refused rather than waited for.
 */
export async function* payloads(
  source: PayloadSource,
  stdin: Readable & { isTTY?: boolean },
): AsyncGenerator<Buffer> {
  const given = Object.entries(source).filter(([, value]) => value !== undefined && value !== false);
  if (given.length > 1) {
    throw new UsageError(`give one of ${given.map(([name]) => `--${name}`).join(", ")}, not several`);
  }
  if (source.message !== undefined) yield Buffer.from(source.message);
  else if (source.file !== undefined) yield await readPayloadFile(source.file);
  else if (source.null) yield Buffer.alloc(0);
  else if (source.lines) yield* lines(stdin);
  else if (source.stdin || !stdin.isTTY) yield await whole(stdin);
  else {
    throw new UsageError(
      "nothing to publish: give -m <text>, -f <file>, -n, or pipe something in (-l for a message a line)",
    );
  }
}

async function readPayloadFile(path: string): Promise<Buffer> {
  try {
    return checkSize(await readFile(path));
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new FailureError(`cannot read the payload from ${path}`, { cause });
  }
}

async function* lines(stdin: Readable): AsyncGenerator<Buffer> {
  for await (const line of createInterface({ input: stdin, crlfDelay: Number.POSITIVE_INFINITY }))
    yield Buffer.from(line);
}

async function whole(stdin: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stdin) {
    const buffer = Buffer.from(chunk as Uint8Array | string);
    bytes += buffer.length;
    if (bytes > MAX_PAYLOAD_BYTES) break;
    chunks.push(buffer);
  }
  return checkSize(Buffer.concat(chunks), bytes);
}

function checkSize(payload: Buffer, bytes = payload.length): Buffer {
  if (bytes > MAX_PAYLOAD_BYTES) {
    throw new UsageError(
      `a payload of ${bytes} bytes does not fit an MQTT packet: at most ${MAX_PAYLOAD_BYTES}`,
    );
  }
  return payload;
}
