import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "@fieldmesh/runtime";
import { type Batch, type NamedRanges, newBatch } from "./batch.js";
import { ReadingNames } from "./reading-names.js";
import { encodeRecord } from "./spill-record.js";
import { findSegment, readRecords, SpillFile, type SpillSegment } from "./spill-segment.js";

export interface SpillOptions {
  /** Made where it is not there. */
  folder: string;
  /** Of all files; default 256 MiB: some 6 million readings. */
  maxBytes?: number;
  log: Log;
}

/** A place in the spill, up to which readings are stored when it is given to {@link Spill.advance}. */
export interface SpillPlace {
  segment: number;
  end: number;
  readings: number;
}

const DEFAULT_MAX_BYTES = 256 * 1024 * 1024;
/** What is dropped at once when the spill is full: a 64th of it, in files of at most this size. */
const MAX_SEGMENT_BYTES = 4 * 1024 * 1024;
const SEGMENT_FILE = /^(\d{10})\.spill$/;

/**
 * Readings that wait on disk for a store that is slow or away: first in, first out, in append-only files. What was
 * appended survives `kill -9` and, as it was brought to the medium, a loss of power. What was stored since is kept
 * until its file is stored whole: after a restart it comes again, and the store knows it.
 *
 * One `append` or `dropOldest` at a time; `head` and `advance` may be called meanwhile.
 */
export class Spill {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #segmentBytes: number;
  readonly #log: Log;
  /** Oldest first; the one being written is the last. */
  #segments: SpillSegment[];
  #file: SpillFile | undefined;
  #appending = false;
  /** What `head` gave is being stored: it is not given up meanwhile. */
  #pinned: SpillSegment | undefined;
  #nextNumber: number;
  #damaged = 0;

  private constructor(options: SpillOptions, segments: SpillSegment[], nextNumber: number) {
    this.#folder = options.folder;
    this.#maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
    this.#segmentBytes = Math.min(MAX_SEGMENT_BYTES, Math.floor(this.#maxBytes / 8));
    this.#log = options.log;
    this.#segments = segments;
    this.#nextNumber = nextNumber;
  }

  /**
   * Takes up what an earlier process left, and says which readings that is.
   * @throws FormatVersionError when a file is of a later version
   */
  static async open(options: SpillOptions): Promise<{ spill: Spill; names: NamedRanges[] }> {
    const { folder, log } = options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const numbers = (await readdir(folder)).flatMap((name) => {
      const digits = SEGMENT_FILE.exec(name)?.[1];
      return digits === undefined ? [] : [Number(digits)];
    });
    numbers.sort((a, b) => a - b);
    const names = new ReadingNames();
    const segments: SpillSegment[] = [];
    for (const number of numbers) {
      const path = segmentPath(folder, number);
      const segment = await findSegment(number, path);
      if (segment !== undefined) await takeUp(segment, names, log);
      if (segment === undefined || segment.readings === 0) await rm(path);
      else segments.push(segment);
    }
    return {
      spill: new Spill(options, segments, (numbers.at(-1) ?? 0) + 1),
      names: names.ranges(),
    };
  }

