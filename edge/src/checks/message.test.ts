import type { Rule } from "@fieldmesh/protocol";
import { describe, expect, it } from "vitest";
import { alarmMessage, limitOf } from "./message.js";

const temperature = { id: "temperature", unit: "Cel" };
const base = { id: "r", severity: "warning" } as const;

describe("alarmMessage", () => {
  const cases: [Rule, string, string][] = [
    [
      { ...base, kind: "above", limit: 30, forMs: 2_000 },
      "temperature above 30 °C for 2 s",
      "temperature no longer above 30 °C",
    ],
    [{ ...base, kind: "below", limit: 15 }, "temperature below 15 °C", "temperature no longer below 15 °C"],
    [
      { ...base, kind: "outside", low: 15, high: 30, forMs: 90_000 },
      "temperature outside 15 to 30 °C for 1.5 min",
      "temperature no longer outside 15 to 30 °C",
    ],
    [{ ...base, kind: "equals", value: 3 }, "temperature is 3 °C", "temperature is no longer 3 °C"],
    [
      { ...base, kind: "rate", limit: 5, perMs: 60_000 },
      "temperature changing faster than 5 °C in 1 min",
      "temperature no longer changing faster than 5 °C in 1 min",
    ],
    [
      { ...base, kind: "stuck", forMs: 600_000 },
      "temperature has not moved for 10 min",
      "temperature moves again",
    ],
    [
      { ...base, kind: "missing", afterMs: 30_000 },
      "no good reading of temperature for 30 s",
      "temperature is read again",
    ],
  ];
  it.each(cases)("says what a rule of kind $kind is about", (rule, raised, cleared) => {
    expect(alarmMessage(rule, "raised", temperature)).toBe(raised);
    expect(alarmMessage(rule, "cleared", temperature)).toBe(cleared);
  });

  it("uses the label, and no unit where there is none", () => {
    const door = { id: "door", label: "back door", unit: "1" };
    const rule: Rule = { ...base, kind: "equals", value: true, forMs: 10_000 };
    expect(alarmMessage(rule, "raised", door)).toBe("back door is true for 10 s");
  });

  it("calls a state as people do, where the type has a word for it", () => {
    const rule: Rule = { ...base, kind: "equals", value: true, forMs: 10_000 };
    const door = { id: "door", type: "door", unit: "1" };
    expect(alarmMessage(rule, "raised", door)).toBe("door is open for 10 s");
    expect(alarmMessage(rule, "cleared", door)).toBe("door is no longer open");
    expect(alarmMessage({ ...rule, value: false }, "raised", { ...door, type: "switch" })).toBe(
      "door is off for 10 s",
    );
  });
});

describe("limitOf", () => {
  it("names the limit that was passed", () => {
    const rule: Rule = { ...base, kind: "outside", low: 15, high: 30 };
    expect(limitOf(rule, 31)).toBe(30);
    expect(limitOf(rule, 14)).toBe(15);
    expect(limitOf({ ...base, kind: "above", limit: 30 }, 31)).toBe(30);
    expect(limitOf({ ...base, kind: "missing", afterMs: 1 }, null)).toBeUndefined();
  });
});
