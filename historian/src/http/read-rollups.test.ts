import type { Rollup, RollupLevel, Sample } from "@fieldmesh/storage";
import { ROLLUP_MS } from "@fieldmesh/storage";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RollUp } from "../rollup/roll-up.js";
import { FakeSeries } from "../testing/fake-series.js";
import { mergeOf, readRollups, rollupColumns } from "./read-rollups.js";

const STREAM = "env_greenhouse_temperature";
const START = Date.UTC(2027, 0, 31, 12);
const HOUR_MS = 3_600_000;

const samples = fc
  .array(
    fc.record({
      offset: fc.integer({ min: 0, max: 6 * HOUR_MS }),
      value: fc.option(fc.integer({ min: -1_000, max: 1_000 }), { freq: 8 }),
    }),
    { maxLength: 200 },
  )
  .map((all) =>
    all
      .sort((one, other) => one.offset - other.offset)
      .map(({ offset, value }, i): Sample => {
        const at = START + offset;
        const sample: Sample = { boot: 1, seq: i + 1, at, timestamp: at, value, unit: "Cel" };
        return value === null ? { ...sample, quality: "bad" } : sample;
      }),
  );
const level = fc.constantFrom<RollupLevel>("minute", "hour");

function rolled(of: RollupLevel, all: readonly Sample[]): Rollup[] {
  const rollUp = new RollUp(of);
  for (const sample of all) rollUp.sample(sample);
  return rollUp.rows();
}

/** A mean differs in its last digits by how it was summed up. */
function withoutMean(row: Rollup): Rollup {
  return { ...row, mean: null };
}

function valuesOf(all: readonly Sample[]): number[] {
  return all.flatMap(({ value }) => (value === null ? [] : [Number(value)]));
}

describe("rows for a chart", () => {
  test("are those of all readings, however far they were rolled up already", async () => {
    await fc.assert(
      fc.asyncProperty(samples, level, fc.nat({ max: 7 * HOUR_MS }), async (all, of, madeUpTo) => {
        const series = new FakeSeries(() => START + madeUpTo);
        await series.append(new Map([[STREAM, all]]));
        const found = await readRollups(series, of, STREAM, { from: START, to: START + 8 * HOUR_MS });
        const expected = rolled(of, all);
        expect(found.map(withoutMean)).toEqual(expected.map(withoutMean));
        for (const [i, { mean }] of found.entries()) {
          const want = expected[i]?.mean ?? null;
          if (mean === null || want === null) expect(mean).toBe(want);
          else expect(mean).toBeCloseTo(want, 6);
        }
      }),
    );
  });

  test("that are merged are no more than asked for, keep each extreme, and count each reading once", () => {
    fc.assert(
      fc.property(samples, level, fc.integer({ min: 1, max: 40 }), (all, of, points) => {
        const rows = rolled(of, all);
        const { stepMs, t, v, min, max, bad } = rollupColumns(rows, of, mergeOf(rows, of, points));
        expect(t.length).toBeLessThanOrEqual(points);
        expect(stepMs % ROLLUP_MS[of]).toBe(0);
        expect(bad).toBe(all.length - valuesOf(all).length);
        let seen = 0;
        for (let i = 0; i < t.length; i++) {
          const middle = t[i] ?? 0;
          if (i > 0) expect(middle).toBeGreaterThan(t[i - 1] ?? 0);
          const inside = valuesOf(
            all.filter(({ at }) => at >= middle - stepMs / 2 && at < middle + stepMs / 2),
          );
          seen += inside.length;
          if (inside.length === 0) {
            expect([v[i], min[i], max[i]]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
            continue;
          }
          expect([min[i], max[i]]).toEqual([Math.min(...inside), Math.max(...inside)]);
          expect(v[i]).toBeCloseTo(inside.reduce((sum, one) => sum + one, 0) / inside.length, 6);
        }
        expect(seen).toBe(valuesOf(all).length);
      }),
    );
  });
});