  /** That wait. */
  get readings(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.readings, 0);
  }

  /** On disk, what was stored of the oldest file included. */
  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  get empty(): boolean {
    return this.#segments.every((segment) => segment.readings === 0);
  }

  /** Whether it takes so much without dropping. */
  hasRoomFor(batch: Batch): boolean {
    return this.#segments.length === 0 || this.bytes + recordBytes(batch) <= this.#maxBytes;
  }

  /** Resolves when the batch is on the medium. Rejects when the disk does not take it: then it is not in the spill. */
  async append(batch: Pick<Batch, "streams" | "readings">): Promise<SpillPlace> {
    this.#appending = true;
    try {
      const record = encodeRecord(batch);
      if (this.#file !== undefined && this.#file.segment.bytes + record.length > this.#segmentBytes) {
        const full = this.#file;
        this.#file = undefined;
        await full.close();
      }
      this.#file ??= await this.#begin();
      const { segment } = this.#file;
      await this.#file.append(record);
      segment.readings += batch.readings;
      return { segment: segment.number, end: segment.bytes, readings: batch.readings };
    } finally {
      this.#appending = false;
    }
  }

  /**
   * The oldest readings, up to about so many, and how far they reach; undefined when there are none. They are not
   * given up until `advance` or `release`.
   */
  async head(maxReadings: number): Promise<{ batch: Batch; place: SpillPlace } | undefined> {
    for (;;) {
      const segment = this.#segments.find(({ readings }) => readings > 0);
      if (segment === undefined) return undefined;
      this.#pinned = segment;
      const batch = newBatch();
      let end = segment.readAt;
      for await (const record of readRecords(segment.path, segment.readAt, segment.bytes)) {
        merge(batch, record.batch);
        end = record.end;
        if (batch.readings >= maxReadings) break;
      }
      if (batch.readings > 0)
        return { batch, place: { segment: segment.number, end, readings: batch.readings } };
      // Its checksums held when it was opened: the medium has changed under us.
      this.#log.error(
        { file: segment.path, readings: segment.readings },
        "a spill file can no longer be read; the readings in it are lost",
      );
      this.#damaged += segment.readings;
      segment.readings = 0;
      await this.#remove(segment);
    }
  }

  /** Readings that the medium lost. */
  get damaged(): number {
    return this.#damaged;
  }

  /** What `head` gave was not stored. */
  release(): void {
    this.#pinned = undefined;
  }

  /** Everything up to this place is stored. */
  async advance({ segment: number, end, readings }: SpillPlace): Promise<void> {
    this.#pinned = undefined;
    const segment = this.#segments.find((one) => one.number === number);
    if (segment === undefined) return; // it was dropped meanwhile
    segment.readAt = Math.max(segment.readAt, end);
    segment.readings = Math.max(0, segment.readings - readings);
    const written = this.#file?.segment === segment;
    if (segment.readAt < segment.bytes || (written && this.#appending)) return;
    await this.#remove(segment);
  }

  /**
   * Gives up the oldest file to make room, and says what was in it; undefined when there is none. Not one of which
   * something is being stored: that `head` gave, or of number `keep`.
   */
  async dropOldest(keep?: number): Promise<{ names: NamedRanges[]; readings: number } | undefined> {
    const segment = this.#segments.find(
      (one) => one.number !== keep && one !== this.#pinned && one.readings > 0,
    );
    if (segment === undefined) return undefined;
    this.#segments = this.#segments.filter((other) => other !== segment); // `head` does not find it any more
    const names = new ReadingNames();
    let readings = 0;
    for await (const { batch } of readRecords(segment.path, segment.readAt, segment.bytes)) {
      names.add(batch);
      readings += batch.readings;
    }
    await this.#remove(segment);
    return { names: names.ranges(), readings };
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  async #begin(): Promise<SpillFile> {
    const number = this.#nextNumber;
    this.#nextNumber += 1; // not used again: a file that could not be begun may be there still
    const file = await SpillFile.create(number, segmentPath(this.#folder, number));
    this.#segments.push(file.segment);
    return file;
  }

  async #remove(segment: SpillSegment): Promise<void> {
    this.#segments = this.#segments.filter((other) => other !== segment);
    const file = this.#file?.segment === segment ? this.#file : undefined;
    if (file !== undefined) this.#file = undefined;
    await file?.close();
    await rm(segment.path, { force: true });
  }
}

function segmentPath(folder: string, number: number): string {
  return join(folder, `${String(number).padStart(10, "0")}.spill`);
}

/** Reads a found file through: what is torn at its end is cut off, the rest is counted and named. */
async function takeUp(segment: SpillSegment, names: ReadingNames, log: Log): Promise<void> {
  let end = segment.readAt;
  for await (const record of readRecords(segment.path, segment.readAt, segment.bytes)) {
    names.add(record.batch);
    segment.readings += record.batch.readings;
    end = record.end;
  }
  if (end < segment.bytes) {
    log.warn({ file: segment.path, bytes: segment.bytes - end }, "the end of a spill file was torn off");
  }
  segment.bytes = end;
}

function merge(into: Batch, batch: Batch): void {
  for (const [stream, samples] of batch.streams) {
    const known = into.streams.get(stream);
    if (known === undefined) into.streams.set(stream, samples);
    else for (const sample of samples) known.push(sample);
  }
  into.readings += batch.readings;
}

/** About: names and marks are counted by their streams. */
function recordBytes(batch: Batch): number {
  return batch.readings * 40 + batch.streams.size * 100; // bytes
}
