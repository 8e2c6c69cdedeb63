import { readFile } from "node:fs/promises";
import { MEASURES, QUALITY_WINDOW_MS } from "@fieldmesh/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OBJECTIVE_WINDOWS } from "../configuration/schema.js";
import { BURN_PAIRS, hottest, isFast, standingOf } from "./burn.js";

const STEP_MS = 60_000;

/** A stream of which everything is known minute by minute: the share of bad in each, newest last. */
function measured(minutes: readonly { bad: number; of: number }[]) {
  return (lastMs: number) => {
    const window = minutes.slice(-Math.round(lastMs / STEP_MS));
    const of = window.reduce((sum, minute) => sum + minute.of, 0);
    const good = of - window.reduce((sum, minute) => sum + minute.bad, 0);
    const observedMs = window.length * STEP_MS;
    const freshMs = of === 0 ? observedMs : (observedMs * good) / of;
    return { observedMs, freshMs, expected: of, received: good, valid: good, timely: good, timed: of };
  };
}

const minute = fc
  .record({ of: fc.integer({ min: 1, max: 60 }), share: fc.double({ min: 0, max: 1, noNaN: true }) })
  .map(({ of, share }) => ({ of, bad: Math.floor(of * share) }));
const measure = fc.constantFrom(...MEASURES.filter((one) => one !== "validity" && one !== "timeliness"));
const target = fc.constantFrom(0.5, 0.9, 0.99, 0.999);
const window = fc.constantFrom(...OBJECTIVE_WINDOWS);

describe("the pairs of windows", () => {
  it("are those of the workbook for 30 days", () => {
    expect(BURN_PAIRS["30d"].map(({ factor, speed }) => [factor, speed])).toEqual([
      [14.4, "fast"],
      [6, "fast"],
      [1, "slow"],
    ]);
  });

  it.each(OBJECTIVE_WINDOWS)("of %s have a short window within the long one, within the promise's", (one) => {
    for (const { longMs, shortMs, factor } of BURN_PAIRS[one]) {
      expect(shortMs).toBeLessThan(longMs);
      expect(longMs).toBeLessThan(QUALITY_WINDOW_MS[one]);
      expect(factor).toBeGreaterThanOrEqual(1);
    }
  });
});

describe("docs/quality.md", async () => {
  const page = await readFile(new URL("../../../docs/quality.md", import.meta.url), "utf8");

  it("tells these pairs", () => {
    const told = [...page.matchAll(/^\|[^|]*\| (\d+ \w+), (\d+ \w+) +\| ([\d.]+) +\|[^|]*\| (fast|slow)/gm)];
    const words = (ms: number) =>
      ms >= 86_400_000
        ? `${ms / 86_400_000} d`
        : ms >= 3_600_000
          ? `${ms / 3_600_000} h`
          : `${ms / 60_000} min`;
    const pairs = [...BURN_PAIRS["30d"], ...BURN_PAIRS["24h"], ...BURN_PAIRS["1h"]];
    expect(told.map(([, ...cells]) => cells)).toEqual(
      pairs.map(({ longMs, shortMs, factor, speed }) => [
        words(longMs),
        words(shortMs),
        String(factor),
        speed,
      ]),
    );
  });
});

