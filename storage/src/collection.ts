/** A document as it is kept. */
export interface Stored<T> {
  readonly id: string;
  /** 1 when inserted, one more at each replacement. An id that was deleted begins with 1 again. */
  readonly version: number;
  readonly document: T;
}

/** What an index can be over. Strings are ordered by their UTF-8 bytes, false before true. */
export type IndexType = "string" | "number" | "boolean";
export type IndexValue = string | number | boolean;

export interface IndexDeclaration {
  /**
   * Paths of fields (`"owner.name"`) with the type of their values, in the order in which they are compared;
   * at most 3. The last one may hold an array: the document is then found by each of its elements. A document
   * in which a field is absent or null is not in the index.
   */
  fields: Readonly<Record<string, IndexType>>;
  /** No two documents may have the same values; every field must be there, and none may be an array. */
  unique?: boolean;
}

export type IndexDeclarations = Readonly<Record<string, IndexDeclaration>>;

/** Bounds of the field that follows those of `equals`. */
export interface Range {
  gte?: IndexValue;
  gt?: IndexValue;
  lte?: IndexValue;
  lt?: IndexValue;
}

export interface Query {
  /** A declared index, or `"id"`, which every collection has over its ids. */
  index: string;
  /** Values of the index's first fields. */
  equals?: readonly IndexValue[];
  range?: Range;
  /** Default ascending, by the fields of the index and then by id. */
  order?: "ascending" | "descending";
  /** `next` of the page before, of a query that is otherwise the same. */
  after?: string | undefined;
  /** 1 to 1,000. */
  limit: number;
}

export interface Page<T> {
  items: Stored<T>[];
  /** Where the next page begins; absent when this was the last one. */
  next?: string;
}

/**
 * Documents of one kind: plain JSON objects by id. Every write resolves when it is safe on the medium, and
 * indexes are never behind it. There are no transactions over several documents: a store has one writer.
 *
 * Ids are 1 to 256 bytes of UTF-8 without control characters. A document is at most 1 MiB as JSON; names of
 * its fields do not begin with `$` or `_` and hold no `.` and no NUL, and its numbers are finite.
 */
export interface Collection<T extends object> {
  get(id: string): Promise<Stored<T> | undefined>;
  /** @throws IdTakenError; IndexError when a unique index has these values; DocumentError. */
  insert(id: string, document: T): Promise<Stored<T>>;
  /**
   * Replaces the document if it still has this version; returns undefined when it has not, or is gone.
   * @throws IndexError when a unique index has these values; DocumentError.
   */
  replaceIf(id: string, version: number, document: T): Promise<Stored<T> | undefined>;
  /** Returns whether there was one; with a version, whether it was that one. */
  delete(id: string, version?: number): Promise<boolean>;
  /** @throws QueryError when the index, the types of the values, the cursor or the limit are wrong. */
  find(query: Query): Promise<Page<T>>;
  /** How many entries of the index have these values; without any, all. @throws QueryError. */
  count(index: string, equals?: readonly IndexValue[]): Promise<number>;
}

/** What a store is, for a log and a page. */
export interface Engine {
  /** `"LMDB"`, `"MongoDB"`, or what speaks in its place. */
  name: string;
  /** Of a server that was not reached yet: words that say so. */
  version: string;
  /** Folder, or address without password. */
  at: string;
}

/** One service's part of a store. */
export interface Storage extends AsyncDisposable {
  readonly engine: Engine;
  /**
   * Opens a collection and makes its indexes agree with their declaration, which may take as long as reading it
   * whole when the declaration has changed.
   * @throws IndexError when documents that are there contradict it.
   */
  collection<T extends object>(name: string, indexes: IndexDeclarations): Promise<Collection<T>>;
  /** Waits for writes that were begun, and lets go of the store. */
  close(): Promise<void>;
}
