import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import type { Batch } from "./batch.js";
import {
  bodyBytes,
  checkHeader,
  decodeRecord,
  encodeHeader,
  HEADER_BYTES,
  RECORD_HEAD_BYTES,
} from "./spill-record.js";

/** One file of the spill. Records are read from `readAt` to `bytes`. */
export interface SpillSegment {
  readonly number: number;
  readonly path: string;
  /** Good bytes: what is behind them is being written, or was torn off. */
  bytes: number;
  /** What is before it is stored. */
  readAt: number;
  /** Behind `readAt`. */
  readings: number;
}

/** A segment that is being written, with its file. */
export class SpillFile {
  readonly segment: SpillSegment;
  readonly #file: FileHandle;

  private constructor(segment: SpillSegment, file: FileHandle) {
    this.segment = segment;
    this.#file = file;
  }

  /** Makes the file; it must not be there yet. */
  static async create(number: number, path: string): Promise<SpillFile> {
    const segment: SpillSegment = { number, path, bytes: 0, readAt: HEADER_BYTES, readings: 0 };
    const made = new SpillFile(segment, await open(path, "wx", 0o600));
    try {
      await made.append(encodeHeader());
      await flushFolder(dirname(path)); // a new file is safe once its folder is
      return made;
    } catch (error) {
      await made.close();
      throw error;
    }
  }

  /** Writes behind the good bytes and brings it to the medium. What a failure left half-written is cut off again. */
  async append(bytes: Buffer): Promise<void> {
    const { segment } = this;
    try {
      let done = 0;
      while (done < bytes.length) {
        const rest = bytes.length - done;
        const { bytesWritten } = await this.#file.write(bytes, done, rest, segment.bytes + done);
        if (bytesWritten === 0) throw new Error(`${segment.path}: the disk took 0 of ${rest} bytes`);
        done += bytesWritten;
      }
      await this.#file.datasync();
    } catch (error) {
      // If this fails too, the next write covers it, and a start stops reading there.
      await this.#file.truncate(segment.bytes).catch(() => undefined);
      throw error;
    }
    segment.bytes += bytes.length;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

export interface ReadRecord {
  batch: Batch;
  /** Where the next one begins. */
  end: number;
}

/** Reads whole records from `start` on; ends before the first that is not one. */
export async function* readRecords(path: string, start: number, end: number): AsyncGenerator<ReadRecord> {
  const file = await open(path, "r");
  try {
    let at = start;
    while (at < end) {
      const head = await readExactly(file, at, RECORD_HEAD_BYTES);
      const length = head === undefined ? undefined : bodyBytes(head);
      if (head === undefined || length === undefined) return;
      const body = await readExactly(file, at + RECORD_HEAD_BYTES, length);
      const batch = body === undefined ? undefined : decodeRecord(head, body);
      if (batch === undefined) return;
      at += RECORD_HEAD_BYTES + length;
      yield { batch, end: at };
    }
  } finally {
    await file.close();
  }
}

/**
 * A segment that an earlier process wrote; undefined when it was torn before its first record could be there.
 * @throws FormatVersionError
 */
export async function findSegment(number: number, path: string): Promise<SpillSegment | undefined> {
  const file = await open(path, "r");
  try {
    const head = await readExactly(file, 0, HEADER_BYTES);
    if (head === undefined || !checkHeader(head, path)) return undefined;
    const { size } = await file.stat();
    return { number, path, bytes: size, readAt: HEADER_BYTES, readings: 0 };
  } finally {
    await file.close();
  }
}

async function readExactly(file: FileHandle, at: number, length: number): Promise<Buffer | undefined> {
  const buffer = Buffer.allocUnsafe(length);
  const { bytesRead } = await file.read(buffer, 0, length, at);
  return bytesRead === length ? buffer : undefined;
}

async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
