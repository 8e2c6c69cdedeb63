import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { agoText, durationText, elapsedText, timeTicks } from "./times.js";

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
});
