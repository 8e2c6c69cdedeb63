import type { Rule } from "@fieldmesh/protocol";
import { describe, expect, it } from "vitest";
import { limitLines, ruleFields, ruleText, settingText, settingTitle } from "./rules.js";

const sensor = { type: "temperature", unit: "Cel" };
const base = { id: "r", severity: "warning" } as const;
const text = (rule: Rule) => ruleText(rule, sensor).replaceAll("\u00a0", " ");

describe("ruleText", () => {
  it.each<[Rule, string]>([
    [{ ...base, kind: "above", limit: 30, clear: 29, forMs: 2000 }, "above 30 °C for 2 s, clears at 29 °C"],
    [{ ...base, kind: "below", limit: 15 }, "below 15 °C"],
    [
      { ...base, kind: "outside", low: 15, high: 30, clearLow: 16 },
      "outside 15 °C to 30 °C, clears within 16 °C to 30 °C",
    ],
    [{ ...base, kind: "rate", limit: 5, perMs: 60_000 }, "changes faster than 5 °C in 1 min"],
    [{ ...base, kind: "stuck", forMs: 600_000 }, "does not move for 10 min"],
    [{ ...base, kind: "missing", afterMs: 90_000 }, "no good reading for 1 min 30 s"],
    [{ ...base, kind: "equals", value: true }, "is on"],
  ])("says %j in words", (rule, expected) => {
    expect(text(rule)).toBe(expected);
  });
});

describe("settings", () => {
  it("says in words what was changed by command", () => {
    const rule = { ...base, kind: "above", limit: 31 };
    expect(settingText("rules.too-hot", rule, sensor).replaceAll("\u00a0", " ")).toBe("above 31 °C");
    expect(settingText("intervalMs", 2500, sensor)).toBe("2.5 s");
    expect(settingText("other", { a: 1 }, sensor)).toBe('{"a":1}');
    expect(["rules.too-hot", "intervalMs", "other"].map(settingTitle)).toEqual([
      "Rule too-hot",
      "Interval",
      "other",
    ]);
  });
});

describe("limits and fields", () => {
  it("draws a line for each side of a range", () => {
    expect(limitLines([{ ...base, kind: "outside", low: 1, high: 2 }]).map((l) => [l.value, l.bad])).toEqual([
      [1, "below"],
      [2, "above"],
    ]);
    expect(limitLines([{ ...base, kind: "stuck", forMs: 1 }])).toEqual([]);
  });

  it("offers exactly the figures that a rule has", () => {
    const fields = ruleFields({ ...base, kind: "above", limit: 30, forMs: 2000 }, sensor);
    expect(fields.map((f) => [f.name, f.value, f.unit])).toEqual([
      ["limit", 30, "°C"],
      ["clear", undefined, "°C"],
      ["forMs", 2000, "s"],
      ["clearForMs", undefined, "s"],
    ]);
  });
});
