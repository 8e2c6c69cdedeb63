import { deflateRawSync } from "node:zlib";
import type { ByteReader } from "./byte-reader.js";
import { ByteWriter } from "./byte-writer.js";
import { areWholes, readWholes, writeWholes } from "./whole-column.js";

/** The doubles as they are. */
const RAW = 0;
/** Whole numbers of a power of ten. */
const DECIMALS = 1;
/** The different ones, ascending, and which of them each is. */
const LIST = 2;
/** The doubles byte by byte: the first bytes of all, then the second. */
const PLANES = 3;
/** 0 and 1, eight to a byte. */
const BITS = 4;

/** What a sensor shows has few digits; 17 tell every double, but not as whole numbers that stay exact. */
const MAX_DECIMALS = 17;
/** With more different ones than this share of all, a list of them is no gain. */
const MAX_LISTED = 0.75;

/**
 * Any doubles but NaN, exactly, in the shortest of some forms. The longer ones are tried by what is left of them
 * after `deflate`, when that follows.
 */
export function writeValues(writer: ByteWriter, values: Float64Array, deflated: boolean): void {
  if (areBits(values)) {
    writer.byte(BITS);
    writer.put(bits(values));
    return;
  }
  const forms = [decimals(values)];
  if (deflated) forms.push(list(values));
  if (deflated && values.length > 1) forms.push(planes(values));
  forms.push(raw(values));
  const size = (form: Buffer) => (deflated ? deflateRawSync(form, { level: 1 }).length : form.length);
  let shortest: Buffer | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const form of forms) {
    if (form === undefined) continue;
    const bytes = size(form);
    if (bytes < least) {
      least = bytes;
      shortest = form;
    }
    if (least < values.length) break; // below a byte each there is little to gain
  }
  if (shortest !== undefined) writer.put(shortest);
}

export function readValues(reader: ByteReader, length: number): Float64Array {
  const form = reader.byte();
  if (form === RAW) return readRaw(reader.take(length * 8), length);
  if (form === DECIMALS) return readDecimals(reader, length);
  if (form === LIST) return readList(reader, length);
  if (form === PLANES) return readPlanes(reader.take(length * 8), length);
  if (form === BITS) return readBits(reader.take(Math.ceil(length / 8)), length);
  throw new RangeError(`it has values of form ${form}`);
}

function decimals(values: Float64Array): Buffer | undefined {
  for (let digits = 0; digits <= MAX_DECIMALS; digits += 1) {
    const wholes = scaled(values, 10 ** digits);
    if (wholes === undefined) continue;
    const writer = new ByteWriter();
    writer.byte(DECIMALS);
    writer.byte(digits);
    writeWholes(writer, wholes);
    return writer.done();
  }
  return undefined;
}

/** Whole numbers that, divided by the scale, are these doubles to the bit; undefined when not all have one. */
function scaled(values: Float64Array, scale: number): Float64Array | undefined {
  const wholes = new Float64Array(values.length);
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at] ?? 0;
    const whole = Math.round(value * scale);
    if (whole / scale !== value) return undefined;
    wholes[at] = whole;
  }
  return areWholes(wholes) ? wholes : undefined;
}

function readDecimals(reader: ByteReader, length: number): Float64Array {
  const scale = 10 ** reader.byte();
  const values = readWholes(reader, length);
  if (scale !== 1) for (let at = 0; at < length; at += 1) values[at] = (values[at] ?? 0) / scale;
  return values;
}

function list(values: Float64Array): Buffer | undefined {
  // By their bits, as a Map takes -0 for 0.
  if (values.some((value) => Object.is(value, -0))) return undefined;
  const places = new Map<number, number>();
  for (const value of values) places.set(value, 0);
  if (places.size > values.length * MAX_LISTED) return undefined;
  const listed = Float64Array.from(places.keys()).sort();
  for (const [place, value] of listed.entries()) places.set(value, place);
  const writer = new ByteWriter();
  writer.byte(LIST);
  writer.unsigned(listed.length);
  writer.put(decimals(listed) ?? raw(listed));
  writeWholes(
    writer,
    values.map((value) => places.get(value) ?? 0),
  );
  return writer.done();
}

function readList(reader: ByteReader, length: number): Float64Array {
  const listed = readValues(reader, reader.count(length));
  const values = readWholes(reader, length);
  for (let at = 0; at < length; at += 1) {
    const value = listed[values[at] ?? 0];
    if (value === undefined) throw new RangeError("it names a value that it does not list");
    values[at] = value;
  }
  return values;
}

function raw(values: Float64Array): Buffer {
  const writer = new ByteWriter();
  writer.byte(RAW);
  for (const value of values) writer.double(value);
  return writer.done();
}

function readRaw(bytes: Buffer, length: number): Float64Array {
  const values = new Float64Array(length);
  for (let at = 0; at < length; at += 1) values[at] = bytes.readDoubleLE(at * 8);
  return values;
}

function planes(values: Float64Array): Buffer {
  const bytes = raw(values).subarray(1);
  const found = Buffer.allocUnsafe(1 + bytes.length);
  found[0] = PLANES;
  for (let at = 0; at < bytes.length; at += 1) {
    found[1 + (at % 8) * values.length + (at >> 3)] = bytes[at] ?? 0;
  }
  return found;
}

function readPlanes(bytes: Buffer, length: number): Float64Array {
  const joined = Buffer.allocUnsafe(bytes.length);
  for (let at = 0; at < bytes.length; at += 1) joined[at] = bytes[(at % 8) * length + (at >> 3)] ?? 0;
  return readRaw(joined, length);
}

function areBits(values: Float64Array): boolean {
  return values.every((value) => Object.is(value, 0) || value === 1);
}

function bits(values: Float64Array): Buffer {
  const found = Buffer.alloc(Math.ceil(values.length / 8));
  for (let at = 0; at < values.length; at += 1) {
    if (values[at] === 1) found[at >> 3] = (found[at >> 3] ?? 0) | (1 << (at & 7));
  }
  return found;
}

function readBits(bytes: Buffer, length: number): Float64Array {
  const values = new Float64Array(length);
  for (let at = 0; at < length; at += 1) values[at] = ((bytes[at >> 3] ?? 0) >> (at & 7)) & 1;
  return values;
}
