import type { Rule } from "./rule.js";
import { isWord, quote } from "./tokens.js";

/** Writes a rule so that reading it gives the same rule: parentheses stand where the tree needs them. */
export function printRule(rule: Rule): string {
  switch (rule.kind) {
    case "metric":
      return `${rule.metric} ${rule.op} ${rule.value}${rule.unit ?? ""}`;
    case "has":
      return `has(${rule.field})`;
    case "matches":
      return `matches(${rule.field}, ${quote(rule.pattern)})`;
    case "tagged":
      return `tagged(${isWord(rule.tag) ? rule.tag : quote(rule.tag)})`;
    case "attested":
      return rule.claim;
    case "and":
      return rule.rules.map((part) => within(part, ["and", "or"])).join(" and ");
    case "or":
      return rule.rules.map((part) => within(part, ["or"])).join(" or ");
    case "not":
      return `not ${within(rule.rule, ["and", "or"])}`;
  }
}

function within(part: Rule, needing: readonly Rule["kind"][]): string {
  return needing.includes(part.kind) ? `(${printRule(part)})` : printRule(part);
}
