import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../clock.js";

/** Lets `perSecond` pass, evenly: bursts of at most a tenth of a second's worth. */
export class Rate {
  readonly #perSecond: number;
  readonly #clock: Clock;
  #free: number;
  #at: number;
  #turn: Promise<void> = Promise.resolve();

  constructor(perSecond: number, clock: Clock) {
    this.#perSecond = perSecond;
    this.#clock = clock;
    this.#free = this.#burst;
    this.#at = clock.monotonic();
  }

  get #burst(): number {
    return Math.max(1, this.#perSecond / 10);
  }

  /** Resolves when the next one may pass. Callers take turns in the order in which they asked. */
  take(): Promise<void> {
    this.#turn = this.#turn.then(() => this.#wait());
    return this.#turn;
  }

  async #wait(): Promise<void> {
    this.#refill();
    while (this.#free < 1) {
      await sleep(Math.ceil(((1 - this.#free) / this.#perSecond) * 1_000));
      this.#refill();
    }
    this.#free -= 1;
  }

  #refill(): void {
    const now = this.#clock.monotonic();
    this.#free = Math.min(this.#burst, this.#free + ((now - this.#at) / 1_000) * this.#perSecond);
    this.#at = now;
  }
}
