import { describe, expect, it } from "vitest";
import { parseCommandArgs } from "./commands.js";
import { COMMAND_NAMES } from "./messages.js";
import { parseRule } from "./rules.js";

const base = { id: "too-hot", severity: "warning" };

describe("a rule", () => {
  it.each([
    [{ ...base, kind: "above", limit: 30, clear: 28, forMs: 2_000 }],
    [{ ...base, kind: "below", limit: 15, clear: 16 }],
    [{ ...base, kind: "outside", low: 40, high: 80, clearLow: 42, clearHigh: 78 }],
    [{ ...base, kind: "equals", value: true }],
    [{ ...base, kind: "rate", limit: 5, perMs: 60_000 }],
    [{ ...base, kind: "stuck", forMs: 600_000 }],
    [{ ...base, kind: "missing", afterMs: 30_000 }],
  ])("%o is taken as it is", (rule) => {
    expect(parseRule(rule)).toEqual({ ok: true, value: rule });
  });

  it.each([
    ["clear", { ...base, kind: "above", limit: 30, clear: 31 }],
    ["clear", { ...base, kind: "below", limit: 15, clear: 14 }],
    ["low", { ...base, kind: "outside", low: 80, high: 40 }],
    ["clearLow", { ...base, kind: "outside", low: 40, high: 80, clearLow: 70, clearHigh: 60 }],
    ["clearHigh", { ...base, kind: "outside", low: 40, high: 80, clearHigh: 81 }],
    ["limit", { ...base, kind: "rate", limit: 0, perMs: 1 }],
    ["forMs", { ...base, kind: "stuck" }],
    ["afterMs", { ...base, kind: "missing", afterMs: Number.NaN }],
    ["id", { ...base, id: "Too Hot", kind: "equals", value: 1 }],
    ["severity", { id: "a", severity: "bad", kind: "equals", value: 1 }],
    ["kind", { ...base, kind: "sometimes" }],
  ])("that is wrong in %s is refused by it", (field, rule) => {
    expect(parseRule(rule)).toMatchObject({ ok: false, cause: "field", field });
  });
});

describe("a command's arguments", () => {
  it.each([
    ["set-interval", { sensor: "temperature", intervalMs: 500 }],
    ["set-rule", { sensor: "temperature", rule: "too-hot", set: { limit: 31 } }],
    ["read-now", {}],
    ["read-now", { sensor: "temperature" }],
    ["simulate", { type: "overheat" }],
    ["restart-sensor", { sensor: "temperature" }],
    ["resend", { sensor: "temperature", boot: 5, from: 1, to: 9 }],
    ["time", {}],
  ])("%s %o", (name, args) => {
    expect(parseCommandArgs(name, args)).toEqual({ ok: true, value: { name, args } });
    expect(COMMAND_NAMES).toContain(name);
  });

  it.each([
    ["reboot", {}, "name"],
    ["set-interval", { sensor: "temperature", intervalMs: 0 }, "intervalMs"],
    ["set-interval", { sensor: "../etc", intervalMs: 500 }, "sensor"],
    ["set-rule", { sensor: "a", rule: "b", set: { id: "c" } }, "set"],
    ["simulate", { type: "flood" }, "type"],
    ["resend", { sensor: "a", boot: 1, from: 9, to: 1 }, "from"],
    ["resend", { sensor: "a", boot: 1, from: 1 }, "to"],
  ])("%s %o is refused", (name, args, field) => {
    expect(parseCommandArgs(name, args)).toMatchObject({ ok: false, field });
  });
});
