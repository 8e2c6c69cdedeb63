import { blockHead } from "../../codec/block.js";
import type { LevelSize, Sample } from "../../series.js";
import { hasBare, prunedBare } from "./bare-numbers.js";
import { addRows, readRecord, type SeriesDatabases, writeRecord } from "./series-databases.js";
import { blockStart, streamEnd, streamKey } from "./series-keys.js";
import { type BlockEntry, blockAfter, removeBlock, samplesOf } from "./stream-blocks.js";
import type { StreamRecord } from "./stream-record.js";
import { ignore, readTail, takeFromTail } from "./stream-tail.js";

/** What one transaction removes of a stream at most: a few milliseconds, also where blocks have to be decoded. */
const BLOCKS_PER_PIECE = 64;

/** Within a transaction: removes some blocks of a stream that are older. `more` says whether to come again. */
export function pruneStream(
  databases: SeriesDatabases,
  stream: string,
  before: number,
): LevelSize & { more: boolean } {
  const record = readRecord(databases, stream);
  if (record === undefined || record.from === null || record.from >= before)
    return { rows: 0, bytes: 0, more: false };
  const { readings, bytes } = record;
  const old = oldBlocks(databases, record, before);
  const bare: number[] = [];
  for (const block of old) {
    if (hasBare(block)) bare.push(...bareOf(samplesOf(block)));
    removeBlock(databases, record, block);
  }
  const counts = old.map(readingsOf);
  // How many were in one that cannot be read is known by what is left.
  record.readings = counts.includes(undefined)
    ? countReadings(databases, record)
    : counts.reduce<number>((left, count) => left - (count ?? 0), readings);
  const more = old.length === BLOCKS_PER_PIECE;
  const left = more ? undefined : blockAfter(databases, record.id);
  if (!more && left === undefined) {
    record.sealed = null;
    record.readings = record.tail.readings;
    if (record.latest !== null && record.latest.at < before)
      bare.push(...bareOf(dropTail(databases, record)));
  }
  prunedBare(databases, record.id, bare);
  if (!more) record.from = left === undefined ? oldestOfTail(databases, record) : blockStart(left.key).at;
  if (record.from === null) record.latest = null;
  addRows(databases, "raw", record.readings - readings);
  writeRecord(databases, record);
  return { rows: readings - record.readings, bytes: bytes - record.bytes, more };
}

function oldBlocks(databases: SeriesDatabases, { id }: StreamRecord, before: number): BlockEntry[] {
  const old: BlockEntry[] = [];
  const range = { start: streamKey(id), end: streamEnd(id), limit: BLOCKS_PER_PIECE };
  for (const block of databases.blocks.getRange(range)) {
    if (!isOlder(block, before)) break;
    old.push(block);
  }
  return old;
}

/** One that cannot be read is as old as its beginning. */
function isOlder({ key, value }: BlockEntry, before: number): boolean {
  try {
    return blockHead(value).end < before;
  } catch {
    return blockStart(key).at < before;
  }
}

function readingsOf({ value }: BlockEntry): number | undefined {
  try {
    return blockHead(value).count;
  } catch {
    return undefined;
  }
}

function countReadings({ blocks }: SeriesDatabases, { id, tail }: StreamRecord): number {
  let count = tail.readings;
  const range = { start: streamKey(id), end: streamEnd(id) };
  for (const block of blocks.getRange(range)) count += readingsOf(block) ?? 0;
  return count;
}

function dropTail(databases: SeriesDatabases, record: StreamRecord): Sample[] {
  const { samples } = takeFromTail(databases, record, record.tail.from);
  record.readings = 0;
  record.tail = { from: 0, loose: 0, next: 0, readings: 0 };
  return samples;
}

function oldestOfTail(databases: SeriesDatabases, record: StreamRecord): number | null {
  return readTail(databases, record, ignore)[0]?.at ?? null;
}

function bareOf(samples: readonly Sample[]): number[] {
  return samples.filter(({ boot }) => boot === 0).map(({ seq }) => seq);
}
