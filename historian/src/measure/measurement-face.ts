import type { QualityReport } from "@fieldmesh/protocol";
import type {
  ArrivedReading,
  ConsumerClock,
  ConsumerNode,
  Log,
  NodeChange,
  StreamConsumer,
} from "@fieldmesh/runtime";
import type { Collection, SampleColumns } from "@fieldmesh/storage";
import type { MeasureDocument, Promised } from "./measure-document.js";
import type { MeasureCounts } from "./stream-tally.js";

export interface MeasureLimits {
  /** Streams measured; what comes beyond is not. As many as a consumer keeps. */
  streams: number;
}

export interface MeasurementOptions {
  collection: Collection<MeasureDocument>;
  consumer: () => Pick<StreamConsumer, "node" | "stream">;
  clock: ConsumerClock;
  log: Log;
  limits?: Partial<MeasureLimits>;
}

/** The meters of all streams. Times are ms by this historian's clock. */
export interface Measurement {
  /**
   * Goes on where the kept documents end; what passed since was not watched. To be called first; whoever stands by
   * may call it again, and forgets what it knew.
   * @throws MeasureVersionError when a newer program wrote them
   */
  restore(): Promise<void>;
  /** A reading that came for the first time. Costs well under a microsecond. */
  arrived(arrived: ArrivedReading): void;
  /** A reading came again; `at` by this historian's clock, ms. */
  duplicate(stream: string, at: number): void;
  /** Stored readings that may not be in the kept documents; those that are count once. */
  replayed(stream: string, columns: SampleColumns): void;
  /** Births declare units, types, ranges and intervals; stats tell of numbers that were given. */
  node(node: ConsumerNode, change: NodeChange): void;
  /** What is promised of a stream from now on, known or not; without a term its default holds again. */
  promise(stream: string, promise: Promised): void;
  /** To be called every second. */
  tick(now: number): void;
  /**
   * Sums over the newest `lastMs`: 1, 5, 30 minutes, 1, 6, 24 hours, 3 or 30 days. All 0 of an unknown stream.
   * @throws RangeError of another length
   */
  counts(stream: string, lastMs: number): MeasureCounts;
  /** `undefined` of a stream that is not known. */
  report(stream: string, now: number): Omit<QualityReport, "objectives" | "configuration"> | undefined;
  streams(): Iterable<string>;
  /**
   * Keeps what changed since the last one. Readings that `arrived` was called for before are in it, so that a
   * restart neither counts them again nor takes them for missing.
   * @throws what the store throws; what was not written is written by the next one
   */
  flush(): Promise<void>;
  /** Measures a stream no longer; its document goes with the next flush. */
  forget(stream: string): void;
}
