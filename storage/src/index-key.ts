import type { IndexDeclaration, IndexType, IndexValue, Query, Range } from "./collection.js";
import { IndexError, QueryError } from "./errors.js";

/** Three strings of this size and an id fit the 1,978 bytes of a key of LMDB. */
const MAX_STRING = 500; // bytes
const MAX_FIELDS = 3;
/** Elements of an array by which one document is found. */
const MAX_ELEMENTS = 1_000;
const MAX_LIMIT = 1_000;

/** A declared index with its name. */
export interface Index {
  readonly name: string;
  readonly fields: readonly (readonly [path: string, type: IndexType])[];
  readonly unique: boolean;
}

/** The index over ids, which every collection has. */
export const ID_INDEX = "id";

/** @throws IndexError when the declaration cannot be kept. */
export function declareIndex(name: string, declaration: IndexDeclaration): Index {
  const fields = Object.entries(declaration.fields);
  if (!/^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(name) || name === ID_INDEX) {
    throw new IndexError(name, "declaration", `index "${name}": expected letters and digits, and not "id"`);
  }
  if (fields.length === 0 || fields.length > MAX_FIELDS) {
    throw new IndexError(name, "declaration", `index ${name}: expected 1 to ${MAX_FIELDS} fields`);
  }
  return { name, fields, unique: declaration.unique === true };
}

/**
 * The values by which a document is in an index: none when a field is absent, several when the last is an array.
 * @throws IndexError when a value is of another type than declared, or too long, or within an array.
 */
export function indexValues(index: Index, document: object): IndexValue[][] {
  const prefix: IndexValue[] = [];
  for (const [position, [path, type]] of index.fields.entries()) {
    const value = valueAt(index, document, path, type);
    if (value === undefined || value === null) {
      if (index.unique) throw wrongType(index, path, value, type);
      return [];
    }
    const isLast = position === index.fields.length - 1;
    if (!Array.isArray(value)) {
      prefix.push(checkedValue(index, path, type, value));
    } else if (isLast && !index.unique && value.length <= MAX_ELEMENTS) {
      const elements = new Set(value.map((element) => checkedValue(index, path, type, element)));
      return [...elements].map((element) => [...prefix, element]);
    } else {
      throw wrongType(index, path, value, type);
    }
  }
  return [prefix];
}

function checkedValue(index: Index, path: string, type: IndexType, value: unknown): IndexValue {
  if (typeof value !== type) throw wrongType(index, path, value, type);
  if (typeof value === "string" && Buffer.byteLength(value) > MAX_STRING) {
    throw new IndexError(
      index.name,
      "type",
      `${path} is longer than the ${MAX_STRING} bytes that index ${index.name} takes`,
    );
  }
  return value as IndexValue;
}

function wrongType(index: Index, path: string, value: unknown, type: IndexType): IndexError {
  const found = Array.isArray(value) ? "an array" : value === null ? "null" : typeof value;
  return new IndexError(index.name, "type", `${path} is ${found}: index ${index.name} takes a ${type}`);
}

function valueAt(index: Index, document: object, path: string, type: IndexType): unknown {
  let value: unknown = document;
  for (const name of path.split(".")) {
    // MongoDB would look into each element.
    if (Array.isArray(value)) throw wrongType(index, path, value, type);
    if (typeof value !== "object" || value === null) return undefined;
    value = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
  }
  return value;
}

/** A query, checked against its index. */
export interface CheckedQuery {
  equals: readonly IndexValue[];
  range: Range;
  descending: boolean;
  /** Values and id of the entry after which to begin. */
  after: readonly IndexValue[] | undefined;
  limit: number;
}

/** @throws QueryError saying what contradicts the declaration. */
export function checkQuery(index: Index, query: Query): CheckedQuery {
  const { limit, range = {} } = query;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw new QueryError(`limit ${limit}: expected 1 to ${MAX_LIMIT}`);
  }
  const equals = checkEquals(index, query.equals ?? []);
  const bounds = [range.gte, range.gt, range.lte, range.lt].filter((bound) => bound !== undefined);
  const [, type] = index.fields[equals.length] ?? [];
  for (const bound of bounds) {
    if (typeof bound !== type)
      throw new QueryError(`range of index ${index.name}: expected ${type ?? "no more fields"}`);
  }
  if (
    (range.gte !== undefined && range.gt !== undefined) ||
    (range.lte !== undefined && range.lt !== undefined)
  ) {
    throw new QueryError("range: expected one lower and one upper bound at most");
  }
  const after = query.after === undefined ? undefined : decodeCursor(index, query.after);
  return { equals, range, descending: query.order === "descending", after, limit };
}

/** @throws QueryError when there are more values than fields, or of another type. */
export function checkEquals(index: Index, equals: readonly IndexValue[]): readonly IndexValue[] {
  for (const [position, value] of equals.entries()) {
    const [path, type] = index.fields[position] ?? [];
    if (typeof value !== type) {
      throw new QueryError(
        `${path ?? "equals"} of index ${index.name}: expected ${type ?? "no more values"}`,
      );
    }
  }
  return equals;
}

/** A page's end as text that goes through a URL. */
export function encodeCursor(values: readonly IndexValue[], id: string): string {
  return Buffer.from(JSON.stringify([...values, id])).toString("base64url");
}

function decodeCursor(index: Index, cursor: string): IndexValue[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    const types = index.name === ID_INDEX ? [] : index.fields.map(([, type]) => type);
    const expected: string[] = [...types, "string"];
    if (Array.isArray(value) && value.length === expected.length) {
      if (value.every((element, position) => typeof element === expected[position]))
        return value as IndexValue[];
    }
  } catch {
    // the same answer for what is no JSON
  }
  throw new QueryError(`after: expected the "next" of a page of index ${index.name}`);
}
