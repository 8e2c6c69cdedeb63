import type { Rollup, Sample } from "@fieldmesh/storage";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { coarser, followed, RollUp } from "./roll-up.js";

const HOUR_MS = 3_600_000;
const START = 1_763_640_000_000 - (1_763_640_000_000 % HOUR_MS);

const value = fc.oneof(
  // Sums of these stay within a double; what happens beyond has a test of its own.
  fc.double({ noNaN: true, min: -1e300, max: 1e300 }),
  fc.integer({ min: -50, max: 150 }),
  fc.boolean(),
);
const sample = fc
  .record({ offset: fc.integer({ min: 0, max: 3 * HOUR_MS }), value, bad: fc.nat({ max: 5 }) })
  .map(
    ({ offset, value: given, bad }): Sample => ({
      boot: 1,
      seq: 1,
      at: START + offset,
      timestamp: START + offset,
      unit: "1",
      value: bad === 0 ? null : given,
      ...(bad <= 1 ? { quality: "bad" as const } : bad === 2 ? { quality: "uncertain" as const } : {}),
    }),
  );
const ascending = fc
  .array(sample, { maxLength: 300 })
  .map((samples) => samples.toSorted((one, other) => one.at - other.at));

function rolled(level: "minute" | "hour", samples: readonly Sample[]): Rollup[] {
  const rollUp = new RollUp(level);
  for (const one of samples) rollUp.sample(one);
  return rollUp.rows();
}

/** The definition, word by word. */
function naive(stepMs: number, samples: readonly Sample[]): Rollup[] {
  const byStart = new Map<number, Sample[]>();
  for (const one of samples) {
    const start = Math.floor(one.at / stepMs) * stepMs;
    byStart.set(start, [...(byStart.get(start) ?? []), one]);
  }
  return [...byStart].map(([at, of]) => {
    const values = of.filter(({ quality }) => quality !== "bad").map(({ value: v }) => Number(v));
    const bad = of.length - values.length;
    if (values.length === 0)
      return { at, count: 0, min: null, max: null, mean: null, first: null, last: null, bad };
    return {
      at,
      count: values.length,
      min: Math.min(...values),
      max: Math.max(...values),
      mean: values.reduce((sum, v) => sum + v / values.length, 0),
      first: values[0] ?? null,
      last: values.at(-1) ?? null,
      bad,
    };
  });
}

/** Below this a double has no full precision, and neither has the recount. */
const TINIEST = 1e-290;

function expectSame(actual: readonly Rollup[], expected: readonly Rollup[]): void {
  const exact = (rows: readonly Rollup[]) => rows.map((row) => ({ ...row, mean: 0 }));
  expect(exact(actual)).toEqual(exact(expected));
  actual.forEach((row, i) => {
    const want = expected[i]?.mean ?? null;
    if (row.mean === null || want === null) expect(row.mean).toBe(want);
    else {
      const scale = Math.max(Math.abs(row.min ?? 0), Math.abs(row.max ?? 0), TINIEST);
      expect(Math.abs(row.mean / scale - want / scale)).toBeLessThan(1e-9);
    }
  });
}

describe("RollUp", () => {
  it("says of each minute and hour what its definition says", () => {
    fc.assert(
      fc.property(ascending, (samples) => {
        expectSame(rolled("minute", samples), naive(60_000, samples));
        expectSame(rolled("hour", samples), naive(HOUR_MS, samples));
      }),
    );
  });

  it("makes hours of minutes that are those of the readings", () => {
    fc.assert(
      fc.property(ascending, (samples) => {
        expectSame(coarser("hour", rolled("minute", samples)), rolled("hour", samples));
      }),
    );
  });

  it("adds a row of later readings to one that cannot be made anew", () => {
    fc.assert(
      fc.property(ascending, fc.nat(), (samples, cut) => {
        const within = samples.filter(({ at }) => at < START + HOUR_MS);
        const at = within.length === 0 ? 0 : cut % within.length;
        const [before] = rolled("hour", within.slice(0, at));
        const [after] = rolled("hour", within.slice(at));
        const rows =
          before !== undefined && after !== undefined ? [followed(before, after)] : [before ?? after];
        expectSame(
          rows.filter((row) => row !== undefined),
          rolled("hour", within),
        );
      }),
    );
  });

  it("keeps the mean of huge values within them", () => {
    const huge = [1, 2, 3].map(
      (n): Sample => ({
        boot: 1,
        seq: n,
        at: START + n,
        timestamp: START + n,
        value: Number.MAX_VALUE,
        unit: "1",
      }),
    );
    expect(rolled("minute", huge)[0]?.mean).toBe(Number.MAX_VALUE);
  });
});
