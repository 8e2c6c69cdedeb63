import type { Check, RuleOf } from "./check.js";

/** Violated while the value is exactly this one: an open door, a leak, a fault code. */
export function equals(rule: Pick<RuleOf<"equals">, "value">): Check {
  return {
    judge(value) {
      return value === rule.value ? "violated" : "clear";
    },
  };
}
