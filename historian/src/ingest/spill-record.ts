import { crc32 } from "node:zlib";
import { checkFormat } from "@fieldmesh/runtime";
import type { Sample } from "@fieldmesh/storage";
import type { Batch } from "./batch.js";

/**
 * How batches lie in a spill file, little-endian:
 *
 *     header   "FMSPL" NUL | u16 format version
 *     record   u32 length of the body | u32 CRC-32 of the body | body
 *     body     u32 length of the JSON | JSON of the streams | zeros up to a multiple of 8
 *              | f64 columns of each stream in turn: at, timestamp, value, boot, seq
 *
 * A value is NaN where there is none, and 0 or 1 where it is a boolean. A record is whole or it is not there: what a
 * kill tore off is behind the first that is not.
 */
const FORMAT = 1;
export const HEADER_BYTES = 8;
export const RECORD_HEAD_BYTES = 8;
const MAGIC = Buffer.from("FMSPL\0", "latin1");
const COLUMNS = 5;
/** Far above a batch: beyond this a length is taken as damage. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** What is not a number of one stream's readings in a batch. */
interface StreamHead {
  name: string;
  count: number;
  /** From this index on it is this unit, and whether the values are booleans. */
  runs: [index: number, unit: string, boolean: boolean][];
  /** Those of which the quality is not good. */
  marks: [index: number, quality: "uncertain" | "bad", reason?: string][];
}

export function encodeHeader(): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt16LE(FORMAT, 6);
  return header;
}

/**
 * Whether the file begins as a spill file does; one that was torn at its beginning does not.
 * @throws FormatVersionError on a version from the future: it is refused by name, never overwritten.
 */
export function checkHeader(bytes: Buffer, path: string): boolean {
  if (bytes.length < HEADER_BYTES || !bytes.subarray(0, 6).equals(MAGIC)) return false;
  checkFormat(path, bytes.readUInt16LE(6), FORMAT);
  return true;
}

export function encodeRecord(batch: Pick<Batch, "streams" | "readings">): Buffer {
  const heads: StreamHead[] = [];
  const numbers = new Float64Array(batch.readings * COLUMNS);
  let at = 0;
  for (const [name, samples] of batch.streams) {
    heads.push(headOf(name, samples));
    const count = samples.length;
    samples.forEach((sample, index) => {
      numbers[at + index] = sample.at;
      numbers[at + count + index] = sample.timestamp;
      numbers[at + 2 * count + index] = sample.value === null ? Number.NaN : Number(sample.value);
      numbers[at + 3 * count + index] = sample.boot;
      numbers[at + 4 * count + index] = sample.seq;
    });
    at += count * COLUMNS;
  }
  const json = Buffer.from(JSON.stringify(heads));
  const columnsAt = aligned(4 + json.length);
  const record = Buffer.alloc(RECORD_HEAD_BYTES + columnsAt + numbers.byteLength);
  const body = record.subarray(RECORD_HEAD_BYTES);
  body.writeUInt32LE(json.length, 0);
  json.copy(body, 4);
  Buffer.from(numbers.buffer).copy(body, columnsAt);
  record.writeUInt32LE(body.length, 0);
  record.writeUInt32LE(crc32(body), 4);
  return record;
}

/** Bytes of the body behind a record's head; undefined when it cannot be one. */
export function bodyBytes(head: Buffer): number | undefined {
  if (head.length < RECORD_HEAD_BYTES) return undefined;
  const length = head.readUInt32LE(0);
  return length < 4 || length > MAX_BODY_BYTES ? undefined : length;
}

/** The batch of a whole record; undefined when it is damaged. */
export function decodeRecord(head: Buffer, body: Buffer): Batch | undefined {
  if (head.readUInt32LE(4) !== crc32(body)) return undefined;
  const jsonBytes = body.readUInt32LE(0);
  // Our own writing, whole by its checksum.
  const heads = JSON.parse(body.toString("utf8", 4, 4 + jsonBytes)) as StreamHead[];
  const columns = Uint8Array.from(body.subarray(aligned(4 + jsonBytes)));
  const numbers = new Float64Array(columns.buffer);
  const batch: Batch = { streams: new Map(), readings: 0 };
  let at = 0;
  for (const stream of heads) {
    batch.streams.set(stream.name, samplesOf(stream, numbers.subarray(at, at + stream.count * COLUMNS)));
    batch.readings += stream.count;
    at += stream.count * COLUMNS;
  }
  return batch;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

function headOf(name: string, samples: readonly Sample[]): StreamHead {
  const head: StreamHead = { name, count: samples.length, runs: [], marks: [] };
  let unit: string | undefined;
  let boolean = false;
  samples.forEach((sample, index) => {
    // A reading without a value says nothing of the type.
    const isBoolean = sample.value === null ? boolean : typeof sample.value === "boolean";
    if (sample.unit !== unit || isBoolean !== boolean) {
      unit = sample.unit;
      boolean = isBoolean;
      head.runs.push([index, unit, boolean]);
    }
    const { quality, reason } = sample;
    if (quality !== undefined)
      head.marks.push(reason === undefined ? [index, quality] : [index, quality, reason]);
  });
  return head;
}

function samplesOf({ count, runs, marks }: StreamHead, numbers: Float64Array): Sample[] {
  const column = (which: number, index: number): number => numbers[which * count + index] ?? Number.NaN;
  let run = 0;
  const samples = Array.from({ length: count }, (_, index): Sample => {
    while ((runs[run + 1]?.[0] ?? count) <= index) run += 1;
    const [, unit, boolean] = runs[run] ?? [0, "", false];
    const value = column(2, index);
    return {
      boot: column(3, index),
      seq: column(4, index),
      at: column(0, index),
      timestamp: column(1, index),
      value: Number.isNaN(value) ? null : boolean ? value === 1 : value,
      unit,
    };
  });
  for (const [index, quality, reason] of marks) {
    const sample = samples[index];
    if (sample === undefined) continue;
    sample.quality = quality;
    if (reason !== undefined) sample.reason = reason;
  }
  return samples;
}
