import type { Sample } from "@fieldmesh/storage";
import type { Batch, NamedRanges } from "./batch.js";
import {
  DEFAULT_LIMITS,
  type DropCause,
  type IngestCounts,
  type IngestLimits,
  type IngestOptions,
} from "./ingest-options.js";
import { MemoryQueue, type Waiting } from "./memory-queue.js";
import { ReadingNames } from "./reading-names.js";
import { storeBatch } from "./store-batch.js";

const FIRST_RETRY_MS = 250;
/** Takes over within this time of the store's return. */
const MAX_RETRY_MS = 5_000;
const FULL_LOG_MS = 60_000;

/**
 * The way of readings into the store: first in, first out. What waits is in memory, its older part on disk when the
 * store is slow or away, and past the bounds of both the oldest is given up by name.
 */
export class Ingest {
  readonly #options: IngestOptions;
  readonly #limits: IngestLimits;
  /** Younger than all of the spill. */
  readonly #memory: MemoryQueue;
  #received = 0;
  #stored = 0;
  #duplicates = 0;
  readonly #dropped: Record<DropCause, number> = { "historian-full": 0, refused: 0 };
  /** What is being stored out of memory. */
  #storing: Waiting | undefined;
  #spilling: Promise<void> | undefined;
  /** Everything in memory goes to disk, not only what is above the mark. */
  #spillAll = false;
  /** Everything waiting goes to the store, however young. */
  #flushAll = false;
  #failures = 0;
  #failedWith: Error | undefined;
  #retryAt = 0;
  #spillFailing = false;
  #fullLoggedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #wakeAt = 0;
  #running: Promise<void> | undefined;
  #safeWaiters: { position: number; resolve: () => void }[] = [];
  #closed = false;

  constructor(options: IngestOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#memory = new MemoryQueue(this.#limits.batchReadings);
  }

