import type { LossEntry, ObjectiveReport, QualityReport, WindowQuality } from "@fieldmesh/protocol";
import { describe, expect, it } from "vitest";
import { effectText } from "./ledger-effect.js";

const DAY = 86_400_000;
const NOW = 10 * DAY;

const promise = (more: Partial<ObjectiveReport>): ObjectiveReport => ({
  id: "slo",
  measure: "availability",
  target: 0.99,
  withinMs: 6_000,
  window: "24h",
  actual: 1,
  budgetLeft: 1,
  burn: { short: 0, long: 0 },
  state: "ok",
  ...more,
});
const window = { observedMs: DAY, expected: 86_400 } as WindowQuality;
const report = (...objectives: ObjectiveReport[]): QualityReport => ({
  stream: "env_a_b",
  timestamp: NOW,
  freshness: { at: NOW, ageMs: 0, withinMs: 6_000, fresh: true },
  clock: null,
  windows: { "1m": window, "1h": window, "24h": window, "30d": window },
  objectives,
  configuration: 1,
});
const entry = (more: Partial<LossEntry>): LossEntry => ({
  id: "1",
  stream: "env_a_b",
  boot: 1,
  from: 1,
  to: 61,
  count: 61,
  fromAt: NOW - 600_000,
  toAt: NOW - 540_000,
  explanation: "late",
  cause: "broker-unreachable",
  open: false,
  came: [NOW - 539_000, NOW - 538_000],
  ...more,
});
const says = (more: Partial<LossEntry>, ...objectives: ObjectiveReport[]) =>
  effectText(entry(more), report(...objectives), NOW);

describe("what a gap did to availability", () => {
  it("is the time without a fresh reading, against the budget", () => {
    // 60 s less the 6 s that a reading may be old, of 864 s.
    expect(says({}, promise({}))).toBe(
      "no fresh reading for about 54 s: about 6 % of the 24 h error budget of availability",
    );
    expect(says({}, promise({ window: "30d" }))).toContain(": less than 1 % of the 30 d error budget");
    expect(says({}, promise({ window: "1h" }))).toContain(": more than the 1 h error budget");
  });

  it("ends when the first of them comes, while the last are being read", () => {
    expect(says({ came: [NOW - 545_000, NOW - 538_000] }, promise({}))).toContain(
      "for about 49 s: about 6 %",
    );
  });

  it("is told while it goes on", () => {
    const down = { explanation: "node-down", cause: "stopped", toAt: null, count: 0 } as const;
    expect(says(down, promise({}))).toContain("about 9 min 54 s so far: about 69 % of");
  });

  it("is not told where it cannot be known", () => {
    expect(says({})).toBeUndefined();
    expect(says({ toAt: NOW - 595_000, came: [NOW - 594_000, NOW] }, promise({}))).toBeUndefined();
    // They came while others were held: that was no one silence.
    expect(says({ came: [NOW - 590_000, NOW - 538_000] }, promise({}))).toBeUndefined();
    expect(says({ cause: "broker-slow" }, promise({}))).toBeUndefined();
    // Nobody watched.
    expect(says({ explanation: "recovered", cause: "historian-away" }, promise({}))).toBeUndefined();
    // Past the window of the promise.
    expect(says({}, promise({ window: "1m" }))).toBeUndefined();
  });
});

it("says what readings that are lost did to completeness", () => {
  const complete = promise({ measure: "completeness", target: 0.999 });
  const lost = { explanation: "dropped", cause: "full", count: 43 } as const;
  expect(says(lost, complete)).toBe("about 50 % of the 24 h error budget of completeness");
  expect(says({ ...lost, explanation: "late" }, complete)).toBeUndefined();
});