describe("burn rates", () => {
  it("equal a naive recomputation", () => {
    fc.assert(
      fc.property(
        fc.array(minute, { minLength: 1, maxLength: 90 }),
        fc.constantFrom("availability" as const, "completeness" as const),
        target,
        (minutes, which, aim) => {
          // The same hour again and again, so that the long windows are full.
          const long = Array.from(
            { length: 24 * 60 },
            (_, n) => minutes[n % minutes.length] ?? { bad: 0, of: 1 },
          );
          const { burns, actual, budgetLeft } = standingOf(
            { measure: which, target: aim, window: "24h" },
            measured(long),
          );
          const rate = (lastMs: number) => {
            const some = long.slice(-lastMs / STEP_MS);
            const total = some.reduce((sum, { of }) => sum + of, 0);
            return some.reduce((sum, { bad }) => sum + bad, 0) / total;
          };
          for (const { pair, long: longBurn, short } of burns) {
            expect(longBurn).toBeCloseTo(rate(pair.longMs) / (1 - aim), 6);
            expect(short).toBeCloseTo(rate(pair.shortMs) / (1 - aim), 6);
          }
          expect(actual).toBeCloseTo(1 - rate(24 * 3_600_000), 9);
          expect(budgetLeft).toBeCloseTo(1 - rate(24 * 3_600_000) / (1 - aim), 6);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("are e / (1 - target) of a steady error rate e, which spends the budget just so", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000 }), target, window, measure, (bad, aim, over, which) => {
        const steady = Array.from({ length: QUALITY_WINDOW_MS[over] / STEP_MS }, () => ({ bad, of: 1_000 }));
        const { burns, budgetLeft } = standingOf(
          { measure: which, target: aim, window: over },
          measured(steady),
        );
        const expected = bad / 1_000 / (1 - aim);
        for (const { long, short } of burns) {
          expect(long).toBeCloseTo(expected, 6);
          expect(short).toBeCloseTo(expected, 6);
        }
        expect(budgetLeft).toBeCloseTo(1 - expected, 6);
        const burning = hottest(burns, 1)?.burning;
        expect(burning).toBe(burns.some(({ pair }) => expected > pair.factor));
      }),
      { numRuns: 40 },
    );
  });

  it("are burning only when both windows of one pair are", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            long: fc.double({ min: 0, max: 40, noNaN: true }),
            short: fc.option(fc.double({ min: 0, max: 40, noNaN: true })),
          }),
          {
            minLength: 3,
            maxLength: 3,
          },
        ),
        (values) => {
          const burns = BURN_PAIRS["30d"].map((pair, n) => ({
            pair,
            ...(values[n] ?? { long: 0, short: 0 }),
            few: false,
          }));
          const both = burns.filter(
            ({ pair, long, short }) => long > pair.factor && (short ?? 0) > pair.factor,
          );
          expect(hottest(burns, 1)?.burning ?? false).toBe(both.length > 0);
          expect(isFast(burns, 1)).toBe(both.some(({ pair }) => pair.speed === "fast"));
        },
      ),
    );
  });

  it("of an outage that is over burn in the long window only", () => {
    const minutes = Array.from({ length: 1_440 }, (_, n) => ({
      of: 60,
      bad: n >= 1_380 && n < 1_409 ? 60 : 0,
    }));
    const { burns } = standingOf({ measure: "availability", target: 0.99, window: "24h" }, measured(minutes));
    expect(burns[0]?.long).toBeGreaterThan(4.8);
    expect(burns[0]?.short).toBe(0);
    expect(hottest(burns, 1)?.burning).toBe(false);
  });
});

describe("a young stream", () => {
  const objective = { measure: "completeness" as const, target: 0.99, window: "24h" as const };

  it("is unknown while it was watched for less than the short window", () => {
    const { burns } = standingOf(objective, measured([{ of: 60, bad: 60 }]));
    expect(hottest(burns, 1)).toBeUndefined();
  });

  it("is never burning on a few readings", () => {
    const { burns } = standingOf(objective, (lastMs) => ({
      ...measured([{ of: 2, bad: 2 }])(lastMs),
      observedMs: lastMs,
    }));
    expect(hottest(burns, 1)).toBeUndefined();
  });

  it("that is slow calls nobody for two bad readings, though they are much of its budget", () => {
    const slow = (bad: number) =>
      measured(Array.from({ length: 1_440 }, (_, n) => ({ of: 1, bad: n >= 1_440 - bad ? 1 : 0 })));
    const two = standingOf({ ...objective, target: 0.999 }, slow(2));
    expect(two.burns[0]?.long).toBeGreaterThan(4.8);
    expect(two.budgetLeft).toBeLessThan(0);
    expect(hottest(two.burns, 1)?.burning).toBe(false);
    expect(hottest(standingOf({ ...objective, target: 0.999 }, slow(3)).burns, 1)?.burning).toBe(true);
  });

  it("has spent what it missed of the whole budget, not of its minutes", () => {
    const { burns, budgetLeft, actual } = standingOf(
      objective,
      measured(Array.from({ length: 10 }, (_, n) => ({ of: 60, bad: n === 9 ? 60 : 0 }))),
    );
    expect(actual).toBeCloseTo(0.9);
    expect(budgetLeft).toBeCloseTo(1 - 1 / 14.4, 5); // a minute of the 14.4 that a day has
    expect(burns[0]?.long).toBeCloseTo(1 / 0.6, 5); // of the 36 s that an hour has
  });

  it("that nothing is known of passes nothing", () => {
    const nothing = { observedMs: 0, freshMs: 0, expected: 0, received: 0, valid: 0, timely: 0, timed: 0 };
    expect(standingOf(objective, () => nothing)).toMatchObject({ actual: null, budgetLeft: null });
  });
});
