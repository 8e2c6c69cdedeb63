/** A consumer's two times, ms. */
export interface ConsumerClock {
  /** Since the Unix epoch; may jump. */
  now(): number;
  /** Only grows: what is waited for goes by this one. */
  monotonic(): number;
}

export const systemClock: ConsumerClock = { now: () => Date.now(), monotonic: () => performance.now() };
