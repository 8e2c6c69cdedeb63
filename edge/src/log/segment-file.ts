import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { encodeSeal, type Segment } from "./segment.js";

/** The segment that is being written, with its file. */
export class SegmentFile {
  readonly segment: Segment;
  readonly #file: FileHandle;
  #unflushed = false;
  #isNew = true;

  private constructor(segment: Segment, file: FileHandle) {
    this.segment = segment;
    this.#file = file;
  }

  /** Makes the file; it must not be there yet. */
  static async create(segment: Segment): Promise<SegmentFile> {
    return new SegmentFile(segment, await open(segment.path, "wx"));
  }

  /** Writes behind the good bytes, and counts them good. What a failure left half-written is cut off again. */
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
    } catch (error) {
      // If this fails too, the next write covers it, and a start stops reading there.
      await this.#file.truncate(segment.bytes).catch(() => undefined);
      throw error;
    }
    segment.bytes += bytes.length;
    this.#unflushed = true;
  }

  /** Brings what was written to the medium. */
  async flush(): Promise<void> {
    if (!this.#unflushed) return;
    await this.#file.datasync();
    if (this.#isNew) await flushFolder(dirname(this.segment.path)); // a new file is safe once its folder is
    this.#isNew = false;
    this.#unflushed = false;
  }

  /** Puts its index at the end of a full segment. Without it, the next start reads the file through. */
  async seal(): Promise<void> {
    await this.append(encodeSeal(this.segment)).catch(() => undefined);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
