import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Series } from "../model/window.js";
import { emptyJoined, join, jointOf, type Piece, summariseJoined } from "./join.js";

const INTERVAL = 1_000;
const GAP = 3 * INTERVAL;

/** A live window of readings at these times. */
function live(times: readonly number[], order = times.map((_, i) => i)): Series {
  return {
    t: [...times],
    v: times.map((t) => t / 1_000),
    boot: times.map(() => 7),
    seq: times.map((_, i) => i + 1),
    n: order,
    head: 0,
    flags: new Map(),
  };
}

function piece(from: number, to: number, times: readonly number[], more: Partial<Piece["rows"]> = {}): Piece {
  return {
    from,
    to,
    rows: { t: [...times], v: times.map((t) => t / 1_000), stepMs: 0, ...more },
    thinnedMs: 0,
  };
}

const every = (from: number, to: number, step = INTERVAL): number[] =>
  Array.from({ length: Math.max(0, Math.ceil((to - from) / step)) }, (_, i) => from + i * step);

const options = (now: number) => ({ now, windowMs: 300_000, cut: false, intervalMs: INTERVAL });

describe("join", () => {
  it("has every reading once, wherever the joint and the tiles lie and however clocks differ", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 600 }), // s in the live window
        fc.integer({ min: 1, max: 600 }), // s shown
        fc.constantFrom(32_000, 64_000, 256_000), // length of tiles
        fc.integer({ min: -400, max: 400 }), // ms by which the two measured the node's clock differently
        fc.integer({ min: 0, max: 999 }),
        (liveS, shownS, lengthMs, error, offset) => {
          const now = 10_000_000 + offset;
          const inWindow = every(now - liveS * 1_000, now);
          const past = every(now - liveS * 1_000 - 2_000_000, now).map((t) => t + error);
          const range = { from: now - shownS * 1_000, to: now };
          const pieces: Piece[] = [];
          for (let from = Math.floor(range.from / lengthMs) * lengthMs; from < now; from += lengthMs) {
            const to = from + lengthMs;
            pieces.push(
              piece(
                from,
                to,
                past.filter((t) => t >= from && t < to),
              ),
            );
          }
          const window = live(inWindow);
          const joint = jointOf(window, { ...options(now), windowMs: 900_000 });
          const joined = join(pieces, window, { range, joint, gapMs: GAP }, emptyJoined());
          const shown = joined.t.filter((t) => t >= range.from + 500 && t < now);
          for (let i = 1; i < shown.length; i++) {
            const step = (shown[i] ?? 0) - (shown[i - 1] ?? 0);
            expect(step).toBeGreaterThan(INTERVAL / 2);
            expect(step).toBeLessThan(INTERVAL * 1.5);
          }
          expect(shown.length).toBeGreaterThanOrEqual(shownS - 2);
          expect(joined.v.some(Number.isNaN)).toBe(false);
        },
      ),
    );
  });

  it("marks what is missing, between rows of history and at the joint", () => {
    const past = [...every(0, 10_000), ...every(30_000, 40_000)];
    const window = live(every(60_000, 70_000));
    const range = { from: 0, to: 70_000 };
    const joined = join(
      [piece(0, 64_000, past)],
      window,
      { range, joint: 59_500, gapMs: GAP },
      emptyJoined(),
    );
    const breaks = joined.t.filter((_, i) => Number.isNaN(joined.v[i] ?? 0));
    expect(breaks).toEqual([19_500, 49_500]);
    expect(joined.markedUntil).toBe(39_000);
  });

  it("does not take thinned rows for gaps", () => {
    // The lowest and the highest of each column of 60 s.
    const past = every(0, 3_600_000, 60_000).flatMap((t) => [t + 1_000, t + 2_000]);
    const thinned = { ...piece(0, 3_600_000, past), thinnedMs: 60_000 };
    const range = { from: 0, to: 3_600_000 };
    const joined = join([thinned], live([]), { range, joint: Infinity, gapMs: GAP }, emptyJoined());
    expect(joined.v.some(Number.isNaN)).toBe(false);
    expect(joined.thinnedMs).toBe(60_000);
  });

  it("keeps the band of rollups, and breaks the line where rows are missing", () => {
    const t = [30_000, 90_000, 390_000];
    const rollup = piece(0, 600_000, t, { stepMs: 60_000, min: [1, 2, 3], max: [5, 6, null] });
    const range = { from: 0, to: 600_000 };
    const joined = join([rollup], live([]), { range, joint: Infinity, gapMs: GAP }, emptyJoined());
    expect(joined.t).toEqual([30_000, 90_000, 240_000, 390_000]);
    expect(joined.low).toEqual([1, 2, Number.NaN, 3]);
    expect(joined.high).toEqual([5, 6, Number.NaN, Number.NaN]);
    expect(joined.banded).toBe(true);
    expect(joined.step).toEqual([60_000, 60_000, 0, 60_000]);
  });

  it("puts together a row that lies across the edge of two tiles", () => {
    const left = piece(0, 100_000, [30_000, 90_000], { stepMs: 60_000, min: [1, 2], max: [5, 6] });
    const right = piece(100_000, 200_000, [90_000, 150_000], { stepMs: 60_000, min: [0, 3], max: [9, 4] });
    const range = { from: 0, to: 200_000 };
    const joined = join([left, right], live([]), { range, joint: Infinity, gapMs: GAP }, emptyJoined());
    expect(joined.t).toEqual([30_000, 90_000, 150_000]);
    expect(joined.low).toEqual([1, 0, 3]);
    expect(joined.high).toEqual([5, 9, 4]);
  });

  it("takes of each tile only what is its own, so that one that stands in tells nothing twice", () => {
    const all = every(0, 100_000);
    const pieces = [
      { ...piece(0, 40_000, all), thinnedMs: 0 },
      { ...piece(40_000, 100_000, all), thinnedMs: 0 },
    ];
    const range = { from: 0, to: 100_000 };
    const joined = join(pieces, live([]), { range, joint: Infinity, gapMs: GAP }, emptyJoined());
    expect(joined.t).toEqual(all);
  });

  it("leaves the live window out of a view that ends before it", () => {
    const range = { from: 0, to: 50_000 };
    const window = live(every(60_000, 70_000));
    const joined = join(
      [piece(0, 64_000, every(0, 64_000))],
      window,
      { range, joint: 59_500, gapMs: GAP },
      emptyJoined(),
    );
    expect(joined.boot.every((boot) => boot === 0)).toBe(true);
  });
});

