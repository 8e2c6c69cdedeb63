import { SampleError } from "../errors.js";
import { ROLLUP_MS, type Rollup, type RollupLevel } from "../series.js";
import { checkStream } from "./check-samples.js";

const MAX_TIME = 8.64e15; // ms
const MAX_COUNT = 2 ** 40;
const MEASURES = ["min", "max", "mean", "first", "last"] as const;

/** @throws SampleError naming stream, field, value and what was expected, of the first that cannot be kept. */
export function checkRollups(stream: string, level: RollupLevel, rows: readonly Rollup[]): void {
  checkStream(stream);
  const stepMs = ROLLUP_MS[level];
  for (const row of rows) {
    if (!Number.isInteger(row.at / stepMs) || Math.abs(row.at) > MAX_TIME) {
      throw new SampleError(stream, "at", row.at, `a multiple of ${stepMs} ms`);
    }
    for (const field of ["count", "bad"] as const) {
      const value = row[field];
      if (!Number.isInteger(value) || value < 0 || value > MAX_COUNT) {
        throw new SampleError(stream, field, value, "a whole number from 0");
      }
    }
    for (const field of MEASURES) {
      const value = row[field];
      if (value !== null && !Number.isFinite(value)) {
        throw new SampleError(stream, field, value, "a finite number, or null");
      }
    }
  }
}
