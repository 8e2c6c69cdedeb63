import type { SeqRange } from "@fieldmesh/protocol";
import type { Engine } from "./collection.js";
import type { BlockError } from "./errors.js";

/** One reading as it is kept. (`boot`,`seq`) names it within its stream for ever. */
export interface Sample {
  boot: number;
  seq: number;
  /** When the sensor was read, ms since the epoch, the node's clock error taken out: the time that orders. */
  at: number;
  /** The same by the node's own clock, as it was sent. */
  timestamp: number;
  /** `null` only where quality is bad. */
  value: number | boolean | null;
  /** SenML (RFC 8428). */
  unit: string;
  quality?: "uncertain" | "bad";
  /** Why the quality is not good. */
  reason?: string;
}

/**
 * Samples side by side, index `i` is one of them, ascending by `at`, then `boot`, then `seq`. The arrays are
 * read only and may be shared.
 */
export interface SampleColumns {
  readonly length: number;
  readonly at: Float64Array;
  readonly timestamp: Float64Array;
  /** Booleans as 0 and 1; NaN where there is none. */
  readonly value: Float64Array;
  readonly boot: Float64Array;
  readonly seq: Float64Array;
  /** Of all samples here: a stretch ends where unit or type change. */
  readonly unit: string;
  readonly valueType: "number" | "boolean";
  /** Only those that are not good, ascending by index. */
  readonly marks: readonly { index: number; quality: "uncertain" | "bad"; reason?: string }[];
}

export type RollupLevel = "minute" | "hour";
export const ROLLUP_MS: Readonly<Record<RollupLevel, number>> = { minute: 60_000, hour: 3_600_000 };

/** What a stream did within one minute or hour. Booleans count as 0 and 1. */
export interface Rollup {
  /** Its start, ms: a multiple of the level's length. */
  at: number;
  /** Readings with a value, good or uncertain. */
  count: number;
  /** Of those; `null` when there is none. `first` and `last` by `at`. */
  min: number | null;
  max: number | null;
  mean: number | null;
  first: number | null;
  last: number | null;
  /** Readings of quality bad, whose value counts nowhere above. */
  bad: number;
}

export interface Appended {
  /** Those that were not there before, in the order given. */
  stored: Sample[];
  /** Those that were. */
  duplicates: number;
}

export interface TimeRange {
  /** Inclusive, ms. */
  from: number;
  /** Exclusive, ms. */
  to: number;
  order?: "ascending" | "descending";
  /** Told of a block that cannot be read, which is then passed over. Without it that error ends the range. */
  onBroken?: (error: BlockError) => void;
}

export interface SeriesInfo {
  stream: string;
  readings: number;
  /** `at` of the oldest and the newest reading that are kept; `null` when raw is pruned away. */
  from: number | null;
  to: number | null;
  /** In the store, rollups apart. */
  bytes: number;
}

export interface LevelSize {
  rows: number;
  bytes: number;
}

/**
 * Readings of many streams, and their rollups. Blocks of up to 1,024 readings of one stream; the newest ones,
 * not yet a block, are kept apart. Every write resolves when it is safe on the medium. One writer at a time.
 *
 * Stream names are those of the wire (`{domain}_{node}_{sensor}`): anything else is refused.
 */
export interface Series {
  readonly engine: Engine;
  /**
   * Stores what is not there yet. Idempotent on (stream, boot, seq): a reading that was stored once is a
   * duplicate for ever, also after it was pruned. Order does not matter: late readings are put where they
   * belong by `at`. What is no reading is refused before anything is written. When a call fails, it is repeated as
   * it was: an embedded store has stored nothing of it; on MongoDB some of its streams may be stored already, and
   * the call that succeeds tells of them in `stored` too.
   * @throws SampleError naming stream, field and value; WriteFailedError; StoreAwayError.
   */
  append(batch: ReadonlyMap<string, readonly Sample[]>): Promise<Map<string, Appended>>;
  /**
   * Stretches of samples, each ordered as asked; of a descending range each stretch is still ascending within.
   * @throws BlockError naming stream and block, where one cannot be read and nobody is told of it.
   */
  range(stream: string, range: TimeRange): AsyncIterable<SampleColumns>;
  /** The newest by `at`. */
  latest(stream: string): Promise<Sample | undefined>;
  /** Which numbers of a boot were ever stored, pruned ones included, ascending and closed. */
  stored(stream: string, boot: number): Promise<SeqRange[]>;
  /** Boots of which anything was ever stored, ascending. */
  boots(stream: string): Promise<number[]>;
  /** Puts rows, each in place of the one of its start. */
  putRollups(level: RollupLevel, rows: ReadonlyMap<string, readonly Rollup[]>): Promise<void>;
  /** Ascending by start; `from` inclusive, `to` exclusive, both of the row's start. */
  rollups(level: RollupLevel, stream: string, from: number, to: number): Promise<Rollup[]>;
  /**
   * Removes what is older than `before` (a block or a row group is removed when all of it is older), a bounded
   * piece at a time so that appends go on. Returns what was removed.
   */
  prune(level: "raw" | RollupLevel, before: number): Promise<LevelSize>;
  streams(): Promise<SeriesInfo[]>;
  sizes(): Promise<Record<"raw" | RollupLevel, LevelSize>>;
  /** Forgets a stream, its rollups included. Returns whether there was one. */
  remove(stream: string): Promise<boolean>;
  close(): Promise<void>;
}
