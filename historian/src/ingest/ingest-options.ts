import type { Log } from "@fieldmesh/runtime";
import type { Appended, Series } from "@fieldmesh/storage";
import type { NamedRanges } from "./batch.js";
import type { Spill } from "./spill.js";

export interface IngestOptions {
  series: Pick<Series, "append">;
  spill: Spill;
  log: Log;
  /** Only grows, ms. */
  monotonic: () => number;
  limits?: Partial<IngestLimits>;
  /** After each call that the store took. */
  onStored: (result: ReadonlyMap<string, Appended>) => void;
  /** Readings that were given up, by name. */
  onDropped: (names: readonly NamedRanges[], cause: DropCause) => void;
}

/** `historian-full`: memory and disk were full. `refused`: the store takes such a reading in no way. */
export type DropCause = "historian-full" | "refused";

export interface IngestLimits {
  /** A reading waits at most about this long before it is given to the store, ms. */
  flushMs: number;
  /** Readings that are stored at once: enough to make the cost of a commit small. */
  batchReadings: number;
  /** Readings in memory from which on the oldest go to disk: some 10 MB. */
  spillReadings: number;
  /** Readings in memory at most, when the disk does not take them: some 30 MB. */
  memoryReadings: number;
}

export const DEFAULT_LIMITS: IngestLimits = {
  flushMs: 1_000,
  batchReadings: 10_000,
  spillReadings: 100_000,
  memoryReadings: 300_000,
};

export interface IngestCounts {
  received: number;
  stored: number;
  duplicates: number;
  /** In memory and on disk. */
  queued: number;
  spilled: number;
  spilledBytes: number;
  dropped: number;
  droppedBy: Record<string, number>;
}
