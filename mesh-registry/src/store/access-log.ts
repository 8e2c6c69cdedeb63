import type { Log } from "@fieldmesh/runtime";
import { type Collection, type Page, upsert } from "@fieldmesh/storage";
import { type AccessEntry, MAX_REASON } from "../resources/access-log.js";
import type { Subscription } from "../resources/subscription.js";
import type { Table } from "./table.js";

/** How often a product is read, and by whom. */
export interface Usage {
  product: string;
  reads: number;
  /** ms since the epoch. */
  lastAt: number;
  /** The ones that read it last. */
  consumers: { name: string; reads: number; lastAt: number }[];
}

/** What is told to the log. */
export interface AccessTold extends Omit<AccessEntry, "at" | "lastAt" | "count"> {
  /** ms since the epoch; now, when not said. */
  at?: number | undefined;
  /** So many of the same. */
  count?: number | undefined;
}

export interface AccessPage {
  items: AccessEntry[];
  total: number;
  next?: string;
}

export interface AccessQuery {
  product?: string | undefined;
  allowed?: boolean | undefined;
  after?: string | undefined;
  limit: number;
}

/** Who did what with which product, and who was kept from it. */
export interface AccessLog {
  /** Returns at once what it is kept as; it is on the medium within a second. */
  record(access: AccessTold): AccessEntry;
  /** Newest first. @throws QueryError when `after` is no cursor of this list */
  list(query: AccessQuery): Promise<AccessPage>;
  /** Of every product that was ever read. */
  usage(): Iterable<Usage>;
  /** What could not be kept, since the start: too much came at once. */
  readonly dropped: number;
  close(): Promise<void>;
}

/** The same within this time is one entry. */
const WINDOW_MS = 60_000;
/** What is in memory only for at most so long. */
const FLUSH_MS = 1_000;
/** After a store that failed. */
const AGAIN_MS = 5_000;
const WRITTEN_AT_ONCE = 500;
/** Entries that wait or may still grow; past it what was allowed is dropped, and past twice as many all. */
const MAX_OPEN = 10_000;
/** Older ones go. */
const KEPT_MS = 90 * 86_400_000;
const PRUNE_MS = 3_600_000; // an hour
const PRUNED_AT_ONCE = 500;
/** A clock that is wrong does not put an entry where nobody looks for it. */
const OLDEST_TOLD_MS = 7 * 86_400_000;
const MAX_CONSUMERS = 100;

interface Open {
  id: string;
  entry: AccessEntry;
  /** In the store, as it was. */
  isKept: boolean;
  dirty: boolean;
}

export interface AccessLogOptions {
  entries: Collection<AccessEntry>;
  usage: Table<Usage, Usage>;
  /** How many entries are kept. */
  limit: number;
  /** ms since the epoch. */
  clock: () => number;
  log?: Log | undefined;
}

export const ACCESS_INDEXES = {
  at: { fields: { at: "number" } },
  product: { fields: { product: "string", at: "number" } },
  verdict: { fields: { product: "string", allowed: "boolean", at: "number" } },
} as const;

export async function openAccessLog(options: AccessLogOptions): Promise<AccessLog> {
  return new BatchedAccessLog(options, await options.entries.count("at"));
}

class BatchedAccessLog implements AccessLog {
  readonly #options: AccessLogOptions;
  /** By what makes two the same; the oldest first. */
  readonly #open = new Map<string, Open>();
  readonly #usage = new Map<string, Usage>();
  readonly #used = new Set<string>();
  #kept: number;
  #pruneAt = 0;
  #sequence = 0;
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #failing = false;
  #closed = false;

  constructor(options: AccessLogOptions, kept: number) {
    this.#options = options;
    this.#kept = kept;
    for (const { value } of options.usage.values()) this.#usage.set(value.product, value);
  }

  get dropped(): number {
    return this.#dropped;
  }

  record({ at: toldAt, count = 1, ...told }: AccessTold): AccessEntry {
    const now = this.#options.clock();
    const at = Math.min(Math.max(toldAt ?? now, now - OLDEST_TOLD_MS), now);
    if (told.allowed && told.what === "read") this.#use(told.product, told.who, at, count);
    const key = JSON.stringify([told.product, told.who, told.what, told.allowed, told.via, told.reason]);
    const open = this.#open.get(key);
    this.#schedule(FLUSH_MS);
    if (open !== undefined && at < open.entry.at + WINDOW_MS) {
      const { entry } = open;
      const lastAt = Math.max(entry.lastAt, at);
      open.entry = { ...entry, lastAt, at: Math.min(entry.at, at), count: entry.count + count };
      open.dirty = true;
      return open.entry;
    }
    const entry: AccessEntry = { ...told, at, lastAt: at, count };
    if (!this.#hasRoom(told.allowed)) {
      this.#drop(count);
      return entry;
    }
    if (open?.dirty === true) this.#open.set(`${key} ${open.id}`, open); // still to be written
    this.#open.delete(key);
    this.#sequence += 1;
    const id = `${at.toString(36).padStart(9, "0")}-${now.toString(36)}-${this.#sequence.toString(36).padStart(6, "0")}`;
    this.#open.set(key, { id, entry, isKept: false, dirty: true });
    return entry;
  }

