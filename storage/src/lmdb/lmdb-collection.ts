import type { Database, RootDatabase } from "lmdb";
import type { IndexValue, Page, Query, Stored } from "../collection.js";
import { checkId, encodeDocument, isId } from "../document.js";
import { IdTakenError, IndexError, QueryError } from "../errors.js";
import { checkEquals, checkQuery, encodeCursor, ID_INDEX, type Index, indexValues } from "../index-key.js";
import type { RestorableCollection } from "../restorable.js";
import { explainCommitFailure } from "./commit-failure.js";
import { keyRange } from "./key-range.js";

/** `<version> <JSON>`: a person can read it. */
type Entry = string;
type EntryKey = (IndexValue | Uint8Array)[];

/** An index and the database that holds its keys `[...values, id]`. */
export interface OpenIndex {
  index: Index;
  entries: Database<"", EntryKey>;
}

const IDS: Index = { name: ID_INDEX, fields: [[ID_INDEX, "string"]], unique: true };

/** Documents in one LMDB database, and each index in another, written in the same transaction. */
export class LmdbCollection<T extends object> implements RestorableCollection<T> {
  readonly #name: string;
  readonly #root: RootDatabase;
  readonly #documents: Database<Entry, string>;
  readonly #indexes: readonly OpenIndex[];

  constructor(
    name: string,
    root: RootDatabase,
    documents: Database<Entry, string>,
    indexes: readonly OpenIndex[],
  ) {
    this.#name = name;
    this.#root = root;
    this.#documents = documents;
    this.#indexes = indexes;
  }

  get(id: string): Promise<Stored<T> | undefined> {
    return Promise.resolve(this.#read(id));
  }

  async insert(id: string, document: T): Promise<Stored<T>> {
    checkId(id);
    const json = encodeDocument(document);
    return this.#write(() => {
      if (this.#documents.doesExist(id)) throw new IdTakenError(this.#name, id);
      return this.#put(id, 1, json, undefined);
    });
  }

  async replaceIf(id: string, version: number, document: T): Promise<Stored<T> | undefined> {
    const json = encodeDocument(document);
    return this.#write(() => {
      const current = this.#read(id);
      return current?.version === version ? this.#put(id, version + 1, json, current.document) : undefined;
    });
  }

  async delete(id: string, version?: number): Promise<boolean> {
    return this.#write(() => {
      const current = this.#read(id);
      if (current === undefined || (version !== undefined && current.version !== version)) return false;
      for (const { index, entries } of this.#indexes) {
        for (const values of indexValues(index, current.document)) void entries.remove([...values, id]);
      }
      void this.#documents.remove(id);
      return true;
    });
  }

  async restore(documents: readonly Stored<T>[]): Promise<void> {
    const encoded = documents.map(({ id, version, document }) => {
      checkId(id);
      return { id, version, json: encodeDocument(document) };
    });
    await this.#write(() => {
      for (const { id, version, json } of encoded) this.#put(id, version, json, undefined);
    });
  }

  find(query: Query): Promise<Page<T>> {
    return Promise.resolve().then(() => {
      if (query.index === ID_INDEX) return this.#findById(query);
      const { index, entries } = this.#index(query.index);
      const checked = checkQuery(index, query);
      // One more than asked for tells whether there is a next page.
      const keys = entries.getKeys({ ...keyRange(checked), limit: checked.limit + 1 });
      return this.#page(checked.limit, [...keys]);
    });
  }

  count(index: string, equals: readonly IndexValue[] = []): Promise<number> {
    return Promise.resolve().then(() => {
      if (index === ID_INDEX) {
        checkEquals(IDS, equals);
        const [id] = equals;
        if (id === undefined) return this.#documents.getKeysCount({});
        return this.#read(String(id)) === undefined ? 0 : 1;
      }
      const open = this.#index(index);
      const range = keyRange({
        equals: checkEquals(open.index, equals),
        range: {},
        descending: false,
        after: undefined,
        limit: 1,
      });
      return open.entries.getKeysCount(range);
    });
  }

  #findById(query: Query): Page<T> {
    const checked = checkQuery(IDS, query);
    const { start, end, ...options } = keyRange(checked);
    const [id] = checked.equals;
    if (id !== undefined) return { items: [this.#read(String(id))].filter((item) => item !== undefined) };
    // Keys of documents are their ids alone: an array of one is the same key.
    const keys = this.#documents.getKeys({ start, end, ...options, limit: checked.limit + 1 } as object);
    return this.#page(
      checked.limit,
      [...keys].map((key) => [key]),
    );
  }

  #page(limit: number, keys: EntryKey[]): Page<T> {
    const items: Stored<T>[] = [];
    for (const key of keys.slice(0, limit)) {
      const item = this.#read(String(key.at(-1)));
      if (item !== undefined) items.push(item);
    }
    const last = keys[limit - 1];
    if (keys.length <= limit || last === undefined) return { items };
    return { items, next: encodeCursor(last.slice(0, -1) as IndexValue[], String(last.at(-1))) };
  }

  #index(name: string): OpenIndex {
    const found = this.#indexes.find(({ index }) => index.name === name);
    if (found === undefined) throw new QueryError(`${this.#name} has no index "${name}"`);
    return found;
  }

  /**
   * Runs the work in a write transaction and resolves when it is on the medium. What was put before an error
   * would stay, so that everything is checked before the first put.
   * @throws WriteFailedError when the medium did not take it: it is full, say.
   */
  async #write<R>(work: () => R): Promise<R> {
    try {
      return await this.#root.transaction(work);
    } catch (error) {
      throw await explainCommitFailure(error, this.#name);
    }
  }

  #read(id: string): Stored<T> | undefined {
    const entry = isId(id) ? this.#documents.get(id) : undefined;
    if (entry === undefined) return undefined;
    const space = entry.indexOf(" ");
    return { id, version: Number(entry.slice(0, space)), document: JSON.parse(entry.slice(space + 1)) as T };
  }

  #put(id: string, version: number, json: string, before: T | undefined): Stored<T> {
    const document = JSON.parse(json) as T;
    const changes = this.#indexes.map(({ index, entries }) => {
      const values = indexValues(index, document);
      if (index.unique) this.#refuseTaken({ index, entries }, values, id);
      const old = before === undefined ? [] : indexValues(index, before);
      return { entries, old, values };
    });
    for (const { entries, old, values } of changes) {
      for (const key of old) void entries.remove([...key, id]);
      for (const key of values) void entries.put([...key, id], "");
    }
    void this.#documents.put(id, `${version} ${json}`);
    return { id, version, document };
  }

  #refuseTaken({ index, entries }: OpenIndex, values: IndexValue[][], id: string): void {
    for (const key of values) {
      const range = keyRange({ equals: key, range: {}, descending: false, after: undefined, limit: 1 });
      for (const taken of entries.getKeys({ ...range, limit: 2 })) {
        const other = String(taken.at(-1));
        if (other === id) continue;
        const fields = index.fields.map(([path], at) => `${path} ${JSON.stringify(key[at])}`).join(", ");
        throw new IndexError(index.name, "taken", `${this.#name}: "${other}" has ${fields} already`);
      }
    }
  }
}
