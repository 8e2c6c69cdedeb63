import type { Filter, Collection as MongoDocuments, WithoutId } from "mongodb";
import type { IndexValue, Page, Query, Stored } from "../collection.js";
import { checkId, encodeDocument, isId } from "../document.js";
import { IdTakenError, IndexError, QueryError, WriteFailedError } from "../errors.js";
import {
  type CheckedQuery,
  checkEquals,
  checkQuery,
  encodeCursor,
  ID_INDEX,
  type Index,
  indexValues,
} from "../index-key.js";
import type { RestorableCollection } from "../restorable.js";
import { entryFilter, entrySort, isWhole } from "./entry-filter.js";
import { type KeptDocument, toStored } from "./kept-document.js";
import type { MongoConnection } from "./mongo-connection.js";
import { isTaken } from "./mongo-failure.js";
import { wrapNested } from "./nested-arrays.js";
import { type Entry, entriesOf, FirstEntries, severalOf } from "./several-entries.js";
import { Turns } from "./turns.js";

const IDS: Index = { name: ID_INDEX, fields: [[ID_INDEX, "string"]], unique: true };
/** A document that another had taken the values from may be gone when it is looked for. */
const MAX_TRIES = 3;

/** Documents in one collection of MongoDB, with its indexes. */
export class MongoCollection<T extends object> implements RestorableCollection<T> {
  readonly #name: string;
  readonly #connection: MongoConnection;
  readonly #documents: MongoDocuments<KeptDocument>;
  readonly #indexes: readonly Index[];
  readonly #agreed: () => Promise<void>;
  readonly #turns = new Turns();

  /** @param agreed resolves when the indexes are as declared; asked before each call, so that it can be late */
  constructor(
    name: string,
    connection: MongoConnection,
    documents: MongoDocuments<KeptDocument>,
    indexes: readonly Index[],
    agreed: () => Promise<void>,
  ) {
    this.#name = name;
    this.#connection = connection;
    this.#documents = documents;
    this.#indexes = indexes;
    this.#agreed = agreed;
  }

  async get(id: string): Promise<Stored<T> | undefined> {
    if (!isId(id)) return undefined;
    const kept = await this.#read(() => this.#documents.findOne({ _id: id }));
    return kept === null ? undefined : toStored(kept);
  }

  async insert(id: string, document: T): Promise<Stored<T>> {
    checkId(id);
    const kept = this.#encode(1, document);
    await this.#write(
      id,
      () => this.#documents.insertOne({ _id: id, ...this.#wrap(kept) }),
      async () => {
        if ((await this.get(id)) !== undefined) throw new IdTakenError(this.#name, id);
        await this.#refuseTaken(id, kept.document);
      },
    );
    return { id, version: 1, document: kept.document as T };
  }

