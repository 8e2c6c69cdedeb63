import type { Rule } from "@fieldmesh/protocol";
import { expect, it } from "vitest";
import { changeRule } from "./change-rule.js";
import { CommandError } from "./command-error.js";

const TOO_HOT: Rule = { id: "too-hot", kind: "above", limit: 30, clear: 28, severity: "warning" };
const OPEN: Rule = { id: "open", kind: "equals", value: true, severity: "info" };

it("changes what is named, and null takes an optional field away", () => {
  expect(changeRule(TOO_HOT, { limit: 35, forMs: 100 }, "number")).toEqual({
    ...TOO_HOT,
    limit: 35,
    forMs: 100,
  });
  expect(changeRule(TOO_HOT, { clear: null }, "number")).toEqual({
    id: "too-hot",
    kind: "above",
    limit: 30,
    severity: "warning",
  });
});

it.each<[rule: Rule, set: string, field: string]>([
  [TOO_HOT, '{"limit":"hot"}', "set.limit"],
  [TOO_HOT, '{"limit":null}', "set.limit"],
  [TOO_HOT, '{"clear":31}', "set.clear"],
  [TOO_HOT, '{"low":3}', "set.low"],
  [TOO_HOT, '{"__proto__":{"limit":5}}', "set.__proto__"],
  [TOO_HOT, '{"constructor":1}', "set.constructor"],
  [OPEN, '{"value":1}', "set.value"],
])("refuses for %o what is wrong in %s", (rule, set, field) => {
  const valueType = rule.kind === "equals" ? "boolean" : "number";
  const change = () => changeRule(rule, JSON.parse(set) as Record<string, unknown>, valueType);
  expect(change).toThrow(CommandError);
  expect(change).toThrow(expect.objectContaining({ code: "bad_args", field }));
});
