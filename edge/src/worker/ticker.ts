import type { Clock } from "../clock.js";

/**
 * Calls `onTick` at once and then at start + n * interval of the monotonic clock: what a tick costs does not
 * add up. A tick that could not be kept (the thread was busy past it) is left out and counted, never made up for.
 */
export class Ticker {
  readonly #onTick: () => void;
  readonly #clock: Pick<Clock, "monotonic">;
  #timer: NodeJS.Timeout | undefined;
  #intervalMs = 0;
  #dueMs = 0;
  #skipped = 0;

  constructor(onTick: () => void, clock: Pick<Clock, "monotonic">) {
    this.#onTick = onTick;
    this.#clock = clock;
  }

  /** Ticks left out since the start. */
  get skipped(): number {
    return this.#skipped;
  }

  start(intervalMs: number): void {
    this.#intervalMs = intervalMs;
    this.#dueMs = this.#clock.monotonic();
    this.#arm();
  }

  /** The next tick comes one new interval after the last one, or at once when that has passed. */
  setInterval(intervalMs: number): void {
    const lastMs = this.#dueMs - this.#intervalMs;
    this.#intervalMs = intervalMs;
    this.#dueMs = Math.max(lastMs + intervalMs, this.#clock.monotonic());
    this.#arm();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#tick, Math.max(0, this.#dueMs - this.#clock.monotonic()));
  }

  readonly #tick = (): void => {
    // Timers round down to whole ms and may fire a part of one early: that is still this tick.
    const passed = Math.max(0, Math.floor((this.#clock.monotonic() - this.#dueMs) / this.#intervalMs));
    this.#skipped += passed;
    this.#dueMs += (passed + 1) * this.#intervalMs;
    this.#arm();
    this.#onTick();
  };
}
