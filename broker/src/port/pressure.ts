import type { Limits } from "../limits.js";
import type { Port } from "./port.js";

/** Progress within this says that a reader is reading. */
const RECENT_MS = 100;
/** How long publishers wait for a reader while another one has nothing left to read. */
const MAX_WAIT_MS = 1_000;
/** A queue below this part of the soft mark is as good as empty: its reader waits because of us. */
const STARVED_SHARE = 1 / 8;
/** A reader over its soft mark that has not moved for this long has stopped reading. */
const STALLED_MS = 1_000;
/** How often waiting publishers look again. */
const RETRY_INTERVAL_MS = 5;

export interface PressureEvents {
  /** A reader is past saving: it is to be disconnected. */
  onStalled(reader: Port, reason: string): void;
}

/**
 * What happens when a reader is slower than its publishers. Below the soft mark nothing. Over it, the publishers
 * wait while that reader moves, and as long as every reader of the message is behind and not stalled. When after a
 * second of it another reader starves, that one is served and the slow one's QoS 0 is dropped. At the hard mark, or after a second without
 * any progress, it is disconnected, so that no acknowledged message is dropped for one that stays.
 */
export class Pressure {
  readonly #limits: Limits;
  readonly #events: PressureEvents;
  readonly #waiting = new Set<Port>();
  readonly #over = new Set<Port>();
  /** Readers whose queues will say when they are half empty again. */
  readonly #awaited = new Set<Port>();
  #retrying = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(limits: Limits, events: PressureEvents) {
    this.#limits = limits;
    this.#events = events;
  }

  /** Whether a reader's queue is over its soft mark; remembers since when. */
  isOver(reader: Port): boolean {
    if (reader.outward.bytes <= this.#limits.softQueueBytes) {
      if (reader.overSinceMs !== 0) {
        reader.overSinceMs = 0;
        reader.shedding = false;
        this.#over.delete(reader);
      }
      return false;
    }
    if (reader.overSinceMs === 0) {
      reader.overSinceMs = performance.now();
      this.#over.add(reader);
      this.#await(reader);
      this.#watch();
    }
    return true;
  }

  /** Whether QoS 0 messages are dropped for the reader at present. */
  sheds(reader: Port): boolean {
    return this.isOver(reader) && reader.shedding;
  }

  /** Whether a message for these readers has to wait in its publisher's port. */
  mustWait(readers: readonly Port[]): boolean {
    let over = 0;
    let wait = false;
    let now = 0;
    let allMoving = true;
    let starved = false;
    for (const reader of readers) {
      if (reader.outward.bytes < this.#limits.softQueueBytes * STARVED_SHARE) starved = true;
    }
    for (const reader of readers) {
      if (!this.isOver(reader)) continue;
      if (over++ === 0) now = performance.now();
      const quiet = now - reader.outward.lastProgressMs;
      if (quiet < RECENT_MS && (!starved || now - reader.overSinceMs < MAX_WAIT_MS)) wait = true;
      if (quiet >= STALLED_MS) allMoving = false;
    }
    if (over === 0) return false;
    if (wait || (over === readers.length && allMoving)) return true;
    // From here on the others go ahead of these, until these have caught up.
    for (const reader of readers) reader.shedding = this.isOver(reader);
    return false;
  }

  /** The port is asked again soon. */
  wait(port: Port): void {
    this.#waiting.add(port);
    this.#watch();
  }

  /** Publishers go on when a reader has caught up, not when the timer comes round: a quick one would run dry. */
  #await(reader: Port): void {
    if (this.#awaited.has(reader)) return;
    this.#awaited.add(reader);
    reader.outward.whenBelow(this.#limits.softQueueBytes / 2, () => {
      this.#awaited.delete(reader);
      if (this.#retrying || this.#waiting.size === 0) return;
      this.#retrying = true;
      setImmediate(() => {
        this.#retrying = false;
        this.#retryAll();
      });
    });
  }

  /** A queue reached the hard mark. */
  giveUp(reader: Port): void {
    this.#events.onStalled(reader, `${this.#limits.hardQueueBytes} bytes were waiting for it`);
  }

  forget(port: Port): void {
    this.#waiting.delete(port);
    this.#over.delete(port);
  }

  #watch(): void {
    this.#timer ??= setInterval(() => this.#tick(), RETRY_INTERVAL_MS);
  }

  #tick(): void {
    const now = performance.now();
    for (const reader of Array.from(this.#over)) {
      if (!this.isOver(reader)) continue;
      if (now - reader.outward.lastProgressMs >= STALLED_MS) {
        this.#events.onStalled(reader, `it has read nothing for ${STALLED_MS} ms`);
      }
    }
    this.#retryAll();
    if (this.#waiting.size === 0 && this.#over.size === 0) this.close();
  }

  #retryAll(): void {
    const waiting = Array.from(this.#waiting); // a port that has to wait again comes back in
    this.#waiting.clear();
    for (const port of waiting) port.retry();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
