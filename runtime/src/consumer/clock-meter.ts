import type { ConsumerClock } from "./clock.js";
import type { NodeRecord } from "./node-record.js";
import { timeResult } from "./results.js";

/** A clock drifts by some ms in this time. */
const EVERY_MS = 5 * 60_000;
/** At first more often, so that a request that a busy network delayed does not stand for long. */
const SETTLING_MS = 15_000;
const SETTLING_SAMPLES = 3;
/** A node that did not answer is asked again after this long. */
const RETRY_MS = 30_000;
/** A live reading that is further than this from the time it should have says that a clock was set. */
const STRAY_MS = 10_000;
const MAX_AT_ONCE = 16;

interface Schedule {
  /** By the monotonic clock, ms. */
  next: number;
  samples: number;
}

export interface ClockMeterOptions {
  clock: ConsumerClock;
  /** Sends `time` and resolves with the reply's result. */
  ask: (record: NodeRecord) => Promise<unknown>;
  onMeasured: (record: NodeRecord) => void;
  onFailed: (record: NodeRecord, error: unknown) => void;
}

/** Measures the nodes' clocks: when a node connects, every few minutes, and when its readings stray. */
export class ClockMeter {
  readonly #options: ClockMeterOptions;
  readonly #schedules = new Map<NodeRecord, Schedule>();
  readonly #asking = new Set<NodeRecord>();

  constructor(options: ClockMeterOptions) {
    this.#options = options;
  }

  /** The node connected anew: its clock is measured soon. */
  due(record: NodeRecord): void {
    this.#schedules.set(record, { next: this.#options.clock.monotonic(), samples: 0 });
  }

  forget(record: NodeRecord): void {
    this.#schedules.delete(record);
  }

  /** A live reading came: was a clock set since it was measured? */
  check(record: NodeRecord, timestamp: number, now: number): void {
    const { clockOffset } = record;
    if (clockOffset === undefined || this.#asking.has(record)) return;
    if (Math.abs(timestamp - now - clockOffset.offsetMs) < STRAY_MS) return;
    const schedule = this.#schedules.get(record);
    const soon = this.#options.clock.monotonic() + STRAY_MS;
    if (schedule !== undefined && schedule.next > soon) schedule.next = soon;
  }

  /** Measures what is due; to be called a few times a second. */
  tick(records: Iterable<NodeRecord>, reachable: (record: NodeRecord) => boolean): void {
    const now = this.#options.clock.monotonic();
    for (const record of records) {
      if (this.#asking.size >= MAX_AT_ONCE) return;
      if (this.#asking.has(record) || !reachable(record)) continue;
      const schedule = this.#schedules.get(record) ?? { next: now, samples: 0 };
      this.#schedules.set(record, schedule);
      if (now < schedule.next) continue;
      this.#asking.add(record);
      this.#measure(record, schedule)
        .catch((error: unknown) => {
          schedule.next = this.#options.clock.monotonic() + RETRY_MS;
          this.#options.onFailed(record, error);
        })
        .finally(() => this.#asking.delete(record));
    }
  }

  async #measure(record: NodeRecord, schedule: Schedule): Promise<void> {
    const { clock } = this.#options;
    const askedAt = clock.now();
    const asked = clock.monotonic();
    const { receivedAt, sentAt } = timeResult(await this.#options.ask(record));
    // Our own clock may be set in between: the time that passed is told by the one that cannot be.
    const answeredAt = askedAt + (clock.monotonic() - asked);
    record.takeExchange({ askedAt, receivedAt, sentAt, answeredAt });
    schedule.samples++;
    schedule.next = clock.monotonic() + (schedule.samples < SETTLING_SAMPLES ? SETTLING_MS : EVERY_MS);
    this.#options.onMeasured(record);
  }
}
