import { decodeBlock, encodeBlock } from "../../codec/block.js";
import { BlockError } from "../../errors.js";
import { MAX_BLOCK } from "../../samples/merge-block.js";
import { cutStretches, toColumns, toSamples } from "../../samples/sample-columns.js";
import { comparePositions } from "../../samples/sample-order.js";
import type { Sample } from "../../series.js";
import { type SeriesDatabases, TAIL } from "./series-databases.js";
import { entryKey, type SeriesKey } from "./series-keys.js";
import type { StreamRecord } from "./stream-record.js";

/** So many entries of single appends are joined into one: a stream's tail is then some tens of entries at most. */
const MAX_LOOSE = 32;
/** An append of so many readings is no loose entry. */
const MIN_JOINED = 32; // readings

/** Within a transaction: adds samples, in order, to the tail as one entry (one for each unit and type). */
export function addToTail(
  databases: SeriesDatabases,
  record: StreamRecord,
  samples: readonly Sample[],
): void {
  if (samples.length === 0) return;
  const { tail } = record;
  const joined = samples.length >= MIN_JOINED && tail.loose === tail.next;
  putEntries(databases, record, samples);
  if (joined) tail.loose = tail.next;
  // Streams that began together join their entries at different times.
  else if (tail.next - tail.loose >= MAX_LOOSE + (record.id % MAX_LOOSE)) joinLoose(databases, record);
}

/**
 * All samples of the tail, in order.
 * @param onBroken told of entries that cannot be read, which are passed over; without it that is thrown
 * @throws BlockError
 */
export function readTail(
  { heads }: SeriesDatabases,
  { id, stream, sealed, tail }: StreamRecord,
  onBroken: (error: BlockError) => void = fail,
): Sample[] {
  if (tail.next === tail.from) return [];
  const samples: Sample[] = [];
  for (const { value } of heads.getRange(entryRange(id, tail.from, tail.next))) {
    const entry = decode(value);
    if (entry instanceof Error) onBroken(new BlockError(stream, "newest block", sealed?.at ?? 0, entry));
    else samples.push(...entry);
  }
  return samples.sort(comparePositions);
}

function fail(error: BlockError): never {
  throw error;
}

/** For who goes on without what cannot be read; who reads that time is told. */
export function ignore(): void {}

/** Entries taken out of the tail: their samples in order, and the bytes of those that cannot be read. */
export interface TakenTail {
  samples: Sample[];
  broken: Buffer[];
}

/** Within a transaction: takes out the entries from `from` on. */
export function takeFromTail(databases: SeriesDatabases, record: StreamRecord, from: number): TakenTail {
  const { heads } = databases;
  const { id, tail } = record;
  const taken: TakenTail = { samples: [], broken: [] };
  for (const { key, value } of Array.from(heads.getRange(entryRange(id, from, tail.next)))) {
    const samples = decode(value);
    if (samples instanceof Error) taken.broken.push(value);
    else taken.samples.push(...samples);
    record.bytes -= key.length + value.length;
    void heads.remove(key);
  }
  tail.next = from;
  tail.loose = Math.min(tail.loose, from);
  tail.readings -= taken.samples.length;
  taken.samples.sort(comparePositions);
  if (from === tail.from) record.tail = { from: 0, loose: 0, next: 0, readings: 0 };
  return taken;
}

/** Readings from which the tail is made into a block; not for all streams at the same moment. */
export function sealAt(id: number): number {
  return MAX_BLOCK + ((id * 37) % (MAX_BLOCK / 2));
}

function joinLoose(databases: SeriesDatabases, record: StreamRecord): void {
  const { samples, broken } = takeFromTail(databases, record, record.tail.loose);
  for (const bytes of broken) putEntry(databases, record, bytes, 0);
  putEntries(databases, record, samples);
  record.tail.loose = record.tail.next;
}

function putEntries(databases: SeriesDatabases, record: StreamRecord, samples: readonly Sample[]): void {
  for (const stretch of cutStretches(samples)) {
    for (let from = 0; from < stretch.length; from += MAX_BLOCK) {
      const piece = stretch.slice(from, from + MAX_BLOCK);
      putEntry(databases, record, encodeBlock(toColumns(piece), false), piece.length);
    }
  }
}

function putEntry({ heads }: SeriesDatabases, record: StreamRecord, bytes: Buffer, readings: number): void {
  const key = entryKey(record.id, TAIL, record.tail.next);
  void heads.put(key, bytes);
  record.tail.next += 1;
  record.tail.readings += readings;
  record.bytes += key.length + bytes.length;
}

function entryRange(id: number, from: number, to: number): { start: SeriesKey; end: SeriesKey } {
  return { start: entryKey(id, TAIL, from), end: entryKey(id, TAIL, to) };
}

function decode(bytes: Buffer): Sample[] | Error {
  try {
    return toSamples(decodeBlock(bytes));
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