  async replaceIf(id: string, version: number, document: T): Promise<Stored<T> | undefined> {
    const kept = this.#encode(version + 1, document);
    if (!isId(id)) return undefined;
    const { matchedCount } = await this.#write(
      id,
      () => this.#documents.replaceOne({ _id: id, version }, this.#wrap(kept)),
      () => this.#refuseTaken(id, kept.document),
    );
    return matchedCount === 0 ? undefined : { id, version: version + 1, document: kept.document as T };
  }

  async delete(id: string, version?: number): Promise<boolean> {
    if (!isId(id)) return false;
    const filter = version === undefined ? { _id: id } : { _id: id, version };
    const { deletedCount } = await this.#write(id, () => this.#documents.deleteOne(filter));
    return deletedCount === 1;
  }

  async restore(documents: readonly Stored<T>[]): Promise<void> {
    const kept = documents.map(({ id, version, document }) => {
      checkId(id);
      return { _id: id, ...this.#encode(version, document) };
    });
    if (kept.length === 0) return;
    await this.#agreed();
    const wrapped = kept.map(({ _id, ...rest }) => ({ _id, ...this.#wrap(rest) }));
    await this.#connection.write(this.#name, () => this.#documents.insertMany(wrapped));
  }

  async find(query: Query): Promise<Page<T>> {
    const index = this.#index(query.index);
    const checked = checkQuery(index, query);
    if (index.unique || isWhole(index, checked.equals)) return this.#findPlain(index, checked, {});
    const plain = this.#findPlain(index, checked, { several: { $ne: index.name } });
    const [{ items, next }, several] = await Promise.all([plain, this.#several(index, checked)]);
    if (several.length === 0) return next === undefined ? { items } : { items, next };
    return this.#merge(index, checked, items, several);
  }

  async count(name: string, equals: readonly IndexValue[] = []): Promise<number> {
    const index = this.#index(name);
    const query = { equals: checkEquals(index, equals), range: {}, after: undefined, descending: false };
    const filter = entryFilter(index, query);
    const count = (kept: Filter<KeptDocument>) => this.#read(() => this.#documents.countDocuments(kept));
    if (index.unique || isWhole(index, equals)) return count(filter);
    let entries = await count({ $and: [filter, { several: { $ne: name } }] });
    for await (const kept of this.#expanded(index, filter))
      entries += [...entriesOf(index, kept, query)].length;
    return entries;
  }

  /** Documents with one entry each: the index itself has them in order. */
  async #findPlain(index: Index, checked: CheckedQuery, filter: Filter<KeptDocument>): Promise<Page<T>> {
    const { limit, equals, descending } = checked;
    const kept = await this.#read(() =>
      this.#documents
        .find({ $and: [entryFilter(index, checked), filter] })
        .sort(entrySort(index, equals.length, descending))
        .limit(limit + 1) // one more than asked for tells whether there is a next page
        .toArray(),
    );
    const items = kept.slice(0, limit).map((one) => toStored<T>(one));
    const last = items.at(-1);
    if (kept.length <= limit || last === undefined) return { items };
    return { items, next: cursorOf(index, last) };
  }

  /**
   * Entries of documents that have several, the first of the page. MongoDB orders such a document by one of its
   * elements only, so that all of them that match are gone through.
   */
  async #several(index: Index, checked: CheckedQuery): Promise<Entry[]> {
    const first = new FirstEntries(checked.limit + 1, checked.descending);
    // Another element than the one after which to begin may be within the page: the cursor is no filter here.
    const filter = entryFilter(index, { ...checked, range: {}, after: undefined });
    for await (const kept of this.#expanded(index, filter)) {
      for (const entry of entriesOf(index, kept, checked)) first.add(entry);
    }
    return first.entries;
  }

  async *#expanded(index: Index, filter: Filter<KeptDocument>): AsyncGenerator<KeptDocument> {
    const fields = index.fields.map(([path]) => [`document.${path}`, 1] as const);
    const cursor = this.#documents.find(
      { $and: [{ several: index.name }, filter] },
      { projection: Object.fromEntries(fields) },
    );
    try {
      for (;;) {
        const kept = await this.#read(() => cursor.next());
        if (kept === null) return;
        yield kept;
      }
    } finally {
      await cursor.close().catch(() => {}); // the server lets go of one that is left
    }
  }

  async #merge(index: Index, checked: CheckedQuery, plain: Stored<T>[], several: Entry[]): Promise<Page<T>> {
    const { limit, descending } = checked;
    const first = new FirstEntries(limit + 1, descending);
    for (const entry of several) first.add(entry);
    for (const { id, document } of plain) {
      for (const values of indexValues(index, document)) first.add({ values, id });
    }
    const page = first.entries.slice(0, limit);
    const found = new Map(plain.map((stored) => [stored.id, stored]));
    const missing = page.map(({ id }) => id).filter((id) => !found.has(id));
    const fetched = await this.#read(() => this.#documents.find({ _id: { $in: missing } }).toArray());
    for (const kept of fetched) found.set(kept._id, toStored(kept));
    const items = page.map(({ id }) => found.get(id)).filter((stored) => stored !== undefined);
    const last = page.at(-1);
    const more = first.entries.length > limit;
    if (!more || last === undefined) return { items };
    return { items, next: encodeCursor(last.values, last.id) };
  }

  #index(name: string): Index {
    if (name === ID_INDEX) return IDS;
    const found = this.#indexes.find((index) => index.name === name);
    if (found === undefined) throw new QueryError(`${this.#name} has no index "${name}"`);
    return found;
  }

  #encode(version: number, document: T): WithoutId<KeptDocument> {
    const copy = JSON.parse(encodeDocument(document)) as Record<string, unknown>;
    for (const index of this.#indexes) indexValues(index, copy); // checks them
    const several = severalOf(this.#indexes, copy);
    return several.length === 0 ? { version, document: copy } : { version, document: copy, several };
  }

  /** Asked when the server is known. */
  #wrap(kept: WithoutId<KeptDocument>): WithoutId<KeptDocument> {
    return this.#connection.nestsArrays ? kept : (wrapNested(kept) as WithoutId<KeptDocument>);
  }

  async #read<R>(work: () => Promise<R>): Promise<R> {
    await this.#agreed();
    return this.#connection.read(work);
  }

  /** @param refuse throws an error that says what has the id or the values already; returns when it is gone */
  async #write<R>(id: string, work: () => Promise<R>, refuse?: () => Promise<void>): Promise<R> {
    await this.#agreed();
    return this.#turns.take(id, async () => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await this.#connection.write(this.#name, work);
        } catch (error) {
          if (refuse === undefined || !(error instanceof WriteFailedError) || !isTaken(error.cause))
            throw error;
          await refuse();
          if (attempt === MAX_TRIES) throw error;
        }
      }
    });
  }

  async #refuseTaken(id: string, document: object): Promise<void> {
    for (const index of this.#indexes) {
      const [values] = index.unique ? indexValues(index, document) : [];
      if (values === undefined) continue;
      const same = index.fields.map(([path], at) => ({ [`document.${path}`]: values[at] }));
      const filter = { $and: [...same, { _id: { $ne: id } }] } as Filter<KeptDocument>;
      const other = await this.#read(() => this.#documents.findOne(filter, { projection: { _id: 1 } }));
      if (other === null) continue;
      const fields = index.fields.map(([path], at) => `${path} ${JSON.stringify(values[at])}`).join(", ");
      throw new IndexError(index.name, "taken", `${this.#name}: "${other._id}" has ${fields} already`);
    }
  }
}

function cursorOf<T extends object>(index: Index, { id, document }: Stored<T>): string {
  if (index.name === ID_INDEX) return encodeCursor([], id);
  const [values = []] = indexValues(index, document);
  return encodeCursor(values, id);
}
