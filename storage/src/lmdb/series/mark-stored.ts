import type { SeqRange } from "@fieldmesh/protocol";
import { pageOf } from "../../samples/number-pages.js";
import { markBare } from "./bare-numbers.js";
import { makeRecord, readRecord, type SeriesDatabases, writeRecord } from "./series-databases.js";
import { addNumbers } from "./stream-numbers.js";

/** Within a transaction: counts numbers as stored whose readings are not given. */
export function markStored(
  databases: SeriesDatabases,
  stream: string,
  boot: number,
  ranges: readonly SeqRange[],
): void {
  const [first] = ranges;
  if (first === undefined) return;
  const record = readRecord(databases, stream) ?? makeRecord(databases, stream);
  if (boot === 0) {
    markBare(databases, record.id, ranges);
    const newest = Math.max(record.bare?.newest ?? first[0], ...ranges.map(([, to]) => to));
    record.bare = { newest, least: record.bare?.least ?? 0, most: record.bare?.most ?? 0 };
  } else {
    for (const [from, to] of ranges) {
      for (let page = pageOf(from); page <= pageOf(to); page += 1) {
        addNumbers(databases, record.id, boot, page, from, to);
      }
    }
  }
  writeRecord(databases, record);
}
