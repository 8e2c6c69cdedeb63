import { CLOCK_OFF_MS, delayInRetrospect } from "./reading-time.js";

/** Readings of one node that may wait; at 100 a second some seconds, and a clock is measured within a few. */
const MAX_WAITING = 256;
/** A node that was asked does not take longer to answer, ms. */
const MAX_WAIT_MS = 60_000;

/** Takes a delay that has become known, of a reading that was counted at `at`. */
interface Timed {
  delay(at: number, delayMs: number): void;
}

/**
 * What was measured of a node's clock, and the readings whose delay waits for the next measurement. What waits too
 * long, or is too much, stays without a delay.
 */
export class NodeClock {
  #offsetMs: number | undefined;
  #waiting: { meter: Timed; timestamp: number; at: number; arrivedAt: number }[] = [];

  /** Node clock minus ours, ms; `undefined` while it was not measured. */
  get offsetMs(): number | undefined {
    return this.#offsetMs;
  }

  get measured(): boolean {
    return this.#offsetMs !== undefined;
  }

  /** For the reports. */
  get report(): { offsetMs: number; off: boolean } | null {
    if (this.#offsetMs === undefined) return null;
    return { offsetMs: Math.round(this.#offsetMs), off: Math.abs(this.#offsetMs) > CLOCK_OFF_MS };
  }

  wait(meter: Timed, timestamp: number, at: number, arrivedAt: number): void {
    if (this.#waiting.length < MAX_WAITING) this.#waiting.push({ meter, timestamp, at, arrivedAt });
  }

  /** The clock was measured: the delays that waited for it are told. */
  measure(offsetMs: number): void {
    this.#offsetMs = offsetMs;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { meter, timestamp, at, arrivedAt } of waiting) {
      const delayMs = delayInRetrospect(timestamp - offsetMs, at, arrivedAt);
      if (delayMs !== undefined) meter.delay(at, delayMs);
    }
  }

  tick(now: number): void {
    const oldest = this.#waiting[0];
    if (oldest === undefined || now - oldest.arrivedAt < MAX_WAIT_MS) return;
    this.#waiting = this.#waiting.filter(({ arrivedAt }) => now - arrivedAt < MAX_WAIT_MS);
  }
}
