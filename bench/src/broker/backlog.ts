import { setTimeout as wait } from "node:timers/promises";

/** Deliveries that may be outstanding: a fast broker's tenth of a second, and what a slow one works off in some. */
const MOST = 300_000;
/** What has not come after this long without any other coming was lost. */
const LOST_AFTER_MS = 1_000;
const LOOK_MS = 1;

/**
 * Keeps publishers from filling the buffers of the kernel on both sides with more than a broker can work off in the
 * time of a run: 64 connections hold hundreds of megabytes.
 */
export class Backlog {
  readonly #delivered: () => number;
  #expected = 0;
  #lost = 0;

  /** @param delivered how many messages have come so far, over all subscribers */
  constructor(delivered: () => number) {
    this.#delivered = delivered;
  }

  /** So many more deliveries are due. */
  add(deliveries: number): void {
    this.#expected += deliveries;
  }

  /** Resolves when there is room, or the time is over. */
  async room(until: number): Promise<void> {
    let before = this.#delivered();
    let movedAt = performance.now();
    while (this.#expected - this.#lost - before > MOST && performance.now() < until) {
      await wait(LOOK_MS);
      const present = this.#delivered();
      if (present !== before) movedAt = performance.now();
      else if (performance.now() - movedAt > LOST_AFTER_MS) this.#lost = this.#expected - present;
      before = present;
    }
  }
}
