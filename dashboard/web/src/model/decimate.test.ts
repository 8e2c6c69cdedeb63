import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decimate, emptyDecimated, gapAfter, type Point } from "./decimate.js";
import type { Series } from "./window.js";

function series(
  readings: { t: number; v: number; seq?: number; boot?: number }[],
  bad: number[] = [],
): Series {
  return {
    t: readings.map((r) => r.t),
    v: readings.map((r) => r.v),
    boot: readings.map((r) => r.boot ?? 1),
    seq: readings.map((r, i) => r.seq ?? i + 1),
    n: readings.map((_, i) => i),
    head: 0,
    flags: new Map(bad.map((i) => [i, { quality: "bad", reason: "" }])),
  };
}

function draw(of: Series, columnMs = 10, gapMs = 1e9, from = -1e9, to = 1e9): Point[] {
  const drawn = decimate(of, { from, to, columnMs, gapMs }, emptyDecimated());
  return drawn.points.slice(0, drawn.length).map(({ x, y }) => ({ x, y }));
}

describe("decimate", () => {
  it("keeps first, least, greatest and last of every column, in order of time", () => {
    const points = draw(series([1, 5, 2, 9, 3, 4].map((v, i) => ({ t: i, v }))));
    expect(points.map((p) => p.y)).toEqual([1, 9, 4]);
    expect(draw(series([3, 9, 2, 4].map((v, i) => ({ t: i, v })))).map((p) => p.y)).toEqual([3, 9, 2, 4]);
  });

  it("never loses the least or the greatest of a column, nor draws what is not there", () => {
    const readings = fc.array(
      fc.record({
        step: fc.integer({ min: 0, max: 40 }),
        v: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        lost: fc.boolean(),
        bad: fc.boolean(),
      }),
      { maxLength: 120 },
    );
    fc.assert(
      fc.property(readings, fc.integer({ min: 1, max: 60 }), (steps, columnMs) => {
        let t = 0;
        let seq = 0;
        const all = steps.map((s) => {
          t += s.step;
          seq += s.lost ? 3 : 1;
          return { t, seq, v: s.bad ? Number.NaN : s.v };
        });
        const points = draw(series(all), columnMs, 60).filter((p) => !Number.isNaN(p.y));
        const extremes = (values: { at: number; v: number }[]) => {
          const columns = new Map<number, { min: number; max: number }>();
          for (const { at, v } of values) {
            const c = Math.floor(at / columnMs);
            const old = columns.get(c) ?? { min: v, max: v };
            columns.set(c, { min: Math.min(old.min, v), max: Math.max(old.max, v) });
          }
          return columns;
        };
        const wanted = extremes(all.filter((r) => !Number.isNaN(r.v)).map((r) => ({ at: r.t, v: r.v })));
        for (const { min, max } of wanted.values()) {
          expect(points.some((p) => p.y === min)).toBe(true);
          expect(points.some((p) => p.y === max)).toBe(true);
        }
        const values = new Set(all.map((r) => r.v));
        for (const p of points) expect(values.has(p.y)).toBe(true);
        // At most four a column, and two for a dash.
        expect(points.length).toBeLessThanOrEqual(4 * wanted.size + 2);
      }),
    );
  });

  it("does not shimmer: a moved window draws the same points of the columns that stay", () => {
    const readings = Array.from({ length: 500 }, (_, i) => ({ t: i * 7, v: (i * 7919) % 101 }));
    const a = draw(series(readings), 40, 1e9, 0, 3000);
    const b = draw(series(readings), 40, 1e9, 13, 3013);
    const inner = (points: Point[]) => points.filter((p) => p.x >= 80 && p.x <= 2900);
    expect(inner(b)).toEqual(inner(a));
  });

  it("breaks the line where sequence numbers are missing", () => {
    const points = draw(
      series([
        { t: 0, v: 1, seq: 1 },
        { t: 20, v: 2, seq: 2 },
        { t: 40, v: 3, seq: 5 },
        { t: 60, v: 4, seq: 6 },
      ]),
    );
    expect(points.map((p) => p.y)).toEqual([1, 2, Number.NaN, 3, 4]);
  });

  it("breaks the line after three silent intervals, but not where the interval was longer before", () => {
    const regular = [0, 100, 200, 900, 1000].map((t, i) => ({ t, v: i }));
    expect(draw(series(regular), 10, 300).filter((p) => Number.isNaN(p.y))).toHaveLength(1);
    const slower = [0, 1000, 2000, 3000].map((t, i) => ({ t, v: i }));
    expect(draw(series(slower), 10, 300).filter((p) => Number.isNaN(p.y))).toHaveLength(1);
  });

  it("breaks the line around a bad reading and marks it once a column", () => {
    const readings = [1, 2, Number.NaN, Number.NaN, 5, 6].map((v, i) => ({ t: i * 20, v }));
    const drawn = decimate(
      series(readings, [2, 3]),
      { from: -1, to: 1e9, columnMs: 10, gapMs: 1e9 },
      emptyDecimated(),
    );
    expect(drawn.points.slice(0, drawn.length).map((p) => p.y)).toEqual([1, 2, Number.NaN, 5, 6]);
    expect(drawn.bad).toEqual([40, 60]);
  });

  it("draws a reading that stands alone as a dash", () => {
    const points = draw(
      series([
        { t: 50, v: 3, seq: 1 },
        { t: 150, v: 4, seq: 9 },
      ]),
      10,
    );
    expect(points.filter((p) => !Number.isNaN(p.y))).toEqual([
      { x: 45, y: 3 },
      { x: 55, y: 3 },
      { x: 145, y: 4 },
      { x: 155, y: 4 },
    ]);
  });

  it("tells which readings stand alone, so that they get a dot", () => {
    const alone = [1, 5, 6, 9].map((seq) => ({ t: seq * 50, v: seq, seq }));
    const drawn = decimate(series(alone), { from: 0, to: 1000, columnMs: 10, gapMs: 1e9 }, emptyDecimated());
    expect(drawn.alone).toEqual([
      { x: 50, y: 1 },
      { x: 450, y: 9 },
    ]);
  });

  it("takes one reading from outside, so that the line enters from the left", () => {
    const points = draw(series([0, 100, 200].map((t) => ({ t, v: t }))), 10, 1e9, 150, 250);
    expect(points.map((p) => p.x)).toEqual([100, 200]);
  });

  it("makes no new points when it is filled again", () => {
    const into = emptyDecimated();
    const of = series(Array.from({ length: 50 }, (_, i) => ({ t: i * 20, v: i })));
    const options = { from: 0, to: 1000, columnMs: 10, gapMs: 1e9 };
    const before = [...decimate(of, options, into).points];
    expect(decimate(of, options, into).points.every((p, i) => p === before[i])).toBe(true);
  });
});

describe("gapAfter", () => {
  it("allows what a deadband keeps back", () => {
    expect(gapAfter({ intervalMs: 1000 })).toBe(3000);
    expect(gapAfter({ intervalMs: 0 })).toBe(60_000);
    expect(gapAfter({ intervalMs: 1000, maxSilenceMs: 60_000 })).toBe(180_000);
  });
});
