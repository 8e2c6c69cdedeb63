import type { Filter, Sort } from "mongodb";
import type { IndexType, IndexValue } from "../collection.js";
import { type CheckedQuery, ID_INDEX, type Index } from "../index-key.js";
import type { KeptDocument } from "./kept-document.js";

/** The least of each type: what is not below it is there, and is of this type. */
const LEAST: Readonly<Record<IndexType, IndexValue>> = {
  string: "",
  number: Number.NEGATIVE_INFINITY,
  boolean: false,
};

/**
 * What the entries of an index are ordered by, as paths in MongoDB: its fields and then the id, which a unique
 * index does not need.
 */
export function entryPaths(index: Index): string[] {
  const fields = index.name === ID_INDEX ? [] : index.fields.map(([path]) => `document.${path}`);
  return index.unique && index.name !== ID_INDEX ? fields : [...fields, "_id"];
}

/** Whether the values given say for each field what it is, so that a document is found by at most one entry. */
export function isWhole(index: Index, equals: readonly IndexValue[]): boolean {
  return equals.length === index.fields.length;
}

/** Documents that are in the index with these values, and with the next field in the range. */
export function entryFilter(
  index: Index,
  { equals, range, after, descending }: Omit<CheckedQuery, "limit">,
): Filter<KeptDocument> {
  const paths = entryPaths(index);
  const conditions: Filter<KeptDocument>[] = equals.map((value, at) => ({ [paths[at] ?? "_id"]: value }));
  for (const [at, [, type]] of index.fields.entries()) {
    if (at < equals.length) continue;
    const bounds: Record<string, IndexValue> = {};
    if (at === equals.length) {
      if (range.gte !== undefined) bounds["$gte"] = range.gte;
      if (range.gt !== undefined) bounds["$gt"] = range.gt;
      if (range.lte !== undefined) bounds["$lte"] = range.lte;
      if (range.lt !== undefined) bounds["$lt"] = range.lt;
    }
    if (bounds["$gte"] === undefined && bounds["$gt"] === undefined) bounds["$gte"] = LEAST[type];
    conditions.push({ [paths[at] ?? "_id"]: bounds });
  }
  if (after !== undefined) conditions.push(...beyond(paths, after, equals.length, descending));
  return conditions.length === 0 ? {} : { $and: conditions };
}

/** What comes after an entry in the order of the paths. */
function beyond(
  paths: readonly string[],
  after: readonly IndexValue[],
  fixed: number,
  descending: boolean,
): Filter<KeptDocument>[] {
  const operator = descending ? "$lt" : "$gt";
  const tails = paths.map((path, at) => ({ path, value: after[at] })).slice(fixed);
  const [first] = tails;
  if (first === undefined) return [];
  const cases = tails.map(({ path, value }, at) => ({
    $and: [
      ...tails.slice(0, at).map((equal) => ({ [equal.path]: equal.value })),
      { [path]: { [operator]: value } },
    ],
  }));
  // The first condition follows from the second; it is what bounds the scan of the index.
  return [
    { [first.path]: { [`${operator}e`]: first.value } } as Filter<KeptDocument>,
    { $or: cases } as Filter<KeptDocument>,
  ];
}

export function entrySort(index: Index, fixed: number, descending: boolean): Sort {
  return Object.fromEntries(
    entryPaths(index)
      .slice(fixed)
      .map((path) => [path, descending ? -1 : 1]),
  );
}
