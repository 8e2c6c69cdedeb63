import type { QualityWindow } from "@fieldmesh/protocol";

/** Time cut into buckets of one length, of which the newest `slots` are kept. */
export interface Tier {
  readonly bucketMs: number;
  readonly slots: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/**
 * What is counted is counted in four tiers at once, each of which holds one window of the reports. A window is
 * the bucket that now is in and as many full ones before it: it slides by its bucket and is at most that much
 * shorter than its name, never longer. 336 buckets a stream, whatever its rate.
 */
export const COUNT_TIERS: readonly Tier[] = [
  { bucketMs: 1_000, slots: 60 },
  { bucketMs: MINUTE_MS, slots: 60 },
  { bucketMs: 15 * MINUTE_MS, slots: 96 },
  { bucketMs: 6 * HOUR_MS, slots: 120 },
];

/**
 * Delays are kept as histograms, which cost more than counters: coarser slices of the same four windows. 30 of
 * them a stream.
 */
export const DELAY_TIERS: readonly Tier[] = [
  { bucketMs: 10_000, slots: 6 },
  { bucketMs: 10 * MINUTE_MS, slots: 6 },
  { bucketMs: 3 * HOUR_MS, slots: 8 },
  { bucketMs: 3 * DAY_MS, slots: 10 },
];

/** The tier, of either kind, that holds a window of the reports. */
export const TIER_OF: Readonly<Record<QualityWindow, number>> = { "1m": 0, "1h": 1, "24h": 2, "30d": 3 };

/** A window that can be counted: the newest `slots` buckets of a tier. */
export interface CountWindow {
  readonly tier: number;
  readonly slots: number;
}

/** By length in ms: the windows of the reports and those that burn rates are told over. */
export const COUNT_WINDOWS: ReadonlyMap<number, CountWindow> = new Map([
  [MINUTE_MS, { tier: 0, slots: 60 }],
  [5 * MINUTE_MS, { tier: 1, slots: 5 }],
  [30 * MINUTE_MS, { tier: 1, slots: 30 }],
  [HOUR_MS, { tier: 1, slots: 60 }],
  [6 * HOUR_MS, { tier: 2, slots: 24 }],
  [DAY_MS, { tier: 2, slots: 96 }],
  [3 * DAY_MS, { tier: 3, slots: 12 }],
  [30 * DAY_MS, { tier: 3, slots: 120 }],
]);
