import { MAX_BLOCK } from "../../samples/merge-block.js";
import { cutStretches } from "../../samples/sample-columns.js";
import { comparePositions } from "../../samples/sample-order.js";
import type { Appended, Sample } from "../../series.js";
import { BareNumbers } from "./bare-numbers.js";
import { makeRecord, readRecord, type SeriesDatabases, writeRecord } from "./series-databases.js";
import { putBlocks, putBroken, putLate } from "./stream-blocks.js";
import { storeNumbers } from "./stream-numbers.js";
import type { StreamRecord } from "./stream-record.js";
import { addToTail, sealAt, takeFromTail } from "./stream-tail.js";

/**
 * Within a transaction: stores what is not there yet. All that is read of the stream for it is its record, its page
 * of numbers and, for late readings, their blocks.
 */
export function appendToStream(
  databases: SeriesDatabases,
  stream: string,
  samples: readonly Sample[],
): Appended {
  if (samples.length === 0) return { stored: [], duplicates: 0 };
  const record = readRecord(databases, stream) ?? makeRecord(databases, stream);
  const fresh = takeFresh(databases, record, samples);
  // Of one sample that was given twice the second is a duplicate.
  const stored = samples.filter((sample) => fresh.delete(sample));
  if (stored.length === 0) return { stored, duplicates: samples.length };
  const ordered = [...stored].sort(comparePositions);
  const { sealed } = record;
  const firstNew = sealed === null ? 0 : ordered.findIndex((sample) => comparePositions(sample, sealed) > 0);
  const late = firstNew < 0 ? ordered : ordered.slice(0, firstNew);
  putLate(databases, record, late);
  addToTail(databases, record, ordered.slice(late.length));
  if (record.tail.readings >= sealAt(record.id)) sealTail(databases, record);
  count(record, ordered);
  writeRecord(databases, record);
  return { stored, duplicates: samples.length - stored.length };
}

function takeFresh(
  databases: SeriesDatabases,
  record: StreamRecord,
  samples: readonly Sample[],
): Set<Sample> {
  const fresh = new Set<Sample>();
  const bare = samples.filter(({ boot }) => boot === 0);
  if (bare.length > 0) new BareNumbers(databases, record).takeFresh(bare, fresh);
  const accounted = bare.length === 0 ? samples : samples.filter(({ boot }) => boot !== 0);
  storeNumbers(databases, record.id, accounted, fresh);
  return fresh;
}

/** Makes blocks of the tail; what is less than one, of its last unit and type, stays. */
function sealTail(databases: SeriesDatabases, record: StreamRecord): void {
  const { samples, broken } = takeFromTail(databases, record, record.tail.from);
  putBroken(databases, record, broken, samples[0]?.at ?? record.sealed?.at ?? 0);
  const stretches = cutStretches(samples);
  const last = stretches.pop() ?? [];
  const kept = last.slice(last.length - (last.length % MAX_BLOCK));
  const sealed = [...stretches, last.slice(0, last.length - kept.length)].flatMap(cutBlocks);
  putBlocks(databases, record, sealed);
  record.sealed = positionOf(sealed.at(-1)?.at(-1)) ?? record.sealed;
  addToTail(databases, record, kept);
}

function cutBlocks(stretch: readonly Sample[]): Sample[][] {
  return Array.from({ length: Math.ceil(stretch.length / MAX_BLOCK) }, (_, n) =>
    stretch.slice(n * MAX_BLOCK, (n + 1) * MAX_BLOCK),
  );
}

function positionOf(sample: Sample | undefined) {
  return sample === undefined ? undefined : { at: sample.at, boot: sample.boot, seq: sample.seq };
}

function count(record: StreamRecord, ordered: readonly Sample[]): void {
  const first = ordered[0];
  const last = ordered.at(-1);
  if (first === undefined || last === undefined) return;
  record.readings += ordered.length;
  record.from = Math.min(first.at, record.from ?? first.at);
  if (record.latest === null || comparePositions(last, record.latest) > 0) record.latest = kept(last);
}

/** The sample as it comes back: a reason without a quality is not kept. */
function kept({ boot, seq, at, timestamp, value, unit, quality, reason }: Sample): Sample {
  const sample: Sample = { boot, seq, at, timestamp, value, unit };
  if (quality !== undefined) sample.quality = quality;
  if (quality !== undefined && reason !== undefined) sample.reason = reason;
  return sample;
}
