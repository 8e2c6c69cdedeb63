import type { ObjectiveReport, QualityReport, WindowQuality } from "@fieldmesh/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  actualText,
  budgetText,
  burnText,
  cellText,
  cellTone,
  promiseText,
  shareText,
  worstFirst,
} from "./quality.js";

const DAY = 86_400_000;

function objective(fields: Partial<ObjectiveReport> = {}): ObjectiveReport {
  return {
    id: "slo-availability",
    measure: "availability",
    target: 0.99,
    withinMs: 6_000,
    window: "24h",
    actual: 0.995,
    budgetLeft: 0.5,
    burn: { short: 0, long: 0 },
    state: "ok",
    ...fields,
  };
}

function quality(fields: Partial<WindowQuality> = {}): WindowQuality {
  return {
    observedMs: DAY,
    expected: 100,
    received: 100,
    completeness: 1,
    validity: 1,
    invalidBy: {},
    availability: 1,
    timeliness: { p50: 3, p95: 9, p99: 20 },
    rate: 1,
    duplicates: 0,
    outOfOrder: 0,
    bad: 0,
    badBy: {},
    ...fields,
  };
}

const report = (stream: string, ...objectives: ObjectiveReport[]): QualityReport => ({
  stream,
  timestamp: 0,
  freshness: { at: 0, ageMs: 0, withinMs: 6_000, fresh: true },
  clock: null,
  windows: { "1m": quality(), "1h": quality(), "24h": quality(), "30d": quality() },
  objectives,
  configuration: 1,
});

describe("a share in percent", () => {
  it("has the digits that matter", () => {
    expect([1, 0.99987, 0.972, 0.41, 0, null].map(shareText)).toEqual([
      "100 %",
      "99.98 %",
      "97.2 %",
      "41 %",
      "0 %",
      "–",
    ]);
  });

  it("is never rounded up to a whole when something is missing", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (share) => {
        fc.pre(share * 100 < 100);
        expect(shareText(share)).not.toBe("100 %");
      }),
    );
  });
});

describe("a cell", () => {
  it("is broken beyond what is promised, and tight when half of that is spent", () => {
    const tone = (availability: number | null) =>
      cellTone(quality({ availability }), "availability", objective(), "24h");
    expect([1, 0.996, 0.994, 0.99, 0.9899, null].map(tone)).toEqual([
      "good",
      "good",
      "tight",
      "tight",
      "broken",
      "none",
    ]);
    expect(cellTone(quality({ availability: 0.5 }), "availability", undefined, "24h")).toBe("none");
  });

  it("holds nothing against a stream that was not watched", () => {
    const young = quality({ availability: 0.9, observedMs: 60_000 });
    const tone = (window: "1m" | "1h" | "24h") => cellTone(young, "availability", objective(), window);
    expect(tone("1m")).toBe("broken");
    expect(tone("1h")).toBe("good");
    expect(tone("24h")).toBe("good");
  });

  it("tells how late readings come, against the limit", () => {
    const late = (p95: number) => quality({ timeliness: { p50: 1, p95, p99: p95 } });
    const limit = objective({ measure: "timeliness", withinMs: 1_000 });
    expect(cellText(late(420), "timeliness")).toBe("420 ms");
    expect([400, 600, 1_001].map((p95) => cellTone(late(p95), "timeliness", limit, "24h"))).toEqual([
      "good",
      "tight",
      "broken",
    ]);
    expect(cellText(quality({ timeliness: null }), "timeliness")).toBe("–");
  });
});

describe("the order of streams", () => {
  it("begins with what burns, then the least budget, and ends with what was not measured", () => {
    const order = worstFirst([
      report("b", objective({ budgetLeft: 0.9 })),
      report("none", objective({ budgetLeft: null, state: "unknown" })),
      report("over", objective({ budgetLeft: -1, state: "exhausted" })),
      report("a", objective({ budgetLeft: 0.9 })),
      report("burns", objective({ budgetLeft: 0.95, state: "burning" })),
    ]);
    expect(order.map(({ stream }) => stream)).toEqual(["burns", "over", "a", "b", "none"]);
  });
});

describe("words", () => {
  it("say what is promised and what is left of the budget", () => {
    expect(promiseText(objective())).toBe("99 % of 24 h: a reading not older than 6 s");
    expect(budgetText(objective())).toBe("7 min 12 s spent, 7 min 12 s left");
    expect(budgetText(objective({ budgetLeft: -0.5 }))).toBe("21 min spent of 14 min");
    expect(budgetText(objective({ measure: "completeness", budgetLeft: 0.256 }))).toBe("25 % left");
    expect(budgetText(objective({ budgetLeft: 1 }))).toBe("all 14 min left");
    expect(budgetText(objective({ measure: "completeness", budgetLeft: -1.5 }))).toBe("spent 2.5 times");
    expect(budgetText(objective({ measure: "validity", budgetLeft: 1 }))).toBe("all left");
    expect(budgetText(objective({ budgetLeft: null }))).toBe("not measured yet");
  });

  it("say of how much time a share is", () => {
    const whole = report("a", objective());
    expect(actualText(objective(), whole)).toBe("99.50 % so far");
    const young = { ...whole, windows: { ...whole.windows, "24h": quality({ observedMs: 9_000 }) } };
    expect(actualText(objective(), young)).toBe("99.50 % of the 9 s watched");
    expect(actualText(objective({ actual: null }), whole)).toBeUndefined();
  });

  it("say how fast it burns, by the slower of the two windows", () => {
    expect(burnText(objective())).toBeUndefined();
    expect(burnText(objective({ burn: { short: 20, long: 14.6 } }))).toBe("15 times too fast");
    expect(burnText(objective({ burn: { short: 2.34, long: 9 } }))).toBe("2.3 times too fast");
    expect(burnText(objective({ burn: { short: null, long: 9 } }))).toBeUndefined();
  });
});
