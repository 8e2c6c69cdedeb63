import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Verdict } from "../worker-messages.js";
import { above } from "./above.js";
import { below } from "./below.js";
import type { Check } from "./check.js";
import { equals } from "./equals.js";
import { missing } from "./missing.js";
import { outside } from "./outside.js";
import { rate } from "./rate.js";
import { createCheck } from "./registry.js";
import { stuck } from "./stuck.js";

const value = fc.double({ min: -100, max: 100, noNaN: true });
/** Values with the times at which they came: never backwards, sometimes far apart. */
const series = fc
  .array(fc.record({ value: fc.integer({ min: -20, max: 20 }), gapMs: fc.integer({ min: 0, max: 300 }) }), {
    minLength: 1,
    maxLength: 60,
  })
  .map((steps) => {
    let atMs = 0;
    return steps.map(({ value: v, gapMs }) => {
      atMs += gapMs;
      return { value: v, atMs };
    });
  });

function judgeAll(check: Check, points: { value: number; atMs: number }[]): Verdict[] {
  return points.map((point) => check.judge(point.value, point.atMs));
}

describe("above, below, outside", () => {
  it("is violated past the limit and clear at the clear limit or on its good side", () => {
    fc.assert(
      fc.property(value, value, fc.double({ min: 0, max: 50, noNaN: true }), (v, limit, width) => {
        const clear = limit - width;
        const expected = v > limit ? "violated" : v <= clear ? "clear" : "between";
        expect(above({ limit, clear }).judge(v, 0)).toBe(expected);
        // A limit below is one above, seen from the other side.
        expect(below({ limit: -limit, clear: -clear }).judge(-v, 0)).toBe(expected);
      }),
    );
  });

  it("has no band between without a clear limit, and the limit itself is no violation", () => {
    expect(above({ limit: 30 }).judge(30, 0)).toBe("clear");
    expect(above({ limit: 30 }).judge(30.1, 0)).toBe("violated");
    expect(below({ limit: 15 }).judge(15, 0)).toBe("clear");
    expect(below({ limit: 15 }).judge(14.9, 0)).toBe("violated");
  });

  it("judges outside as above and below together", () => {
    fc.assert(
      fc.property(
        value,
        fc.integer({ min: -50, max: 0 }),
        fc.integer({ min: 1, max: 50 }),
        (v, low, high) => {
          const rule = { low, high, clearLow: low + 0.25, clearHigh: high - 0.25 };
          const verdicts = [
            below({ limit: low, clear: rule.clearLow }).judge(v, 0),
            above({ limit: high, clear: rule.clearHigh }).judge(v, 0),
          ];
          const expected = verdicts.includes("violated")
            ? "violated"
            : verdicts.includes("between")
              ? "between"
              : "clear";
          expect(outside(rule).judge(v, 0)).toBe(expected);
        },
      ),
    );
  });

  it("does not judge a state by a limit", () => {
    for (const check of [above({ limit: 0 }), below({ limit: 0 }), outside({ low: 0, high: 1 })]) {
      expect(check.judge(true, 0)).toBe("unjudged");
    }
  });
});

describe("equals", () => {
  it("tells states and numbers apart", () => {
    expect(equals({ value: true }).judge(true, 0)).toBe("violated");
    expect(equals({ value: true }).judge(false, 0)).toBe("clear");
    expect(equals({ value: 1 }).judge(true, 0)).toBe("clear");
  });
});

describe("rate", () => {
  it("agrees with looking at every former value", () => {
    fc.assert(
      fc.property(
        series,
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 500 }),
        (points, limit, perMs) => {
          const expected = points.map((point, i): Verdict => {
            const before = points[i - 1];
            if (before === undefined) return "unjudged";
            const inWindow = points.slice(0, i).filter((former) => former.atMs >= point.atMs - perMs);
            const far = inWindow.some((former) => Math.abs(point.value - former.value) > limit);
            const allowed = limit * Math.max(1, (point.atMs - before.atMs) / perMs);
            return far || Math.abs(point.value - before.value) > allowed ? "violated" : "clear";
          });
          expect(judgeAll(rate({ limit, perMs }), points)).toEqual(expected);
        },
      ),
    );
  });

  it("takes a slow climb for none, however long, and a steep one in small steps for one", () => {
    const slow = Array.from({ length: 10_000 }, (_, i) => ({ value: i * 0.01, atMs: i * 1_000 }));
    expect(new Set(judgeAll(rate({ limit: 1, perMs: 60_000 }), slow).slice(1))).toEqual(new Set(["clear"]));
    const steep = Array.from({ length: 100 }, (_, i) => ({ value: i * 0.1, atMs: i * 1_000 }));
    expect(judgeAll(rate({ limit: 1, perMs: 60_000 }), steep).at(-1)).toBe("violated");
  });
});

describe("stuck", () => {
  it("agrees with looking for the last move", () => {
    fc.assert(
      fc.property(
        series,
        fc.integer({ min: 0, max: 5 }),
        fc.integer({ min: 1, max: 600 }),
        (points, tolerance, forMs) => {
          let restAt = 0;
          const expected = points.map((point, i): Verdict => {
            if (Math.abs(point.value - (points[restAt]?.value ?? 0)) > tolerance) restAt = i;
            if (point.atMs - (points[restAt]?.atMs ?? 0) >= forMs) return "violated";
            return restAt === 0 ? "unjudged" : "clear";
          });
          expect(judgeAll(stuck({ forMs, tolerance }), points)).toEqual(expected);
        },
      ),
    );
  });

  it("is about states, too", () => {
    const check = stuck({ forMs: 10 });
    expect([check.judge(true, 0), check.judge(true, 10), check.judge(false, 11)]).toEqual([
      "unjudged",
      "violated",
      "clear",
    ]);
  });
});

describe("missing", () => {
  const rule = { afterMs: 1_000 };
  it("knows nothing before the first good reading of a boot, until its time has passed", () => {
    expect(missing(rule, { startedMs: 50 }, 1_050)).toBe("unjudged");
    expect(missing(rule, { startedMs: 50 }, 1_051)).toBe("violated");
  });
  it("counts from the last good reading", () => {
    expect(missing(rule, { startedMs: 0, lastGoodMs: 5_000 }, 6_000)).toBe("clear");
    expect(missing(rule, { startedMs: 0, lastGoodMs: 5_000 }, 6_001)).toBe("violated");
  });
});

describe("createCheck", () => {
  it("makes a check of each kind of rule but missing", () => {
    const base = { id: "r", severity: "info" } as const;
    expect(createCheck({ ...base, kind: "above", limit: 1 })?.judge(2, 0)).toBe("violated");
    expect(createCheck({ ...base, kind: "below", limit: 1 })?.judge(0, 0)).toBe("violated");
    expect(createCheck({ ...base, kind: "outside", low: 0, high: 1 })?.judge(2, 0)).toBe("violated");
    expect(createCheck({ ...base, kind: "equals", value: 2 })?.judge(2, 0)).toBe("violated");
    expect(createCheck({ ...base, kind: "rate", limit: 1, perMs: 1 })?.judge(2, 0)).toBe("unjudged");
    expect(createCheck({ ...base, kind: "stuck", forMs: 1 })?.judge(2, 0)).toBe("unjudged");
    expect(createCheck({ ...base, kind: "missing", afterMs: 1 })).toBeUndefined();
  });
});
