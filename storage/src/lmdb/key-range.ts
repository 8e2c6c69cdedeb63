import type { Key, RangeOptions } from "lmdb";
import type { CheckedQuery } from "../index-key.js";

/** Sorts after every string, number and boolean in the order of LMDB's keys. */
const HIGH = Buffer.from([0xff]);

/** The range of keys `[...values, id]` that a query asks for. */
export function keyRange(query: CheckedQuery): RangeOptions {
  const { equals, range, after, descending } = query;
  const prefix: Key[] = [...equals];
  // Each bound is a key between entries: `v` sorts before `[v, id]`, and `[v, HIGH]` after all of those.
  let low: Key[] = range.gte !== undefined ? [...prefix, range.gte] : prefix;
  if (range.gt !== undefined) low = [...prefix, range.gt, HIGH];
  let high: Key[] = range.lt !== undefined ? [...prefix, range.lt] : [...prefix, HIGH];
  if (range.lte !== undefined) high = [...prefix, range.lte, HIGH];
  if (after !== undefined) {
    if (descending) high = [...after];
    else low = [...after];
  }
  return descending
    ? { start: high, end: low, reverse: true, exclusiveStart: true }
    : { start: low, end: high, exclusiveStart: after !== undefined };
}
