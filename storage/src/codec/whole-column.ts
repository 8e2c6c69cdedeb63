import type { ByteReader } from "./byte-reader.js";
import { type ByteWriter, MAX_SIGNED } from "./byte-writer.js";

const DELTAS = 1;
const DELTAS_OF_DELTAS = 2;

/** Whether {@link writeWholes} can keep these exactly: whole numbers, no -0, whose differences are exact too. */
export function areWholes(values: Float64Array): boolean {
  for (const value of values) {
    // A quarter of what is exact, so that deltas of deltas are.
    if (!Number.isInteger(value) || Math.abs(value) >= MAX_SIGNED / 4 || Object.is(value, -0)) return false;
  }
  return true;
}

/**
 * Whole numbers as the first one and differences: from one to the next, less the middle one of them (time with
 * jitter), or of the differences in turn (what grows steadily), whichever is shorter. All are divided by what
 * divides them all (times in whole seconds), and a run of zeros is a zero and its length: what is regular costs
 * some bytes in all.
 */
export function writeWholes(writer: ByteWriter, values: Float64Array): void {
  const first = values[0];
  if (first === undefined) return;
  writer.signed(first);
  if (values.length === 1) return;
  const deltas = differences(values);
  const middle = Float64Array.from(deltas).sort()[deltas.length >> 1] ?? 0;
  const jitter = deltas.map((delta) => delta - middle);
  const change = new Float64Array(deltas.length);
  change[0] = (deltas[0] ?? 0) - middle;
  change.set(differences(deltas), 1);
  const order = cost(change) < cost(jitter) ? DELTAS_OF_DELTAS : DELTAS;
  const rest = order === DELTAS ? jitter : change;
  const divisor = commonDivisor(rest);
  writer.byte(order);
  writer.signed(middle);
  writer.unsigned(divisor);
  writeRuns(writer, rest, divisor);
}

export function readWholes(reader: ByteReader, length: number): Float64Array {
  const values = new Float64Array(length);
  if (length === 0) return values;
  let value = reader.signed();
  values[0] = value;
  if (length === 1) return values;
  const order = reader.byte();
  if (order !== DELTAS && order !== DELTAS_OF_DELTAS)
    throw new RangeError(`it has a column of kind ${order}`);
  const middle = reader.signed();
  const divisor = reader.unsigned();
  let delta = middle;
  for (let at = 1; at < length; ) {
    const rest = reader.signed() * divisor;
    if (rest !== 0) {
      delta = (order === DELTAS ? middle : delta) + rest;
      value += delta;
      values[at++] = value;
      continue;
    }
    const end = at + reader.count(length - at);
    if (end === at) throw new RangeError("it has a run of nothing");
    if (order === DELTAS) delta = middle;
    for (; at < end; at += 1) {
      value += delta;
      values[at] = value;
    }
  }
  return values;
}

function writeRuns(writer: ByteWriter, rest: Float64Array, divisor: number): void {
  for (let at = 0; at < rest.length; ) {
    const value = rest[at] ?? 0;
    if (value !== 0) {
      writer.signed(value / divisor);
      at += 1;
      continue;
    }
    let end = at + 1;
    while (rest[end] === 0) end += 1;
    writer.byte(0);
    writer.unsigned(end - at);
    at = end;
  }
}

function differences(values: Float64Array): Float64Array {
  const found = new Float64Array(values.length - 1);
  for (let at = 0; at < found.length; at += 1) found[at] = (values[at + 1] ?? 0) - (values[at] ?? 0);
  return found;
}

/** About how many bits they take. */
function cost(values: Float64Array): number {
  let bits = 0;
  for (const value of values) if (value !== 0) bits += 2 + Math.log2(Math.abs(value));
  return bits;
}

function commonDivisor(values: Float64Array): number {
  let divisor = 0;
  for (const value of values) {
    let a = Math.abs(value);
    while (a !== 0) [a, divisor] = [divisor % a, a];
    if (divisor === 1) return 1;
  }
  return Math.max(divisor, 1);
}