  async list({ product, allowed, after, limit }: AccessQuery): Promise<AccessPage> {
    await this.#flush();
    const { entries } = this.#options;
    const equals = product === undefined ? [] : allowed === undefined ? [product] : [product, allowed];
    const index = ["at", "product", "verdict"][equals.length] ?? "at";
    const [page, total]: [Page<AccessEntry>, number] = await Promise.all([
      entries.find({ index, equals, order: "descending", after, limit }),
      entries.count(index, equals),
    ]);
    const items = page.items.map(({ document }) => document);
    return { items, total, ...(page.next === undefined ? {} : { next: page.next }) };
  }

  usage(): Iterable<Usage> {
    return this.#usage.values();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#flush().catch((error: unknown) => this.#failed(error));
  }

  #use(product: string, name: string, at: number, reads: number): void {
    const before = this.#usage.get(product) ?? { product, reads: 0, lastAt: 0, consumers: [] };
    const known = before.consumers.find((each) => each.name === name) ?? { name, reads: 0, lastAt: 0 };
    const changed = { name, reads: known.reads + reads, lastAt: Math.max(known.lastAt, at) };
    const others = before.consumers.filter((each) => each !== known);
    this.#usage.set(product, {
      product,
      reads: before.reads + reads,
      lastAt: Math.max(before.lastAt, at),
      consumers: [changed, ...others].slice(0, MAX_CONSUMERS),
    });
    this.#used.add(product);
  }

  #hasRoom(allowed: boolean): boolean {
    if (this.#open.size < MAX_OPEN) return true;
    for (const [key, { dirty }] of this.#open) if (!dirty) this.#open.delete(key);
    return this.#open.size < (allowed ? MAX_OPEN : 2 * MAX_OPEN);
  }

  #drop(count: number): void {
    if (this.#dropped === 0) this.#options.log?.warn("the access log cannot keep up: entries are dropped");
    this.#dropped += count;
  }

  #schedule(delayMs: number): void {
    if (this.#closed || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#flush().catch((error: unknown) => {
        this.#failed(error);
        this.#schedule(AGAIN_MS);
      });
    }, delayMs).unref();
  }

  /** Said once until it works again. */
  #failed(error: unknown): void {
    if (!this.#failing)
      this.#options.log?.error({ err: error }, "the access log could not be written: it tries again");
    this.#failing = true;
  }

  /** Writes what is to be written, after those that write already. */
  #flush(): Promise<void> {
    const done = this.#writing.then(() => this.#write());
    this.#writing = done.catch(() => undefined);
    return done;
  }

  async #write(): Promise<void> {
    const dirty = [...this.#open.values()].filter((open) => open.dirty);
    for (let from = 0; from < dirty.length; from += WRITTEN_AT_ONCE) {
      await Promise.all(dirty.slice(from, from + WRITTEN_AT_ONCE).map((open) => this.#writeEntry(open)));
    }
    const used = [...this.#used];
    this.#used.clear();
    await Promise.all(used.map((product) => this.#writeUsage(product)));
    const over = this.#options.clock() - WINDOW_MS;
    for (const [key, { dirty: waits, entry }] of this.#open) {
      if (!waits && entry.at <= over) this.#open.delete(key);
    }
    await this.#prune();
    if (this.#failing) this.#options.log?.info("the access log is written again");
    this.#failing = false;
  }

  async #writeEntry(open: Open): Promise<void> {
    const { id, entry, isKept } = open;
    open.dirty = false;
    try {
      await upsert(this.#options.entries, id, entry);
    } catch (error) {
      open.dirty = true;
      throw error;
    }
    if (!isKept) this.#kept += 1;
    open.isKept = true;
  }

  async #writeUsage(product: string): Promise<void> {
    const { usage } = this.#options;
    const value = this.#usage.get(product);
    if (value === undefined) return;
    try {
      const kept = usage.get(product);
      await (kept === undefined ? usage.insert(product, value) : usage.replace(product, kept.version, value));
    } catch (error) {
      this.#used.add(product);
      throw error;
    }
  }

  async #prune(): Promise<void> {
    const { entries, clock, limit } = this.#options;
    const now = clock();
    if (this.#kept <= limit && now < this.#pruneAt) return;
    this.#pruneAt = now + PRUNE_MS;
    const tooOld = now - KEPT_MS;
    for (;;) {
      const { items } = await entries.find({ index: "at", limit: PRUNED_AT_ONCE });
      const tooMany = this.#kept - limit;
      const gone = items.filter(({ document }, position) => position < tooMany || document.at < tooOld);
      if (gone.length === 0) return;
      await Promise.all(gone.map(({ id }) => entries.delete(id)));
      this.#kept -= gone.length;
    }
  }
}

const DEEDS = {
  requested: "subscribe",
  approved: "approve",
  rejected: "reject",
  revoked: "revoke",
  expired: "expire",
} as const satisfies Record<Subscription["state"], string>;

/** What the last step of a subscription is in the log. */
export function accessOf({ product, consumer, state, history }: Subscription): AccessTold {
  const { by, reason, purpose } = history.at(-1) ?? { by: "registry" };
  const said = reason ?? purpose;
  const about = said === undefined ? consumer : `${consumer}: ${said}`;
  return {
    product,
    who: by,
    what: DEEDS[state],
    allowed: true,
    reason: about.slice(0, MAX_REASON),
    via: "registry",
  };
}
