import type { Severity } from "./messages.js";

/** The stretches of time, up to now, over which every stream is measured. */
export const QUALITY_WINDOWS = ["1m", "1h", "24h", "30d"] as const;
export type QualityWindow = (typeof QUALITY_WINDOWS)[number];
export const QUALITY_WINDOW_MS: Readonly<Record<QualityWindow, number>> = {
  "1m": 60_000,
  "1h": 3_600_000,
  "24h": 86_400_000,
  "30d": 2_592_000_000,
};

/** What was measured of one stream over one window. Shares are 0 to 1; `null` where there was nothing to measure. */
export interface WindowQuality {
  /** How much of the window the historian has watched the stream, ms; less than the window while it is young. */
  observedMs: number;
  /** Numbers that the node gave in this window: received + what is held, dropped or missing of them. 0 without accounting. */
  expected: number;
  /** Readings that came, late ones included, each counted once. */
  received: number;
  /** received / expected. */
  completeness: number | null;
  /** Share of the received within the declared unit, type and range. */
  validity: number | null;
  /** Of those not valid: by what they broke. */
  invalidBy: Partial<Record<"unit" | "type" | "range", number>>;
  /** Share of the observed time in which the newest good reading was younger than the promise. */
  availability: number | null;
  /** From the reading of the sensor to its arrival, ms, the node's clock error taken out. */
  timeliness: { p50: number; p95: number; p99: number } | null;
  /** Received per second of the time that was observed or that readings came of. */
  rate: number | null;
  duplicates: number;
  outOfOrder: number;
  /** Of quality bad, and by their reason (at most 8 apart, the others as `other`). */
  bad: number;
  badBy: Record<string, number>;
}

/** What can be promised of a stream. */
export const MEASURES = ["availability", "completeness", "validity", "timeliness"] as const;
export type Measure = (typeof MEASURES)[number];

/** How one promise stands. */
export interface ObjectiveReport {
  /** `slo-availability`…: the rule of its alarms on `mesh/alarm/{stream}/{rule}`. */
  id: string;
  measure: Measure;
  /** Share that is promised, 0 to 1: of time, of readings, of readings that came within `withinMs`. */
  target: number;
  /** Of `availability`: how old the newest good reading may be. Of `timeliness`: how late one may come. */
  withinMs?: number;
  window: QualityWindow;
  /** Share that was kept; `null` when nothing was measured: that is never a pass. */
  actual: number | null;
  /** Share of the error budget (1 - target) that is left; below 0 when it is overspent. `null` as `actual`. */
  budgetLeft: number | null;
  /** Error rate over the window divided by (1 - target): 1 spends exactly the budget. Widest pair that matters. */
  burn: { short: number | null; long: number | null };
  state: "ok" | "burning" | "exhausted" | "unknown";
  /** While it burns: of its alarm. */
  severity?: Severity;
}

/** Retained on `mesh/quality/{stream}`. */
export interface QualityReport {
  stream: string;
  /** When this was measured, ms. */
  timestamp: number;
  freshness: {
    /** Time of the newest good reading, ms. */
    at: number | null;
    ageMs: number | null;
    /** The promise; 0 where none is made. */
    withinMs: number;
    fresh: boolean;
  };
  /** Node clock minus historian clock; `off` when by more than 2 s. `null` while it was not measured. */
  clock: { offsetMs: number; off: boolean } | null;
  windows: Record<QualityWindow, WindowQuality>;
  objectives: ObjectiveReport[];
  /** Version of the configuration document that the promises are of. */
  configuration: number;
  /** The data product that promises them, where one does, and the version of its contract. */
  product?: string;
  productVersion?: string;
}

/**
 * What became of readings that did not come when they should.
 * - `late`: they were held by the node and came.
 * - `recovered`: they were lost on the way, asked for and sent again.
 * - `dropped`: the node gave them up, `cause` says why.
 * - `held`: the node still holds them.
 * - `node-down`: the node was not running, and nothing was read.
 * - `unknown`: nobody can tell (yet).
 */
export type LossExplanation = "late" | "recovered" | "dropped" | "held" | "node-down" | "unknown";

/** One gap of a stream. */
export interface LossEntry {
  id: string;
  stream: string;
  boot: number;
  /** Sequence numbers, closed; of `node-down` both 0. */
  from: number;
  to: number;
  /** Readings of this entry; of `node-down` 0. */
  count: number;
  /** When they were (or are taken to have been) read, ms. `toAt` is `null` while it goes on. */
  fromAt: number;
  toAt: number | null;
  explanation: LossExplanation;
  /** In a word: `broker-unreachable`, `historian-away`, `lost-at-broker`, `expired`, `full`, `disk`… */
  cause?: string;
  /** Still open: may yet come or change. */
  open: boolean;
  /** When the first and the last of them came, ms. */
  came?: [first: number, last: number];
}
