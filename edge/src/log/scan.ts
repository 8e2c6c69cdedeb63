import { type FileHandle, open } from "node:fs/promises";
import { decodeEntry, type Item, type ItemKind, type ItemName, type LoggedReading } from "./entry.js";
import { HEADER_BYTES } from "./record.js";
import { spanHolds } from "./retention.js";
import { itemName, type Segment, scanRecords } from "./segment.js";
import type { LogState } from "./state.js";
import type { Tail } from "./tail.js";

/** Where a search for held items goes on: only a place on disk; what waits in memory is looked through each time. */
export interface HeldCursor {
  segment: number;
  generation: number;
  offset: number;
}

export const FROM_THE_START: HeldCursor = { segment: 0, generation: 0, offset: HEADER_BYTES };

export interface HeldBatch {
  items: Item[];
  cursor: HeldCursor;
  /** Its file cannot be read to the end of what it should hold. */
  damaged?: Segment;
}

async function openIfThere(segment: Segment): Promise<FileHandle | null> {
  try {
    return await open(segment.path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null; // given up meanwhile
    throw error;
  }
}

/**
 * Up to `limit` items of a kind from `cursor` on, in the order of the log, without those that `skip` names.
 * Reads 64 KiB at a time and leaves out segments that hold nothing. An empty batch: there are no more.
 */
export async function heldBatch(
  state: LogState,
  segments: readonly Segment[],
  tail: Tail,
  kind: ItemKind,
  cursor: HeldCursor,
  limit: number,
  skip: (name: ItemName) => boolean,
): Promise<HeldBatch> {
  const waiting = tail.entries.filter(({ item }) => item.kind === kind && !skip(item));
  const items: Item[] = [];
  let next = cursor;
  for (const segment of segments.slice()) {
    if (segment.number < cursor.segment) continue;
    const goesOn = segment.number === cursor.segment && segment.generation === cursor.generation;
    const spans = [...segment.spans.values()].filter((span) => span.kind === kind && spanHolds(state, span));
    if (spans.length === 0) continue;
    const first = Math.min(...spans.map((span) => span.firstOffset));
    const start = goesOn ? Math.max(cursor.offset, first) : first;
    const end = Math.max(...spans.map((span) => span.endOffset));
    if (start >= end) continue;
    const { generation } = segment;
    const file = await openIfThere(segment);
    if (file === null) continue;
    try {
      const scan = scanRecords(file, start, end);
      for (let step = await scan.next(); ; step = await scan.next()) {
        if (step.done === true) {
          if (step.value < end) return { items, cursor: next, damaged: segment };
          break;
        }
        for (const record of step.value) {
          next = { segment: segment.number, generation, offset: record.offset + record.bytes };
          const name = itemName(record);
          if (name === null || name.kind !== kind || skip(name)) continue;
          const entry = decodeEntry(record.kind, record.body);
          if (entry.kind !== "reading" && entry.kind !== "event") continue;
          items.push(entry);
          if (items.length >= limit) return { items, cursor: next };
        }
      }
    } catch (error) {
      // The medium has a bad spot. Anything else passes, and is tried again.
      if ((error as NodeJS.ErrnoException).code !== "EIO") throw error;
      return { items, cursor: next, damaged: segment };
    } finally {
      await file.close();
    }
  }
  const seen = new Set(items.map(itemId));
  for (const { item } of waiting) {
    if (items.length >= limit) break;
    if (!seen.has(itemId(item))) items.push(item);
  }
  return { items, cursor: next };
}

function itemId({ key, boot, seq }: ItemName): string {
  return `${boot}/${key}/${seq}`;
}

/** Readings of one sensor and boot in ascending order, from disk and from what waits in memory. */
export async function* readRange(
  segments: readonly Segment[],
  tail: Tail,
  sensor: string,
  boot: number,
  from: number,
  to: number,
): AsyncGenerator<LoggedReading> {
  const wanted = (name: ItemName): boolean =>
    name.kind === "reading" &&
    name.key === sensor &&
    name.boot === boot &&
    name.seq >= from &&
    name.seq <= to;
  const waiting = tail.entries.filter(({ item }) => wanted(item));
  let given = from - 1; // the newest that was given: a reading may move from memory to disk meanwhile
  for (const segment of segments.slice()) {
    const span = segment.span("reading", sensor, boot);
    if (span === undefined || span.to < from || span.from > to) continue;
    const file = await openIfThere(segment);
    if (file === null) continue;
    try {
      for await (const records of scanRecords(file, span.firstOffset, span.endOffset)) {
        for (const record of records) {
          const name = itemName(record);
          if (name === null || !wanted(name) || name.seq <= given) continue;
          const entry = decodeEntry(record.kind, record.body);
          if (entry.kind !== "reading") continue;
          given = name.seq;
          yield entry.reading;
        }
        if (given >= to) return;
      }
    } finally {
      await file.close();
    }
  }
  for (const { item } of waiting) {
    if (item.kind !== "reading" || item.seq <= given) continue;
    given = item.seq;
    yield item.reading;
  }
}
