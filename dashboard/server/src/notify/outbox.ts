import { type Log, wait } from "@fieldmesh/runtime";
import type { Table } from "../store/write-behind.js";
import { type Channel, ChannelError } from "./channel.js";
import type { Notification } from "./notification.js";

/** A notification that waits for its channel; kept on disk until it was taken. */
export interface Waiting {
  channel: string;
  notification: Notification;
  queuedAt: number;
  attempts: number;
}

export interface OutboxOptions {
  name: string;
  channel: Channel;
  table: Table<Waiting>;
  /** Resolves when what was put into the table is safe. */
  flushed: () => Promise<void>;
  clock: () => number;
  log: Log;
  /** The counters changed. */
  onChange?: () => void;
  /** Wait after the first failure; doubles up to `maxRetryMs`. */
  retryMs?: number;
  maxRetryMs?: number;
  /** Fewer than this between two sends would be a storm on somebody's phone. */
  spacingMs?: number;
  maxWaiting?: number;
}

const DEFAULT_RETRY_MS = 5_000;
const DEFAULT_MAX_RETRY_MS = 600_000;
const DEFAULT_SPACING_MS = 200;
const DEFAULT_MAX_WAITING = 500;
/** When more than so many wait, those that a person is to read go out as one, of at most so many. */
const GROUP_ABOVE = 5;
const MAX_GROUP = 50;
/** A disk that takes longer than this to write some documents is full, or broken. */
const MAX_FLUSH_MS = 2_000;
/** Nobody wants to be woken by the alarm of the day before. */
const GIVE_UP_MS = 86_400_000;

/**
 * The queue before one channel: sends in order, one at a time, tries again with backoff, and survives a
 * restart. Bounded: when it is full the oldest is dropped, counted as failed and named in the log.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  readonly #closing = new AbortController();
  #started = false;
  #sent = 0;
  #failed = 0;
  #lastError: { message: string; at: number } | undefined;
  #lastSentAt: number | undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Takes up what waited before a restart, oldest first. */
  restore(waiting: readonly Waiting[]): void {
    this.#waiting = [...waiting].sort((one, other) => one.queuedAt - other.queuedAt);
  }

  start(): void {
    this.#started = true;
    this.#pump();
  }

  /** Queues one notification; one with the same id that waits already is enough. */
  add(notification: Notification): void {
    if (this.#waiting.some((waiting) => waiting.notification.id === notification.id)) return;
    if (this.#waiting.length >= (this.#options.maxWaiting ?? DEFAULT_MAX_WAITING)) {
      // The first is being sent: the one after it is the oldest that can go.
      const [dropped] = this.#waiting.splice(1, 1);
      if (dropped !== undefined) this.#drop(dropped, "too many notifications wait: the oldest was dropped");
    }
    const waiting: Waiting = {
      channel: this.#options.name,
      notification,
      queuedAt: this.#options.clock(),
      attempts: 0,
    };
    this.#waiting.push(waiting);
    this.#options.table.put(this.#id(notification), waiting);
    this.#options.onChange?.();
    this.#pump();
  }

  /** Sends at once, past the queue: for the test button. @throws ChannelError */
  async sendNow(notification: Notification): Promise<void> {
    try {
      await this.#options.channel.send(notification);
      this.#sentOne();
    } catch (error) {
      this.#note(error);
      throw error;
    }
  }

  get counts(): {
    sent: number;
    failed: number;
    pending: number;
    lastError?: { message: string; at: number };
    lastSentAt?: number;
  } {
    return {
      sent: this.#sent,
      failed: this.#failed,
      pending: this.#waiting.length,
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
      ...(this.#lastSentAt === undefined ? {} : { lastSentAt: this.#lastSentAt }),
    };
  }

  /** Waits for the one that is on its way, so that it is not sent again after the restart. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
    this.#options.channel.close();
  }

  #pump(): void {
    if (!this.#started || this.#running !== undefined || this.#waiting.length === 0) return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    const { clock, channel, table, name, log } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const [waiting] = this.#waiting;
      if (waiting === undefined) return;
      if (clock() - waiting.queuedAt > GIVE_UP_MS) {
        this.#waiting.shift();
        this.#drop(waiting, "not taken for a day: given up");
        continue;
      }
      // On disk first: killed between the two, it is sent again rather than never. A full disk holds nobody up.
      await this.#flushed();
      if (signal.aborted) return;
      const group = this.#nextGroup(waiting);
      const notifications = group.map(({ notification }) => notification);
      try {
        if (group.length === 1) await channel.send(waiting.notification);
        else await channel.sendGroup?.(notifications);
        this.#waiting = this.#waiting.filter((one) => !group.includes(one));
        for (const notification of notifications) {
          table.delete(this.#id(notification));
          log.info({ channel: name, notification: notification.id }, "notification sent");
          this.#sentOne();
        }
        await wait(this.#options.spacingMs ?? DEFAULT_SPACING_MS, this.#closing.signal);
      } catch (error) {
        waiting.attempts += 1;
        table.put(this.#id(waiting.notification), { ...waiting });
        this.#note(error);
        const retryMs = this.#backoffMs(waiting.attempts, error);
        log.warn(
          { channel: name, err: error, attempts: waiting.attempts, retryMs },
          "notification not taken",
        );
        await wait(retryMs, this.#closing.signal);
      }
    }
  }

  /** Resolves when what was noted is on disk, or a full disk has had its time. */
  async #flushed(): Promise<void> {
    const over = new AbortController();
    const signal = AbortSignal.any([this.#closing.signal, over.signal]);
    await Promise.race([this.#options.flushed(), wait(MAX_FLUSH_MS, signal)]);
    over.abort(); // a wait that nobody needs any more would keep its timer
  }

  /** Those that go out next, in one: more than one when many wait and the channel can. */
  #nextGroup(first: Waiting): Waiting[] {
    const groups = this.#options.channel.sendGroup !== undefined && this.#waiting.length > GROUP_ABOVE;
    return groups ? this.#waiting.slice(0, MAX_GROUP) : [first];
  }

  #backoffMs(attempts: number, error: unknown): number {
    const first = this.#options.retryMs ?? DEFAULT_RETRY_MS;
    const most = this.#options.maxRetryMs ?? DEFAULT_MAX_RETRY_MS;
    const backoff = Math.min(first * 2 ** Math.min(attempts - 1, 20), most);
    const asked = error instanceof ChannelError ? (error.retryAfterMs ?? 0) : 0;
    return Math.max(backoff, asked);
  }

  #sentOne(): void {
    this.#sent += 1;
    this.#lastSentAt = this.#options.clock();
    this.#options.onChange?.();
  }

  #note(error: unknown): void {
    this.#failed += 1;
    const message = error instanceof Error ? error.message : String(error);
    this.#lastError = { message, at: this.#options.clock() };
    this.#options.onChange?.();
  }

  #drop(dropped: Waiting, why: string): void {
    this.#failed += 1;
    this.#lastError = { message: why, at: this.#options.clock() };
    this.#options.table.delete(this.#id(dropped.notification));
    this.#options.log.error({ channel: this.#options.name, notification: dropped.notification.id }, why);
  }

  #id(notification: Notification): string {
    return `${this.#options.name} ${notification.id}`;
  }
}
