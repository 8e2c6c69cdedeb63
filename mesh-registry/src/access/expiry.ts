import type { Log } from "@fieldmesh/runtime";
import type { Subscriptions } from "../store/subscriptions.js";

export interface ExpiryOptions {
  subscriptions: Pick<Subscriptions, "expire" | "onChange" | "approved">;
  /** ms since the epoch. */
  clock: () => number;
  log: Log;
}

/** A clock that is set, and a machine that slept, are noticed within this. */
const LONGEST_MS = 30_000;
/** After a store that failed. */
const AGAIN_MS = 5_000;

/**
 * Ends subscriptions when their time has come. Decisions go by the clock themselves; this writes it down, and so
 * closes the broker's door. One timer for all, set to the next end.
 */
export class Expiry {
  readonly #subscriptions: ExpiryOptions["subscriptions"];
  readonly #clock: () => number;
  readonly #log: Log;
  /** Ends before this are looked for when the timer strikes; ms since the epoch. */
  #next = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #stop: (() => void) | undefined;
  #closed = false;

  constructor({ subscriptions, clock, log }: ExpiryOptions) {
    this.#subscriptions = subscriptions;
    this.#clock = clock;
    this.#log = log;
  }

  /** Ends what came to its end while nobody was here, then what does from now on. */
  async start(): Promise<void> {
    this.#stop = this.#subscriptions.onChange(({ state, expiresAt }) => {
      if (state !== "approved" || expiresAt === undefined || expiresAt >= this.#next) return;
      this.#next = expiresAt;
      this.#schedule();
    });
    await this.strike();
  }

  /** Ends all whose time has come, and waits for the next. */
  strike(): Promise<void> {
    this.#running = this.#running.then(() => this.#endDue());
    return this.#running;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stop?.();
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #endDue(): Promise<void> {
    if (this.#closed) return;
    const now = this.#clock();
    this.#next = Number.POSITIVE_INFINITY;
    const due: string[] = [];
    for (const { id, expiresAt } of this.#subscriptions.approved()) {
      if (expiresAt === undefined) continue;
      if (expiresAt <= now) due.push(id);
      else this.#next = Math.min(this.#next, expiresAt);
    }
    const ended = await Promise.allSettled(due.map((id) => this.#subscriptions.expire(id)));
    const failed = ended.find((each) => each.status === "rejected");
    if (failed !== undefined) {
      this.#log.error(
        { err: failed.reason, count: due.length },
        "subscriptions could not be ended: tries again",
      );
      this.#next = Math.min(this.#next, now + AGAIN_MS);
    }
    this.#schedule();
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#closed || this.#next === Number.POSITIVE_INFINITY) return;
    const waitMs = Math.min(Math.max(this.#next - this.#clock(), 0), LONGEST_MS);
    this.#timer = setTimeout(() => void this.strike(), waitMs).unref();
  }
}
