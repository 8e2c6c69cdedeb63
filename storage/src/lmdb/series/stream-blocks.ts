import { blockHead, decodeBlock, encodeBlock } from "../../codec/block.js";
import { mergeBlock } from "../../samples/merge-block.js";
import { toColumns, toSamples } from "../../samples/sample-columns.js";
import { comparePositions, type SamplePosition } from "../../samples/sample-order.js";
import type { Sample } from "../../series.js";
import type { SeriesDatabases } from "./series-databases.js";
import { blockKey, blockStart, type SeriesKey, streamEnd, streamKey } from "./series-keys.js";
import type { StreamRecord } from "./stream-record.js";

/** A block with more has a late reading from before the first block begin one of its own. */
const ROOM = 512; // readings

export interface BlockEntry {
  key: SeriesKey;
  value: Buffer;
}

/** The last block that begins at the position or before. */
export function blockAt(
  { blocks }: SeriesDatabases,
  id: number,
  position: SamplePosition,
): BlockEntry | undefined {
  const range = { start: blockKey(id, position), end: streamKey(id), reverse: true, limit: 1 };
  return firstOf(blocks.getRange(range));
}

/** The last block that begins before the position. */
export function blockBefore(
  { blocks }: SeriesDatabases,
  id: number,
  position: SamplePosition | undefined,
): BlockEntry | undefined {
  const start = position === undefined ? streamEnd(id) : blockKey(id, position);
  return firstOf(
    blocks.getRange({ start, end: streamKey(id), reverse: true, exclusiveStart: true, limit: 1 }),
  );
}

/** The first block that begins after the position; without one, the first. */
export function blockAfter(
  { blocks }: SeriesDatabases,
  id: number,
  position?: SamplePosition,
): BlockEntry | undefined {
  const start = position === undefined ? streamKey(id) : blockKey(id, position);
  return firstOf(blocks.getRange({ start, end: streamEnd(id), exclusiveStart: true, limit: 1 }));
}

/** Within a transaction: puts ordered samples as blocks, cut where they must be. */
export function putBlocks(
  databases: SeriesDatabases,
  record: StreamRecord,
  pieces: readonly Sample[][],
): void {
  for (const piece of pieces) {
    const first = piece[0];
    if (first !== undefined) putBlock(databases, record, first, encodeBlock(toColumns(piece), true));
  }
}

/**
 * Within a transaction: keeps bytes that cannot be read before the block at whose time they were found, so that
 * reads of that time say so and a later version, or a person, has them.
 */
export function putBroken(
  databases: SeriesDatabases,
  record: StreamRecord,
  broken: readonly Buffer[],
  at: number,
): void {
  for (const [n, bytes] of broken.entries()) {
    putBlock(databases, record, { at, boot: Number.NEGATIVE_INFINITY, seq: n }, bytes);
  }
}

/**
 * Within a transaction: puts ordered samples that are no newer than the last block into the blocks where they
 * belong. Only these are written.
 */
export function putLate(databases: SeriesDatabases, record: StreamRecord, late: readonly Sample[]): void {
  for (let from = 0; from < late.length; ) {
    const first = late[from];
    if (first === undefined) return;
    const target = blockAt(databases, record.id, first);
    const next = blockAfter(databases, record.id, target === undefined ? undefined : blockStart(target.key));
    const bound = next === undefined ? undefined : blockStart(next.key);
    let to = from + 1;
    for (; to < late.length; to += 1) {
      const sample = late[to];
      if (sample === undefined || (bound !== undefined && comparePositions(sample, bound) >= 0)) break;
    }
    // Before the first block: into it while there is room, so that a backwards import does not make tiny ones.
    mergeInto(databases, record, target ?? (hasRoom(next) ? next : undefined), late.slice(from, to));
    from = to;
  }
}

/** Within a transaction. */
export function removeBlock(
  { blocks }: SeriesDatabases,
  record: StreamRecord,
  { key, value }: BlockEntry,
): void {
  void blocks.remove(key);
  record.bytes -= key.length + value.length;
}

function mergeInto(
  databases: SeriesDatabases,
  record: StreamRecord,
  target: BlockEntry | undefined,
  late: readonly Sample[],
): void {
  const block = target === undefined ? [] : samplesOf(target);
  // What cannot be read stays as it is; the late ones get a block beside it.
  if (target !== undefined && block.length > 0) removeBlock(databases, record, target);
  putBlocks(databases, record, mergeBlock(block, late));
}

/** None when the block cannot be read. */
export function samplesOf({ value }: BlockEntry): Sample[] {
  try {
    return toSamples(decodeBlock(value));
  } catch {
    return []; // whoever reads that time is told
  }
}

function hasRoom(entry: BlockEntry | undefined): boolean {
  if (entry === undefined) return false;
  try {
    return blockHead(entry.value).count <= ROOM;
  } catch {
    return false;
  }
}

function putBlock(
  databases: SeriesDatabases,
  record: StreamRecord,
  start: SamplePosition,
  bytes: Buffer,
): void {
  const key = blockKey(record.id, start);
  void databases.blocks.put(key, bytes);
  record.bytes += key.length + bytes.length;
}

function firstOf(entries: Iterable<BlockEntry>): BlockEntry | undefined {
  for (const entry of entries) return entry;
  return undefined;
}
