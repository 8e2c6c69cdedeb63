import { setImmediate } from "node:timers/promises";
import type { SeqRange } from "@fieldmesh/protocol";
import type { Engine } from "../collection.js";
import { type BlockError, StorageError } from "../errors.js";
import type { RestorableSeries } from "../restorable.js";
import { checkRollups } from "../samples/check-rollups.js";
import { checkBoot, checkSamples, checkStream } from "../samples/check-samples.js";
import type {
  Appended,
  LevelSize,
  Rollup,
  RollupLevel,
  Sample,
  SampleColumns,
  SeriesInfo,
  TimeRange,
} from "../series.js";
import { explainCommitFailure } from "./commit-failure.js";
import type { HeldFolder, HoldFolder } from "./lmdb-storage.js";
import { lmdbVersion } from "./lmdb-version.js";
import { readBareNumbers } from "./series/bare-numbers.js";
import { markStored } from "./series/mark-stored.js";
import { pruneStream } from "./series/prune-raw.js";
import { finishRemovals, forgetStream } from "./series/remove-stream.js";
import {
  addRows,
  openDatabases,
  pageBytes,
  readRecord,
  readRows,
  type SeriesDatabases,
} from "./series/series-databases.js";
import { appendToStream } from "./series/stream-append.js";
import { readBoots, readNumbers } from "./series/stream-numbers.js";
import { StreamReading } from "./series/stream-reading.js";
import { pruneStreamRollups, putStreamRollups, StreamRollups } from "./series/stream-rollups.js";

/** A long read lets others have their turn after so long. */
const TURN_MS = 8;
/** Streams that one piece of pruning looks at. */
const STREAMS_PER_PIECE = 200;

/**
 * Opens series in a folder: an LMDB environment of its own.
 * @param hold holds the folder for this process until it is closed; left out where its owner is held already
 * @param onBroken for ranges that do not say whom to tell of a block that cannot be read
 * @throws StorageError when it is of a later version; what `hold` throws when another process has the folder.
 */
