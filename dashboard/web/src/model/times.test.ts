import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { agoText, durationText, elapsedText, tickText, timeTicks } from "./times.js";

describe("durationText", () => {
  it.each([
    [0, "0 ms"],
    [420, "420 ms"],
    [1500, "1.5 s"],
    [42_400, "42 s"],
    [90_000, "1 min 30 s"],
    [1_500_000, "25 min"],
    [11_520_000, "3 h 12 min"],
    [2 * 86_400_000, "2 d"],
    [-4200, "4.2 s"],
  ])("writes %d ms in at most two units", (ms, expected) => {
    expect(durationText(ms)).toBe(expected);
  });

  it("ticks in whole seconds", () => {
    expect([-5, 8_540, 61_000].map(elapsedText)).toEqual(["0 s", "8 s", "1 min 1 s"]);
  });

  it("says how long ago", () => {
    expect([1000, 12_000, 200_000, 7_200_000].map((age) => agoText(0, age))).toEqual([
      "just now",
      "12 s ago",
      "3 min ago",
      "2 h ago",
    ]);
  });
});

describe("timeTicks", () => {
  it("gives round times between the edges, no more than asked for", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1.7e12, max: 1.9e12 }),
        fc.integer({ min: 1000, max: 86_400_000 }),
        fc.integer({ min: 2, max: 12 }),
        (from, length, most) => {
          const { stepMs, ticks } = timeTicks(from, from + length, most);
          expect(ticks.length).toBeLessThanOrEqual(most + 1);
          for (const t of ticks) {
            expect(t).toBeGreaterThanOrEqual(from);
            expect(t).toBeLessThanOrEqual(from + length);
          }
          for (let i = 1; i < ticks.length; i++) expect((ticks[i] ?? 0) - (ticks[i - 1] ?? 0)).toBe(stepMs);
        },
      ),
    );
  });

  it("gives days, and first days of months and years, for longer ranges", () => {
    const local = (text: string): number => new Date(text).getTime();
    const month = timeTicks(local("2026-01-25T08:00"), local("2026-02-24T08:00"), 11);
    expect(month.ticks).toEqual(
      ["2026-01-26T00:00", "2026-02-01T00:00", "2026-02-06T00:00", "2026-02-11T00:00"]
        .concat(["2026-02-16T00:00", "2026-02-21T00:00"])
        .map(local),
    );
    const year = timeTicks(local("2025-11-21T12:00"), local("2026-11-21T12:00"), 6);
    expect(year.ticks).toEqual(
      ["2026-01-01T00:00", "2026-04-01T00:00", "2026-07-01T00:00", "2026-10-01T00:00"].map(local),
    );
    expect(year.ticks.map((t) => tickText(t, year.stepMs))[0]).toMatch(/2026/);
  });

  it("is never more than the room allows, from a second to five years", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1.6e12, max: 1.9e12 }),
        fc.integer({ min: 2_000, max: 5 * 366 * 86_400_000 }),
        fc.integer({ min: 2, max: 14 }),
        (from, length, most) => {
          const { ticks } = timeTicks(from, from + length, most);
          expect(ticks.length).toBeLessThanOrEqual(most + 2);
          for (const [i, t] of ticks.entries()) {
            expect(t).toBeGreaterThanOrEqual(from);
            expect(t).toBeLessThanOrEqual(from + length);
            if (i > 0) expect(t).toBeGreaterThan(ticks[i - 1] ?? 0);
          }
        },
      ),
    );
  });
});
