import { setTimeout as wait } from "node:timers/promises";

/** Deliveries that may be outstanding in any case. */
const LEAST = 100_000;
/** What has not come after this long without any other coming was lost. */
const LOST_AFTER_MS = 1_000;
const LOOK_MS = 1;

/**
 * Keeps publishers from filling the buffers of the kernel on both sides, which hold hundreds of megabytes for 64
 * connections: no more may be outstanding than has been delivered, so what is left takes no longer than the run did.
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
    while (this.#expected - this.#lost - before > Math.max(LEAST, before) && performance.now() < until) {
      await wait(LOOK_MS);
      const present = this.#delivered();
      if (present !== before) movedAt = performance.now();
      else if (performance.now() - movedAt > LOST_AFTER_MS) this.#lost = this.#expected - present;
      before = present;
    }
  }
}