export async function openLmdbSeries(
  folder: string,
  holder: string,
  hold: HoldFolder | undefined,
  onBroken?: (error: BlockError) => void,
): Promise<RestorableSeries> {
  const held = await hold?.(folder, holder);
  try {
    const databases = await openDatabases(folder, false);
    await finishRemovals(databases);
    const engine = { name: "LMDB", version: lmdbVersion(), at: folder };
    return new LmdbSeries(databases, held, engine, onBroken);
  } catch (cause) {
    await held?.release();
    if (cause instanceof StorageError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StorageError(`${folder}: the series cannot be opened: ${reason}`, { cause });
  }
}

class LmdbSeries implements RestorableSeries {
  readonly engine: Engine;
  readonly #databases: SeriesDatabases;
  readonly #held: HeldFolder | undefined;
  readonly #onBroken: { onBroken?: (error: BlockError) => void };
  #closed: Promise<void> | undefined;

  constructor(
    databases: SeriesDatabases,
    held: HeldFolder | undefined,
    engine: Engine,
    onBroken: ((error: BlockError) => void) | undefined,
  ) {
    this.#databases = databases;
    this.#held = held;
    this.engine = engine;
    this.#onBroken = onBroken === undefined ? {} : { onBroken };
  }

  async append(batch: ReadonlyMap<string, readonly Sample[]>): Promise<Map<string, Appended>> {
    for (const [stream, samples] of batch) checkSamples(stream, samples);
    return this.#write(() => {
      const appended = new Map<string, Appended>();
      let rows = 0;
      for (const [stream, samples] of batch) {
        const one = appendToStream(this.#databases, stream, samples);
        appended.set(stream, one);
        rows += one.stored.length;
      }
      addRows(this.#databases, "raw", rows);
      return appended;
    });
  }

  async *range(stream: string, range: TimeRange): AsyncGenerator<SampleColumns> {
    checkStream(stream);
    const reading = new StreamReading(this.#databases, stream, { ...this.#onBroken, ...range });
    let turnEndsAt = performance.now() + TURN_MS;
    for (let found = reading.next(); found !== undefined; found = reading.next()) {
      yield* found;
      if (performance.now() < turnEndsAt) continue;
      await setImmediate();
      turnEndsAt = performance.now() + TURN_MS;
    }
  }

  latest(stream: string): Promise<Sample | undefined> {
    return this.#read(stream, (databases) => readRecord(databases, stream)?.latest ?? undefined);
  }

  stored(stream: string, boot: number): Promise<SeqRange[]> {
    return this.#read(stream, (databases) => {
      checkBoot(stream, boot);
      const record = readRecord(databases, stream);
      if (record === undefined) return [];
      return boot === 0 ? readBareNumbers(databases, record) : readNumbers(databases, record.id, boot);
    });
  }

  async markStored(stream: string, boot: number, ranges: readonly SeqRange[]): Promise<void> {
    checkStream(stream);
    checkBoot(stream, boot);
    await this.#write(() => markStored(this.#databases, stream, boot, ranges));
  }

  boots(stream: string): Promise<number[]> {
    return this.#read(stream, (databases) => {
      const record = readRecord(databases, stream);
      if (record === undefined) return [];
      const bare = record.bare === null ? [] : [0];
      return [...bare, ...readBoots(databases, record.id)];
    });
  }

  async putRollups(level: RollupLevel, rows: ReadonlyMap<string, readonly Rollup[]>): Promise<void> {
    for (const [stream, some] of rows) checkRollups(stream, level, some);
    await this.#write(() => {
      for (const [stream, some] of rows) putStreamRollups(this.#databases, level, stream, some);
    });
  }

  rollups(level: RollupLevel, stream: string, from: number, to: number): Promise<Rollup[]> {
    return this.#read(stream, (databases) => {
      const record = readRecord(databases, stream);
      return record === undefined || from >= to
        ? []
        : new StreamRollups(databases, level, record).read(from, to);
    });
  }

  async prune(level: "raw" | RollupLevel, before: number): Promise<LevelSize> {
    const removed = { rows: 0, bytes: 0 };
    const databases = this.#databases;
    const prune = (stream: string) =>
      level === "raw"
        ? pruneStream(databases, stream, before)
        : pruneStreamRollups(databases, level, stream, before);
    for (const streams of this.#pieces(this.#names())) {
      for (let left = this.#older(level, streams, before); left.length > 0 && this.#closed === undefined; ) {
        left = await this.#write(() => pruneSome(left, prune, removed));
        await setImmediate();
      }
    }
    return removed;
  }

  async streams(): Promise<SeriesInfo[]> {
    const infos: SeriesInfo[] = [];
    for (const streams of this.#pieces(this.#names())) {
      for (const stream of streams) {
        const record = readRecord(this.#databases, stream);
        if (record === undefined) continue;
        const { readings, from, latest, bytes } = record;
        infos.push({ stream, readings, from, to: latest?.at ?? null, bytes });
      }
      await setImmediate();
    }
    return infos;
  }

  sizes(): Promise<Record<"raw" | RollupLevel, LevelSize>> {
    return Promise.resolve().then(() => {
      const { blocks, heads, numbers, rollups } = this.#databases;
      const rows = readRows(this.#databases);
      const raw = pageBytes(blocks) + pageBytes(heads) + pageBytes(numbers);
      return {
        raw: { rows: rows.raw, bytes: raw },
        minute: { rows: rows.minute, bytes: pageBytes(rollups.minute) },
        hour: { rows: rows.hour, bytes: pageBytes(rollups.hour) },
      };
    });
  }

  async remove(stream: string): Promise<boolean> {
    checkStream(stream);
    const known = await this.#write(() => forgetStream(this.#databases, stream));
    if (known) await finishRemovals(this.#databases);
    return known;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    try {
      await this.#databases.root.close(); // waits for writes that were begun
    } finally {
      await this.#held?.release();
    }
  }

  #names(): string[] {
    return [...this.#databases.names.getKeys({})];
  }

  *#pieces(streams: readonly string[]): Generator<string[]> {
    for (let from = 0; from < streams.length && this.#closed === undefined; from += STREAMS_PER_PIECE) {
      yield streams.slice(from, from + STREAMS_PER_PIECE);
    }
  }

  /** Those of which there may be something to prune. */
  #older(level: "raw" | RollupLevel, streams: readonly string[], before: number): string[] {
    return streams.filter((stream) => {
      const record = readRecord(this.#databases, stream);
      if (record === undefined) return false;
      return level === "raw" ? record.from !== null && record.from < before : record.rows[level] > 0;
    });
  }

  #read<R>(stream: string, work: (databases: SeriesDatabases) => R): Promise<R> {
    return Promise.resolve().then(() => {
      checkStream(stream);
      return work(this.#databases);
    });
  }

  /**
   * Runs the work in a write transaction that is undone when it throws, and resolves when it is on the medium.
   * @throws WriteFailedError when the medium did not take it: it is full, say.
   */
  async #write<R>(work: () => R): Promise<R> {
    try {
      return await this.#databases.root.childTransaction(work);
    } catch (error) {
      throw await explainCommitFailure(error, "series");
    }
  }
}

/** What one transaction prunes: some milliseconds, so that appends go on. */
const PIECE_MS = 10;

/** Within a transaction: prunes streams until its time is over; answers those that are left. */
function pruneSome(
  streams: readonly string[],
  prune: (stream: string) => LevelSize & { more: boolean },
  removed: LevelSize,
): string[] {
  const endsAt = performance.now() + PIECE_MS;
  const left = [...streams];
  do {
    const [stream] = left;
    if (stream === undefined) break;
    const { rows, bytes, more } = prune(stream);
    removed.rows += rows;
    removed.bytes += bytes;
    if (!more) left.shift();
  } while (performance.now() < endsAt);
  return left;
}