describe("jointOf", () => {
  it("is before the oldest reading of the window", () => {
    expect(jointOf(live(every(700_000, 1_000_000)), options(1_000_000))).toBe(699_500);
  });

  it("does not go by an old reading that came just now", () => {
    const window = live([100_000, ...every(700_000, 1_000_000)], [900, ...every(0, 300, 1)]);
    expect(jointOf(window, options(1_000_000))).toBe(699_500);
  });

  it("goes by the oldest arrival where the count cut the window", () => {
    // Backfilled readings of 800 to 810 s came after those from 950 s on.
    const times = [...every(800_000, 810_000), ...every(950_000, 1_000_000)];
    const order = [...every(60, 70, 1), ...every(10, 60, 1)];
    expect(jointOf(live(times, order), { ...options(1_000_000), cut: true })).toBe(949_500);
  });

  it("goes by the spacing where no interval is declared", () => {
    const undeclared = { ...options(1_000_000), intervalMs: 0 };
    expect(jointOf(live([900_000, 900_200]), undeclared)).toBe(899_900);
    expect(jointOf(live([900_000, 960_000]), undeclared)).toBe(899_500);
    expect(jointOf(live([900_000]), undeclared)).toBe(899_500);
  });

  it("is nowhere in an empty window", () => {
    expect(jointOf(live([]), options(1_000_000))).toBe(Number.POSITIVE_INFINITY);
    expect(jointOf(live([5_000]), options(1_000_000))).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("summariseJoined", () => {
  it("has the extremes of the band, and weighs rows by their time", () => {
    const rollup = piece(0, 120_000, [30_000, 90_000], {
      stepMs: 60_000,
      v: [10, 20],
      min: [1, 12],
      max: [15, 44],
    });
    const window = live([125_000]);
    const range = { from: 0, to: 130_000 };
    const joined = join([rollup], window, { range, joint: 124_500, gapMs: GAP }, emptyJoined());
    const summary = summariseJoined(joined, range, INTERVAL);
    expect(summary).toMatchObject({ min: 1, max: 125, count: 3 });
    expect(summary?.mean).toBeCloseTo((10 * 60 + 20 * 60 + 125) / 121);
  });

  it("is nothing where nothing was read", () => {
    expect(summariseJoined(emptyJoined(), { from: 0, to: 1 }, INTERVAL)).toBeUndefined();
  });
});
