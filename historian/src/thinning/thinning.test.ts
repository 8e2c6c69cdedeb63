import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { thinLargestTriangle } from "./largest-triangle.js";
import { type Line, pick } from "./line.js";
import { thinMinMax } from "./min-max.js";

const WAYS = [
  ["min/max", thinMinMax],
  ["largest triangle", thinLargestTriangle],
] as const;

const value = fc.oneof(
  { weight: 6, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) },
  { weight: 1, arbitrary: fc.constant(Number.NaN) },
  { weight: 1, arbitrary: fc.constant(0) },
);
/** Steps of 0 too: readings of one moment, and long silences. */
const step = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1_000, max: 100_000 }));

const line: fc.Arbitrary<Line> = fc.array(fc.tuple(step, value), { maxLength: 400 }).map((steps) => {
  let time = 1_700_000_000_000;
  const t = Float64Array.from(steps, ([add]) => {
    time += add;
    return time;
  });
  return { t, v: Float64Array.from(steps, ([, v]) => v) };
});

function evenly(values: readonly number[]): Line {
  return { t: Float64Array.from(values, (_, i) => i * 1_000), v: Float64Array.from(values) };
}

function finite(values: Float64Array): number[] {
  return [...values].filter((v) => !Number.isNaN(v));
}

describe.each(WAYS)("%s", (_name, thin) => {
  test("answers some of the points, ascending, no more than asked for, with the first and the last", () => {
    fc.assert(
      fc.property(line, fc.integer({ min: 1, max: 100 }), (whole, points) => {
        const kept = thin(whole, points);
        const { length } = whole.t;
        expect(kept.length).toBeLessThanOrEqual(points);
        for (let i = 0; i < kept.length; i++) {
          expect(kept[i]).toBeLessThan(length);
          if (i > 0) expect(kept[i]).toBeGreaterThan(kept[i - 1] ?? 0);
        }
        if (length <= points) expect(kept.length).toBe(length);
        if (length > 0) expect(kept.at(-1)).toBe(length - 1);
        if (length > 0 && points >= 2) expect(kept[0]).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  test("keeps to every small number of points, with breaks and without", () => {
    for (const every of [1, 2, 3, 7, Number.POSITIVE_INFINITY]) {
      const whole = evenly(Array.from({ length: 200 }, (_, i) => (i % every === 1 ? Number.NaN : i)));
      for (let points = 1; points <= 30; points++) {
        const { length } = thin(whole, points);
        expect([every, points, length <= points]).toEqual([every, points, true]);
      }
    }
  });

  test("keeps a break within each stretch between two kept values that had one for long", () => {
    const values = Array.from({ length: 1_000 }, (_, i) => (i >= 400 && i < 600 ? Number.NaN : i));
    const whole = evenly(values);
    const kept = pick(whole.v, thin(whole, 50));
    const firstBreak = kept.findIndex((v) => Number.isNaN(v));
    expect(firstBreak).toBeGreaterThan(0);
    expect(finite(kept.subarray(0, firstBreak)).every((v) => v < 400)).toBe(true);
    expect(finite(kept.subarray(firstBreak)).every((v) => v >= 600)).toBe(true);
  });

  test("takes what is empty, single, constant or without any value", () => {
    expect([...thin(evenly([]), 10)]).toEqual([]);
    expect([...thin(evenly([5]), 1)]).toEqual([0]);
    const constant = evenly(Array.from({ length: 5_000 }, () => 7));
    expect(thin(constant, 100).length).toBeGreaterThan(2);
    const nothing = thin(evenly(Array.from({ length: 5_000 }, () => Number.NaN)), 100);
    expect(nothing[0]).toBe(0);
    expect(nothing.at(-1)).toBe(4_999);
    const moment = {
      t: new Float64Array(500).fill(9),
      v: Float64Array.from({ length: 500 }, (_, i) => i % 7),
    };
    expect(thin(moment, 10).length).toBeLessThanOrEqual(10);
  });

  test("a day at 1 Hz to 1,000 points takes less than 10 ms", () => {
    const day = evenly(Array.from({ length: 86_400 }, (_, i) => 20 + 5 * Math.sin(i / 700) + (i % 13) / 10));
    for (let i = 0; i < 5; i++) thin(day, 1_000); // compiled
    const times = Array.from({ length: 9 }, () => {
      const begun = performance.now();
      expect(thin(day, 1_000).length).toBeGreaterThan(900);
      return performance.now() - begun;
    });
    // The best of some: another process may have the core for a while.
    expect(Math.min(...times)).toBeLessThan(10);
  });
});

test("min/max keeps the lowest and highest of all, and of each stretch of time", () => {
  fc.assert(
    fc.property(line, fc.integer({ min: 8, max: 100 }), (whole, points) => {
      const { t, v } = whole;
      const kept = thinMinMax(whole, points);
      const values = new Set(pick(v, kept));
      const all = finite(v);
      if (all.length > 0) {
        expect(values.has(Math.min(...all))).toBe(true);
        expect(values.has(Math.max(...all))).toBe(true);
      }
      if (t.length <= points) return;
      const perBucket = finite(v).length < v.length ? 3 : 2;
      const count = Math.floor((points - 2) / perBucket);
      const from = t[0] ?? 0;
      const length = ((t.at(-1) ?? 0) - from) / count;
      for (let bucket = 0; bucket < count && length > 0; bucket++) {
        const isLast = bucket === count - 1;
        const inside = finite(
          v.filter((_, i) => {
            const at = t[i] ?? 0;
            if (i === 0 || i === t.length - 1) return false;
            return at >= from + bucket * length && (isLast || at < from + (bucket + 1) * length);
          }),
        );
        if (inside.length === 0) continue;
        expect(values.has(Math.min(...inside))).toBe(true);
        expect(values.has(Math.max(...inside))).toBe(true);
      }
    }),
  );
});

test("largest triangle keeps the one spike of a flat line", () => {
  const values = Array.from({ length: 10_000 }, () => 1);
  values[6_543] = 50;
  const whole = evenly(values);
  expect([...thinLargestTriangle(whole, 40)]).toContain(6_543);
});
