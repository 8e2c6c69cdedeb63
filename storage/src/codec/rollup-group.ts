import { ROLLUP_MS, type Rollup, type RollupLevel } from "../series.js";
import { readMeasured, writeMeasured } from "./block.js";
import { ByteReader } from "./byte-reader.js";
import { ByteWriter } from "./byte-writer.js";
import { openFrame, readHead, sealFrame } from "./frame.js";
import { readWholes, writeWholes } from "./whole-column.js";

const MEASURES = ["min", "max", "mean", "first", "last"] as const;

/**
 * Rows of one level as bytes, columns side by side.
 * @param rows ascending, at least one
 * @param deflate for what is to stay
 */
export function encodeRollups(level: RollupLevel, rows: readonly Rollup[], deflate: boolean): Buffer {
  const writer = new ByteWriter();
  const column = (value: (row: Rollup) => number) => Float64Array.from(rows, value);
  writeWholes(
    writer,
    column(({ at }) => at / ROLLUP_MS[level]),
  );
  writeWholes(
    writer,
    column(({ count }) => count),
  );
  writeWholes(
    writer,
    column(({ bad }) => bad),
  );
  for (const measure of MEASURES) {
    writeMeasured(
      writer,
      column((row) => row[measure] ?? Number.NaN),
      deflate,
    );
  }
  const head = { count: rows.length, end: rows.at(-1)?.at ?? 0, marks: 0 };
  return sealFrame(head, writer.done(), deflate);
}

/** @throws RangeError, or an error of zlib, when these are not the bytes of rows. */
export function decodeRollups(level: RollupLevel, frame: Buffer): Rollup[] {
  const { count: length } = readHead(frame);
  const reader = new ByteReader(openFrame(frame));
  const at = readWholes(reader, length);
  const count = readWholes(reader, length);
  const bad = readWholes(reader, length);
  const [min, max, mean, first, last] = MEASURES.map(() => readMeasured(reader, length));
  const one = (column: Float64Array | undefined, n: number) => {
    const value = column?.[n] ?? Number.NaN;
    return Number.isNaN(value) ? null : value;
  };
  return Array.from({ length }, (_, n) => ({
    at: (at[n] ?? 0) * ROLLUP_MS[level],
    count: count[n] ?? 0,
    min: one(min, n),
    max: one(max, n),
    mean: one(mean, n),
    first: one(first, n),
    last: one(last, n),
    bad: bad[n] ?? 0,
  }));
}

/** `at` of the last of the rows, without decoding them. */
export function lastRollup(frame: Buffer): number {
  return readHead(frame).end;
}
