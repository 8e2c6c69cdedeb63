import type { Rule, RuleKind } from "@fieldmesh/protocol";
import { above } from "./above.js";
import { below } from "./below.js";
import type { Check, RuleOf } from "./check.js";
import { equals } from "./equals.js";
import { outside } from "./outside.js";
import { rate } from "./rate.js";
import { stuck } from "./stuck.js";

/** Every kind of rule that a value is judged by. `missing` is judged where silence is heard: in the node. */
const CHECKS: { [K in Exclude<RuleKind, "missing">]: (rule: RuleOf<K>) => Check } = {
  above,
  below,
  outside,
  equals,
  rate,
  stuck,
};

/** The check of a rule; `undefined` for `missing`. */
export function createCheck(rule: Rule): Check | undefined {
  return rule.kind === "missing" ? undefined : (CHECKS[rule.kind] as (rule: Rule) => Check)(rule);
}
