import { type Collection, IdTakenError, type Stored } from "@fieldmesh/storage";
import { SortedEntries } from "./sorted-entries.js";

/** A resource with the number of its change; 1 when it was made. */
export interface Kept<T> {
  readonly value: T;
  readonly version: number;
  /** The value as JSON, made once: lists are read far more often than their entries change. */
  readonly json: string;
}

/** How a resource becomes a document; stores do not take every name in one. */
export interface Codec<T, D extends object> {
  encode(value: T): D;
  decode(document: D): T;
}

export interface Slice<T> {
  items: Kept<T>[];
  /** Of all that were asked for, not only of this page. */
  total: number;
  /** Id of the last one of the page, where another follows. */
  next?: string;
}

export interface SliceQuery<T> {
  where?: ((value: T) => boolean) | undefined;
  /** Only ids after this one. */
  after?: string | undefined;
  offset?: number | undefined;
  limit: number;
}

/** Told of what was written, once it is safe on the medium; `undefined` when it is gone. It does not throw. */
export type TableListener<T> = (id: string, now: Kept<T> | undefined, before: Kept<T> | undefined) => void;

const READ_AT_ONCE = 1_000;

/**
 * All resources of one kind, in memory as they are in the store: lists, their filters and checks across
 * documents read them without waiting. What is seen here is safe on the medium. Ids are ASCII.
 *
 * Writes to one id must come one after the other; see Turns.
 */
export class Table<T, D extends object> {
  readonly #collection: Collection<D>;
  readonly #codec: Codec<T, D>;
  readonly #kept = new Map<string, Kept<T>>();
  readonly #sorted = new SortedEntries<Kept<T>>();
  /** The store was lost while these were written: they are read again before they are written again. */
  readonly #doubtful = new Set<string>();
  readonly #listeners = new Set<TableListener<T>>();

  private constructor(collection: Collection<D>, codec: Codec<T, D>) {
    this.#collection = collection;
    this.#codec = codec;
  }

  static async open<T, D extends object>(
    collection: Collection<D>,
    codec: Codec<T, D>,
  ): Promise<Table<T, D>> {
    const table = new Table(collection, codec);
    let after: string | undefined;
    do {
      const page = await collection.find({ index: "id", limit: READ_AT_ONCE, after });
      for (const stored of page.items) table.#set(stored);
      after = page.next;
    } while (after !== undefined);
    return table;
  }

  get size(): number {
    return this.#kept.size;
  }

  get(id: string): Kept<T> | undefined {
    return this.#kept.get(id);
  }

  values(): Iterable<Kept<T>> {
    return this.#kept.values();
  }

  /** What is there already is not told. Answers how to stop. */
  onChange(listener: TableListener<T>): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ordered by id. */
  slice({ where, after, offset = 0, limit }: SliceQuery<T>): Slice<T> {
    const items: Kept<T>[] = [];
    let total = 0;
    let past = 0; // after the cursor
    let last: string | undefined;
    this.#sorted.forEach((kept, id) => {
      if (where !== undefined && !where(kept.value)) return;
      total += 1;
      if (after !== undefined && id <= after) return;
      past += 1;
      if (past <= offset || items.length >= limit) return;
      items.push(kept);
      last = id;
    });
    return { items, total, ...(last === undefined || past <= offset + limit ? {} : { next: last }) };
  }

  /** Undefined when there is one of this id. */
  async insert(id: string, value: T): Promise<Kept<T> | undefined> {
    await this.#settle(id);
    if (this.#kept.has(id)) return undefined;
    try {
      return await this.#write(id, () => this.#collection.insert(id, this.#codec.encode(value)));
    } catch (error) {
      if (!(error instanceof IdTakenError)) throw error;
      await this.#settle(id);
      return undefined;
    }
  }

  /** Undefined when it is not of this version any more. */
  async replace(id: string, version: number, value: T): Promise<Kept<T> | undefined> {
    await this.#settle(id);
    if (this.#kept.get(id)?.version !== version) return undefined;
    return this.#write(id, () => this.#collection.replaceIf(id, version, this.#codec.encode(value)));
  }

  async remove(id: string): Promise<void> {
    this.#doubtful.add(id);
    await this.#collection.delete(id);
    this.#doubtful.delete(id);
    this.#unset(id);
  }

  async #write(id: string, write: () => Promise<Stored<D> | undefined>): Promise<Kept<T> | undefined> {
    this.#doubtful.add(id);
    const stored = await write();
    if (stored === undefined) {
      await this.#settle(id);
      return undefined;
    }
    this.#doubtful.delete(id);
    return this.#set(stored);
  }

  async #settle(id: string): Promise<void> {
    if (!this.#doubtful.has(id)) return;
    const stored = await this.#collection.get(id);
    this.#doubtful.delete(id);
    if (stored === undefined) this.#unset(id);
    else this.#set(stored);
  }

  #set({ id, version, document }: Stored<D>): Kept<T> {
    const kept: Kept<T> = new Row(this.#codec.decode(document), version);
    const before = this.#kept.get(id);
    this.#sorted.set(id, kept);
    this.#kept.set(id, kept);
    for (const listener of this.#listeners) listener(id, kept, before);
    return kept;
  }

  #unset(id: string): void {
    const before = this.#kept.get(id);
    if (before === undefined) return;
    this.#kept.delete(id);
    this.#sorted.delete(id);
    for (const listener of this.#listeners) listener(id, undefined, before);
  }
}

class Row<T> implements Kept<T> {
  readonly value: T;
  readonly version: number;
  #json: string | undefined;

  constructor(value: T, version: number) {
    this.value = value;
    this.version = version;
  }

  get json(): string {
    this.#json ??= JSON.stringify(this.value);
    return this.#json;
  }
}
