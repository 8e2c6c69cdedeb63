import type { SamplePosition } from "../../samples/sample-order.js";

/** Keys begin with the number of their stream, so that a stream's entries are neighbours. */
export type SeriesKey = Buffer;

/** Sorts after every double that is kept: the bytes of an infinity and more. */
const LAST = 0xff;

/** The stream alone: before all of its keys. */
export function streamKey(id: number): SeriesKey {
  const key = Buffer.allocUnsafe(4);
  key.writeUInt32BE(id, 0);
  return key;
}

/** Before the keys of the next stream. */
export function streamEnd(id: number): SeriesKey {
  return streamKey(id + 1);
}

/** Of a block: the position of its first sample. */
export function blockKey(id: number, { at, boot, seq }: SamplePosition): SeriesKey {
  const key = Buffer.allocUnsafe(28);
  key.writeUInt32BE(id, 0);
  writeOrdered(key, at, 4);
  writeOrdered(key, boot, 12);
  writeOrdered(key, seq, 20);
  return key;
}

export function blockStart(key: SeriesKey): SamplePosition {
  return { at: readOrdered(key, 4), boot: readOrdered(key, 12), seq: readOrdered(key, 20) };
}

/** Of a page of the numbers of a boot. */
export function numbersKey(id: number, boot: number, page: number): SeriesKey {
  const key = Buffer.allocUnsafe(20);
  key.writeUInt32BE(id, 0);
  writeOrdered(key, boot, 4);
  writeOrdered(key, page, 12);
  return key;
}

export function numbersBoot(key: SeriesKey): number {
  return readOrdered(key, 4);
}

export function numbersPage(key: SeriesKey): number {
  return readOrdered(key, 12);
}

/** After all pages of the boot. */
export function numbersEnd(id: number, boot: number): SeriesKey {
  const key = Buffer.alloc(13, LAST);
  key.writeUInt32BE(id, 0);
  writeOrdered(key, boot, 4);
  return key;
}

/** Of what is kept under a time in a part of a stream: groups of rollup rows, and single ones. */
export function partKey(id: number, part: number, at: number): SeriesKey {
  const key = Buffer.allocUnsafe(13);
  key.writeUInt32BE(id, 0);
  key[4] = part;
  writeOrdered(key, at, 5);
  return key;
}

export function partTime(key: SeriesKey): number {
  return readOrdered(key, 5);
}

/** Of one thing in a part of a stream that is counted. */
export function entryKey(id: number, part: number, n: number): SeriesKey {
  const key = Buffer.allocUnsafe(9);
  key.writeUInt32BE(id, 0);
  key[4] = part;
  key.writeUInt32BE(n, 5);
  return key;
}

/** A double so that the order of the bytes is that of the numbers: of negative ones all bits are turned. */
function writeOrdered(key: Buffer, value: number, at: number): void {
  key.writeDoubleBE(value === 0 ? 0 : value, at); // -0 is 0
  const sign = key[at] ?? 0;
  if (sign < 0x80) {
    key[at] = sign | 0x80;
    return;
  }
  for (let n = at; n < at + 8; n += 1) key[n] = ~(key[n] ?? 0) & 0xff;
}

function readOrdered(key: Buffer, at: number): number {
  const bytes = Buffer.from(key.subarray(at, at + 8));
  const sign = bytes[0] ?? 0;
  if (sign >= 0x80) bytes[0] = sign & 0x7f;
  else for (let n = 0; n < 8; n += 1) bytes[n] = ~(bytes[n] ?? 0) & 0xff;
  return bytes.readDoubleBE(0);
}
