import type { LossEntry } from "@fieldmesh/protocol";
import { type Collection, type IndexDeclarations, type Range, type Stored, upsert } from "@fieldmesh/storage";
import { documentOf, type Entry, type LossDocument, viewOf } from "./entry.js";
import type { StreamBook, StreamBookJson } from "./stream-book.js";

/** Entries, and beside them what is kept of each stream that ever had one. */
export type LossLedgerDocument = LossDocument | StreamBookJson;

export const LOSS_INDEXES = {
  stream: { fields: { stream: "string", fromAt: "number" } },
  live: { fields: { live: "boolean" } },
  end: { fields: { endAt: "number" } },
} as const satisfies IndexDeclarations;

export interface LossQuery {
  /** Entries that reach into `from` (inclusive) to `to` (exclusive), ms. */
  from?: number | undefined;
  to?: number | undefined;
  /** `next` of the page before. */
  after?: string | undefined;
  /** 1 to 1,000. */
  limit: number;
}

/** Writes side by side: the embedded store puts them into one commit. */
const AT_ONCE = 64;
const PAGE = 1_000;
/** Documents looked at for one page, so that one which nothing meets ends; `next` goes on from there. */
const MAX_LOOKED_AT = 20_000;
const BOOK = "book:";

/** The loss ledger's part of the store. */
export class LossStore {
  readonly #collection: Collection<LossLedgerDocument>;

  constructor(collection: Collection<LossLedgerDocument>) {
    this.#collection = collection;
  }

  /** Writes what changed of a stream. What fails is still changed. */
  async write(book: StreamBook): Promise<void> {
    const changed = [...book.entries()].filter(
      ({ entry }) => entry.written < entry.revision && !book.gone.has(entry.id),
    );
    for (let i = 0; i < changed.length; i += AT_ONCE) {
      const some = changed.slice(i, i + AT_ONCE);
      await Promise.all(some.map(({ entry, live }) => this.#put(book, entry, live)));
    }
    for (const [id, { version }] of book.gone) {
      if (version > 0) await this.#collection.delete(id);
      book.gone.delete(id);
    }
    if (!book.changed) return;
    const kept = book.save();
    try {
      await upsert<LossLedgerDocument>(this.#collection, BOOK + book.name, kept);
    } catch (error) {
      book.markChanged();
      throw error;
    }
  }

  async forget(stream: string): Promise<void> {
    await this.#collection.delete(BOOK + stream);
  }

  async *books(): AsyncIterable<StreamBookJson> {
    const range = { gte: BOOK, lt: "book;" };
    for await (const { document } of this.#all("id", range)) if ("boots" in document) yield document;
  }

  async *live(): AsyncIterable<Stored<LossDocument>> {
    for await (const { id, version, document } of this.#all("live", {})) {
      if ("fromAt" in document) yield { id, version, document };
    }
  }

  /** Newest first. */
  async find(
    stream: string,
    longestMs: number,
    { from, to, after, limit }: LossQuery,
  ): Promise<{ entries: LossEntry[]; next?: string }> {
    const range: Range = {};
    if (from !== undefined) range.gte = from - longestMs; // what began before may reach into it
    if (to !== undefined) range.lt = to;
    const entries: LossEntry[] = [];
    let cursor = after;
    let lookedAt = 0;
    do {
      const page = await this.#collection.find({
        index: "stream",
        equals: [stream],
        range,
        order: "descending",
        after: cursor,
        limit: Math.min(limit - entries.length, PAGE),
      });
      lookedAt += page.items.length;
      for (const { id, document } of page.items) {
        if ("fromAt" in document && document.endAt >= (from ?? 0)) entries.push(viewOf(id, document));
      }
      cursor = page.next;
    } while (cursor !== undefined && entries.length < limit && lookedAt < MAX_LOOKED_AT);
    return cursor === undefined ? { entries } : { entries, next: cursor };
  }

  /** Removes entries that ended before a time; answers how many. */
  async prune(before: number): Promise<number> {
    let removed = 0;
    for (;;) {
      const page = await this.#collection.find({ index: "end", range: { lt: before }, limit: PAGE });
      if (page.items.length === 0) return removed;
      for (let i = 0; i < page.items.length; i += AT_ONCE) {
        const some = page.items.slice(i, i + AT_ONCE);
        await Promise.all(some.map(({ id }) => this.#collection.delete(id)));
      }
      removed += page.items.length;
    }
  }

  async #put(book: StreamBook, entry: Entry, live: boolean): Promise<void> {
    const { revision } = entry;
    const document = documentOf(book.name, entry, live);
    const replaced =
      entry.version === 0 ? undefined : await this.#collection.replaceIf(entry.id, entry.version, document);
    const stored = replaced ?? (await upsert<LossLedgerDocument>(this.#collection, entry.id, document));
    entry.version = stored.version;
    entry.written = revision;
    book.noteLength((entry.toAt ?? entry.touchedAt) - entry.fromAt);
  }

  async *#all(index: "id" | "live", range: Range): AsyncIterable<Stored<LossLedgerDocument>> {
    let after: string | undefined;
    do {
      const page = await this.#collection.find({ index, range, after, limit: PAGE });
      yield* page.items;
      after = page.next;
    } while (after !== undefined);
  }
}
