import type { SampleColumns } from "../series.js";
import { ByteReader } from "./byte-reader.js";
import { ByteWriter } from "./byte-writer.js";
import { openFrame, readHead, sealFrame } from "./frame.js";
import { readValues, writeValues } from "./value-column.js";
import { areWholes, readWholes, writeWholes } from "./whole-column.js";

/** Mark of a frame: it holds readings without accounting (boot 0). */
const HAS_BARE = 1;
const TYPES = ["number", "boolean"] as const;
const QUALITIES = ["uncertain", "bad"] as const;

const WHOLE = 0;
const REAL = 1;
/** `at` is what its column says, or `timestamp` less that. */
const AT_ALONE = 0;
const AT_OFFSET = 1;

type Mark = SampleColumns["marks"][number];

/**
 * A block of samples as bytes: columns, of which regular ones cost next to nothing, in a frame.
 * @param deflate for what is to stay; the tail of a stream is written too often for it
 */
export function encodeBlock(columns: SampleColumns, deflate: boolean): Buffer {
  const { length, at, timestamp, boot, seq } = columns;
  const writer = new ByteWriter();
  writer.byte(TYPES.indexOf(columns.valueType));
  writer.text(columns.unit);
  writeColumn(writer, timestamp, deflate);
  const offset = timestamp.map((time, index) => time - (at[index] ?? 0));
  const exact = offset.every((ms, index) => (timestamp[index] ?? 0) - ms === at[index]);
  writer.byte(exact ? AT_OFFSET : AT_ALONE);
  writeColumn(writer, exact ? offset : at, deflate);
  writeColumn(writer, boot, deflate);
  writeColumn(writer, seq, deflate);
  writeMeasured(writer, columns.value, deflate);
  writeMarks(writer, columns.marks);
  const head = { count: length, end: at[length - 1] ?? 0, marks: boot.includes(0) ? HAS_BARE : 0 };
  return sealFrame(head, writer.done(), deflate);
}

/** @throws RangeError, SyntaxError, or an error of zlib, when these are not the bytes of a block. */
export function decodeBlock(frame: Buffer): SampleColumns {
  const { count: length } = readHead(frame);
  const reader = new ByteReader(openFrame(frame));
  const valueType = TYPES[reader.byte()];
  if (valueType === undefined) throw new RangeError("it has values of no known type");
  const unit = reader.text();
  const timestamp = readColumn(reader, length);
  const offset = reader.byte() === AT_OFFSET;
  const at = readColumn(reader, length);
  if (offset) for (let n = 0; n < length; n += 1) at[n] = (timestamp[n] ?? 0) - (at[n] ?? 0);
  const boot = readColumn(reader, length);
  const seq = readColumn(reader, length);
  const value = readMeasured(reader, length);
  const marks = readMarks(reader, length);
  return { length, at, timestamp, value, boot, seq, unit, valueType, marks };
}

/** What is known of a block without decoding it. */
export function blockHead(frame: Buffer): { count: number; end: number; hasBare: boolean } {
  const { count, end, marks } = readHead(frame);
  return { count, end, hasBare: (marks & HAS_BARE) !== 0 };
}

/** Any numbers but NaN. */
function writeColumn(writer: ByteWriter, values: Float64Array, deflate: boolean): void {
  const wholes = areWholes(values);
  writer.byte(wholes ? WHOLE : REAL);
  if (wholes) writeWholes(writer, values);
  else writeValues(writer, values, deflate);
}

function readColumn(reader: ByteReader, length: number): Float64Array {
  return reader.byte() === WHOLE ? readWholes(reader, length) : readValues(reader, length);
}

/** Values, of which NaN ones are kept apart: in the column they are what was before, which costs nothing. */
export function writeMeasured(writer: ByteWriter, values: Float64Array, deflate: boolean): void {
  const missing: number[] = [];
  const filled = values.slice();
  let last = 0;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] ?? 0;
    if (Number.isNaN(value)) {
      missing.push(index);
      filled[index] = last;
    } else {
      last = value;
    }
  }
  writer.unsigned(missing.length);
  writeWholes(writer, Float64Array.from(missing));
  writeValues(writer, filled, deflate);
}

export function readMeasured(reader: ByteReader, length: number): Float64Array {
  const missing = readWholes(reader, reader.count(length));
  const values = readValues(reader, length);
  for (const index of missing) values[index] = Number.NaN;
  return values;
}

/** Where, which quality, and which of the reasons, each of which is there once; 0 is none. */
function writeMarks(writer: ByteWriter, marks: readonly Mark[]): void {
  writer.unsigned(marks.length);
  if (marks.length === 0) return;
  const places = new Map<string, number>();
  for (const { reason } of marks) {
    if (reason !== undefined && !places.has(reason)) places.set(reason, places.size + 1);
  }
  writeWholes(
    writer,
    Float64Array.from(marks, ({ index }) => index),
  );
  writeWholes(
    writer,
    Float64Array.from(marks, ({ quality }) => QUALITIES.indexOf(quality)),
  );
  writer.unsigned(places.size);
  for (const reason of places.keys()) writer.text(reason);
  const place = ({ reason }: Mark) => (reason === undefined ? 0 : (places.get(reason) ?? 0));
  writeWholes(writer, Float64Array.from(marks, place));
}

function readMarks(reader: ByteReader, length: number): Mark[] {
  const count = reader.count(length);
  if (count === 0) return [];
  const indexes = readWholes(reader, count);
  const qualities = readWholes(reader, count);
  const reasons = Array.from({ length: reader.count(count) }, () => reader.text());
  const places = readWholes(reader, count);
  return Array.from({ length: count }, (_, n): Mark => {
    const quality = QUALITIES[qualities[n] ?? -1];
    if (quality === undefined) throw new RangeError("it has a quality that is none");
    const reason = reasons[(places[n] ?? 0) - 1];
    const index = indexes[n] ?? 0;
    return reason === undefined ? { index, quality } : { index, quality, reason };
  });
}