  /** Begins with what waits on disk. */
  start(): void {
    if (!this.#options.spill.empty) this.#wake(0);
  }

  push(stream: string, sample: Sample): void {
    this.#received += 1;
    const { began, filled } = this.#memory.push(stream, sample, this.#options.monotonic);
    if (filled) {
      this.#wake(0);
      if (this.#memory.readings > this.#limits.spillReadings) this.#spill();
    } else if (began) this.#wake(this.#limits.flushMs);
  }

  /** Why the store does not take readings; undefined while it does. */
  get failure(): Error | undefined {
    return this.#failedWith;
  }

  /** Neither the store nor the disk takes readings. */
  get stuck(): boolean {
    return this.#failedWith !== undefined && this.#spillFailing;
  }

  /**
   * Resolves when everything that came until now is stored, on disk, or given up by name: as soon as store or disk
   * allow it. Rejects when this is closed and they did not.
   */
  settle(): Promise<void> {
    const position = this.#received;
    if (this.#isSafe(position)) return Promise.resolve();
    if (this.#closed)
      return Promise.reject(new Error(`${this.#memory.readings} readings are in no safe place`));
    const safe = new Promise<void>((resolve) => this.#safeWaiters.push({ position, resolve }));
    this.#flushAll = true;
    if (this.#failedWith === undefined) this.#wake(0);
    else this.#spillEverything();
    return safe;
  }

  counts(): IngestCounts {
    const { spill } = this.#options;
    const spilled = spill.readings;
    const droppedBy: Record<string, number> = {};
    for (const [cause, count] of Object.entries(this.#dropped)) if (count > 0) droppedBy[cause] = count;
    if (spill.damaged > 0) droppedBy["spill-damaged"] = spill.damaged;
    return {
      received: this.#received,
      stored: this.#stored,
      duplicates: this.#duplicates,
      queued: this.#memory.readings + spilled,
      spilled,
      spilledBytes: spill.bytes,
      dropped: Object.values(droppedBy).reduce((sum, count) => sum + count, 0),
      droppedBy,
    };
  }

  /** Stores what waits in memory, or puts it on disk when that takes longer than `limitMs`. */
  async close(limitMs: number): Promise<void> {
    const settled = this.settle();
    const limit = setTimeout(() => this.#spillEverything(), limitMs);
    await Promise.race([settled, delay(2 * limitMs)]);
    clearTimeout(limit);
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#spilling;
    await Promise.race([this.#running ?? Promise.resolve(), delay(limitMs)]);
    if (this.#memory.readings > 0) {
      this.#options.log.error(
        { readings: this.#memory.readings },
        "readings could neither be stored nor put on disk: they are asked for again at the next start",
      );
    }
    await this.#options.spill.close();
  }

  /** Looks after `afterMs` whether something is to be stored. */
  #wake(afterMs: number): void {
    if (this.#closed || this.#running !== undefined) return;
    const now = this.#options.monotonic();
    const at = Math.max(now + afterMs, this.#retryAt);
    if (this.#timer !== undefined && this.#wakeAt <= at) return;
    clearTimeout(this.#timer);
    this.#wakeAt = at;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#running = this.#run().finally(() => {
        this.#running = undefined;
        this.#wakeForNext();
      });
    }, at - now);
  }

  #wakeForNext(): void {
    const { oldest } = this.#memory;
    if (!this.#options.spill.empty || oldest?.sealed === true) this.#wake(0);
    else if (oldest !== undefined)
      this.#wake(Math.max(0, oldest.begunAt + this.#limits.flushMs - this.#options.monotonic()));
  }

  /** Stores until nothing is due. Never rejects. */
  async #run(): Promise<void> {
    try {
      while (!this.#closed && (await this.#storeNext()));
    } catch (error) {
      this.#storing = undefined;
      this.#options.spill.release();
      this.#failed(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Returns whether there may be more. */
  async #storeNext(): Promise<boolean> {
    const { spill } = this.#options;
    if (!spill.empty) {
      const head = await spill.head(this.#limits.batchReadings);
      if (head === undefined) return true;
      await this.#store(head.batch);
      await spill.advance(head.place);
      this.#recovered();
      return true;
    }
    const { oldest } = this.#memory;
    if (oldest === undefined) {
      this.#flushAll = false;
      return false;
    }
    const age = this.#options.monotonic() - oldest.begunAt;
    if (!oldest.sealed && age < this.#limits.flushMs && !this.#flushAll) return false;
    oldest.sealed = true;
    this.#storing = oldest;
    await this.#store(oldest.batch);
    this.#storing = undefined;
    oldest.stored = true;
    if (oldest.place !== undefined) await spill.advance(oldest.place);
    else this.#forget(oldest);
    this.#recovered();
    return true;
  }

  async #store(batch: Batch): Promise<void> {
    await storeBatch(batch, {
      series: this.#options.series,
      onStored: (result) => {
        for (const { stored, duplicates } of result.values()) {
          this.#stored += stored.length;
          this.#duplicates += duplicates;
        }
        this.#options.onStored(result);
      },
      onRefused: (stream, sample, error) => {
        this.#options.log.error({ err: error, stream }, "the store refuses a reading");
        const names = new ReadingNames();
        names.add({ streams: new Map([[stream, [sample]]]) });
        this.#give(names.ranges(), 1, "refused");
      },
    });
  }

  #recovered(): void {
    this.#retryAt = 0;
    if (this.#failedWith === undefined) return;
    this.#options.log.info({ failures: this.#failures }, "the store takes readings again");
    this.#failedWith = undefined;
    this.#failures = 0;
  }

  #failed(error: Error): void {
    this.#failures += 1;
    if (this.#failures === 1) {
      this.#options.log.error(
        { err: error },
        "the store does not take readings: they wait in memory and on disk",
      );
    }
    this.#failedWith = error;
    const waitMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(this.#failures - 1, 10));
    this.#retryAt = this.#options.monotonic() + waitMs;
    if (this.#safeWaiters.length > 0) this.#spillEverything();
  }

  #spillEverything(): void {
    this.#spillAll = true;
    this.#spill();
  }

  #spill(): void {
    this.#spilling ??= this.#spillOldest().finally(() => {
      this.#spilling = undefined;
    });
  }

  /** Moves the oldest in memory to disk while there is too much of it. Never rejects. */
  async #spillOldest(): Promise<void> {
    for (;;) {
      const { oldest } = this.#memory;
      const mark = this.#spillAll ? 0 : this.#limits.spillReadings;
      if (oldest === undefined || this.#memory.readings <= mark) break;
      oldest.sealed = true;
      if (await this.#toSpill(oldest)) continue;
      if (this.#memory.readings <= this.#limits.memoryReadings) break;
      // What is on disk is older; and giving it up may make the room that is missing.
      if (!(await this.#dropOldestSpilled()) && !this.#dropOldest()) break;
    }
    this.#spillAll = false;
  }

  async #toSpill(oldest: Waiting): Promise<boolean> {
    const { spill, log } = this.#options;
    try {
      while (!spill.hasRoomFor(oldest.batch)) if (!(await this.#dropOldestSpilled())) break;
      if (this.#memory.oldest !== oldest) return true; // stored meanwhile
      const place = await spill.append(oldest.batch);
      if (this.#spillFailing) log.info("the disk takes waiting readings again");
      this.#spillFailing = false;
      oldest.place = place;
      this.#forget(oldest);
      if (oldest.stored) await spill.advance(place);
      return true;
    } catch (error) {
      if (!this.#spillFailing) {
        log.error({ err: error }, "the disk does not take waiting readings: they stay in memory");
      }
      this.#spillFailing = true;
      return false;
    }
  }

  /** The last resort, when the disk takes nothing. */
  #dropOldest(): boolean {
    const oldest = this.#memory.oldestBut(this.#storing);
    if (oldest === undefined) return false;
    oldest.sealed = true;
    this.#forget(oldest);
    const names = new ReadingNames();
    names.add(oldest.batch);
    this.#give(names.ranges(), oldest.batch.readings, "historian-full");
    return true;
  }

  async #dropOldestSpilled(): Promise<boolean> {
    try {
      const dropped = await this.#options.spill.dropOldest(this.#storing?.place?.segment);
      if (dropped === undefined) return false;
      this.#give(dropped.names, dropped.readings, "historian-full");
      return true;
    } catch (error) {
      this.#options.log.error({ err: error }, "a file of waiting readings cannot be given up");
      return false;
    }
  }

  #give(names: readonly NamedRanges[], readings: number, cause: DropCause): void {
    this.#dropped[cause] += readings;
    this.#options.onDropped(names, cause);
    const now = this.#options.monotonic();
    if (cause !== "historian-full" || now - this.#fullLoggedAt < FULL_LOG_MS) return;
    this.#fullLoggedAt = now;
    this.#options.log.error(
      { readings: this.#dropped[cause] },
      "memory and disk are full: the oldest waiting readings are given up, by name",
    );
  }

  /** Takes a batch out of memory: it is stored, on disk, or given up. */
  #forget(waiting: Waiting): void {
    this.#memory.forget(waiting);
    this.#safeWaiters = this.#safeWaiters.filter(({ position, resolve }) => {
      if (!this.#isSafe(position)) return true;
      resolve();
      return false;
    });
  }

  /** Memory holds the youngest: everything before it is stored, on disk, or given up. */
  #isSafe(position: number): boolean {
    return position <= this.#received - this.#memory.readings;
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
