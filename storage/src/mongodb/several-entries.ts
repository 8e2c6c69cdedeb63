import type { IndexValue } from "../collection.js";
import { type CheckedQuery, type Index, indexValues } from "../index-key.js";
import type { KeptDocument } from "./kept-document.js";

/** An entry of an index: where a document is in its order. */
export interface Entry {
  values: readonly IndexValue[];
  id: string;
}

/** Names of the indexes in which a document has an entry for each element of an array. */
export function severalOf(indexes: readonly Index[], document: object): string[] {
  return indexes
    .filter((index) => !index.unique && Array.isArray(lastField(index, document)))
    .map(({ name }) => name);
}

/** The value at the last field's path. */
function lastField(index: Index, document: object): unknown {
  let value: unknown = document;
  for (const name of (index.fields.at(-1)?.[0] ?? "").split(".")) {
    value =
      typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  }
  return value;
}

/** The entries of a document that a query asks for. */
export function* entriesOf(
  index: Index,
  { _id: id, document }: Pick<KeptDocument, "_id" | "document">,
  query: Omit<CheckedQuery, "limit">,
): Generator<Entry> {
  const { equals, range, after, descending } = query;
  for (const values of indexValues(index, document)) {
    if (equals.some((value, at) => values[at] !== value)) continue;
    const next = values[equals.length];
    if (next !== undefined) {
      if (range.gte !== undefined && compareValues(next, range.gte) < 0) continue;
      if (range.gt !== undefined && compareValues(next, range.gt) <= 0) continue;
      if (range.lte !== undefined && compareValues(next, range.lte) > 0) continue;
      if (range.lt !== undefined && compareValues(next, range.lt) >= 0) continue;
    }
    const entry = { values, id };
    if (after !== undefined) {
      const order = compareEntries(entry, { values: after.slice(0, -1), id: String(after.at(-1)) });
      if (descending ? order >= 0 : order <= 0) continue;
    }
    yield entry;
  }
}

/** Strings by their UTF-8 bytes, false before true. */
function compareValues(a: IndexValue, b: IndexValue): number {
  if (typeof a === "string" && typeof b === "string") return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return Number(a) - Number(b);
}

/** By their values and then by id. */
export function compareEntries(a: Entry, b: Entry): number {
  for (const [at, value] of a.values.entries()) {
    const order = compareValues(value, b.values[at] ?? value);
    if (order !== 0) return order;
  }
  return compareValues(a.id, b.id);
}

/** The first so many of the entries it is given, in order. */
export class FirstEntries {
  readonly entries: Entry[] = [];
  readonly #limit: number;
  readonly #sign: 1 | -1;

  constructor(limit: number, descending: boolean) {
    this.#limit = limit;
    this.#sign = descending ? -1 : 1;
  }

  add(entry: Entry): void {
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.entries[middle];
      if (other !== undefined && compareEntries(other, entry) * this.#sign <= 0) low = middle + 1;
      else high = middle;
    }
    if (low >= this.#limit) return;
    this.entries.splice(low, 0, entry);
    this.entries.length = Math.min(this.entries.length, this.#limit);
  }
}
