import { performance } from "node:perf_hooks";

/** The node's two times. Tests put their own in its place. */
export interface Clock {
  /** Wall clock, ms since the epoch: what a reading is stamped with. It may jump. */
  now(): number;
  /** Milliseconds that only grow: whatever is measured or waited for goes by this one. */
  monotonic(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};
