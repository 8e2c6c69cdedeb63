import { randomUUID } from "node:crypto";
import { setTimeout as setTimer } from "node:timers/promises";
import type { Collection, Stored } from "./collection.js";
import { IdTakenError } from "./errors.js";

/** Who writes. */
export interface LeaseDocument {
  /** For people: `historian on host-1, pid 4711`. */
  holder: string;
  /** Names this taking of the lease; two holders of one name are told apart by it. */
  token: string;
  /** When it was taken, ms by the holder's clock: for people, nothing goes by it. */
  since: number;
  /** It was given back. */
  released?: boolean;
}

export interface LeaseClock {
  /** Ms since the epoch; may jump. */
  now(): number;
  /** Ms; only grows: all that is decided goes by this one. */
  monotonic(): number;
}

export interface LeaseOptions {
  collection: Collection<LeaseDocument>;
  /** Id of the document: what is held. */
  name: string;
  /** Who asks, for people. */
  holder: string;
  /** After so long without a sign of life another may take it. */
  ttlMs?: number;
  clock: LeaseClock;
  log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
  /** It was held, could not be renewed in time, and another has it now. It is not asked for again. */
  onLost: (by: string) => void;
  /** Waits; rejects when the signal is aborted. For tests. */
  wait?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/** Leave to be the one writer. */
export interface Lease {
  /**
   * Whether this process may write now. False while it stands by, and also as soon as it has not renewed for too
   * long (store away, process paused): before another can have taken it.
   */
  readonly held: boolean;
  /** Who has it, as far as is known; may be this one. */
  readonly holder: string | undefined;
  /** Resolves when it is held: at once, when it is now. Never after it was lost or released. */
  readonly whenHeld: Promise<void>;
  /** Gives it back, so that another can have it at once. */
  release(): Promise<void>;
}

const DEFAULT_TTL_MS = 10_000;
/** Of the time to live: how often the holder renews, and others look. */
const RENEW = 0.2;
const LOOK = 0.1;
/** Of the time to live, since the last renewal was begun: the holder stops before others may begin. */
const SURE = 0.8;

/**
 * Asks for a lease, and goes on asking until it is released: a document that its holder replaces again and again.
 * Another takes it when by its own clock the version has not changed for the time to live, so that clocks that
 * disagree do no harm. With the default it takes over within 12 s of the holder's death.
 */
export function acquireLease(options: LeaseOptions): Lease {
  const lease = new StoreLease(options);
  lease.start();
  return lease;
}

class StoreLease implements Lease {
  readonly #options: LeaseOptions;
  readonly #ttlMs: number;
  readonly #token = randomUUID();
  readonly #stop = new AbortController();
  readonly #waiters: (() => void)[] = [];
  /** Version of the document that is ours. */
  #version: number | undefined;
  /** When the renewal that succeeded last was begun, by the monotonic clock. */
  #renewedAt = Number.NEGATIVE_INFINITY;
  /** What another holds, and since when it is so by our clock. */
  #seen: { version: number; at: number } | undefined;
  #holder: string | undefined;
  #lost = false;
  #running: Promise<void> = Promise.resolve();

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#ttlMs = options.ttlMs ?? DEFAULT_TTL_MS;
  }

  get held(): boolean {
    const age = this.#options.clock.monotonic() - this.#renewedAt;
    return this.#version !== undefined && !this.#stop.signal.aborted && age < this.#ttlMs * SURE;
  }

  get holder(): string | undefined {
    return this.#holder;
  }

  get whenHeld(): Promise<void> {
    if (this.held) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  start(): void {
    this.#running = this.#run();
  }

  async release(): Promise<void> {
    const version = this.#version;
    this.#stop.abort();
    await this.#running;
    if (version === undefined) return;
    const { collection, name, log } = this.#options;
    try {
      // A renewal may have come between.
      await collection.replaceIf(name, this.#version ?? version, { ...this.#document(), released: true });
    } catch (error) {
      log.warn(
        { err: error, lease: name },
        "lease not given back: another can have it when its time is over",
      );
    }
  }

  async #run(): Promise<void> {
    const { log, name, wait = sleep } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted && !this.#lost) {
      try {
        if (this.#version === undefined) await this.#ask();
        else await this.#renew();
      } catch (error) {
        // What was seen before the store went away says nothing of whether its holder lives.
        this.#seen = undefined;
        log.warn({ err: error, lease: name, held: this.held }, "lease not renewed");
      }
      const every = this.#version === undefined ? LOOK : RENEW;
      await wait(this.#ttlMs * every, signal).catch(() => {}); // released meanwhile
    }
  }

  async #ask(): Promise<void> {
    const { collection, name, clock } = this.#options;
    const begun = clock.monotonic();
    const current = await collection.get(name);
    if (current === undefined) {
      this.#taken(await this.#insert(), begun);
    } else if (current.document.token === this.#token) {
      // A write of ours of which the answer was lost: it is ours when it is renewed.
      this.#taken(await collection.replaceIf(name, current.version, this.#document()), begun);
    } else if (current.document.released === true || this.#isOver(current)) {
      this.#taken(await collection.replaceIf(name, current.version, this.#document()), begun);
    }
  }

  async #insert(): Promise<Stored<LeaseDocument> | undefined> {
    try {
      return await this.#options.collection.insert(this.#options.name, this.#document());
    } catch (error) {
      if (error instanceof IdTakenError) return undefined;
      throw error;
    }
  }

  /** Whether its holder has given no sign of life for the time to live, by our clock. */
  #isOver({ version, document }: Stored<LeaseDocument>): boolean {
    const { clock, log, name } = this.#options;
    const now = clock.monotonic();
    if (this.#seen?.version !== version) {
      this.#seen = { version, at: now };
      if (this.#holder !== document.holder) {
        this.#holder = document.holder;
        log.info({ lease: name, holder: document.holder }, "standing by: another has the lease");
      }
      return false;
    }
    return now - this.#seen.at >= this.#ttlMs;
  }

  async #renew(): Promise<void> {
    const { collection, name, clock } = this.#options;
    const begun = clock.monotonic();
    const renewed = await collection.replaceIf(name, this.#version ?? 0, this.#document());
    if (renewed !== undefined) {
      this.#taken(renewed, begun);
      return;
    }
    const current = await collection.get(name);
    if (current?.document.token === this.#token) {
      this.#version = current.version; // an answer was lost; the next turn renews it
      await this.#renew();
      return;
    }
    this.#lose(current?.document.holder ?? "nobody");
  }

  #taken(stored: Stored<LeaseDocument> | undefined, begun: number): void {
    if (stored === undefined) return;
    const { log, name, holder } = this.#options;
    if (this.#version === undefined) log.info({ lease: name, holder }, "lease taken");
    this.#version = stored.version;
    this.#renewedAt = begun;
    this.#holder = holder;
    this.#seen = undefined;
    if (this.held) for (const waiter of this.#waiters.splice(0)) waiter();
  }

  #lose(by: string): void {
    const { log, name, onLost } = this.#options;
    this.#version = undefined;
    this.#lost = true;
    this.#holder = by;
    log.warn({ lease: name, holder: by }, "lease lost: another took it while it could not be renewed");
    onLost(by);
  }

  #document(): LeaseDocument {
    const { holder, clock } = this.#options;
    return { holder, token: this.#token, since: clock.now() };
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<unknown> {
  return setTimer(ms, undefined, { signal });
}
