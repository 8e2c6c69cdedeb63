import type { GovernancePolicy } from "../resources/governance-policy.js";
import { printRule } from "../rules/print.js";
import { metricName } from "../rules/quantity.js";
import type { Rule } from "../rules/rule.js";
import { type PolicyRule, rulesOf } from "./policy-rules.js";

/** Rules of the mandatory policies of all: nobody may loosen them. Found by what they are about. */
export class MandatoryRules {
  readonly #bySubject = new Map<string, PolicyRule[]>();

  constructor(policies: Iterable<GovernancePolicy>) {
    for (const policy of policies) {
      if (policy.scope.kind !== "global" || policy.enforcement !== "mandatory") continue;
      for (const each of rulesOf(policy)) {
        for (const subject of subjectsOf(each.rule)) {
          const rules = this.#bySubject.get(subject);
          if (rules === undefined) this.#bySubject.set(subject, [each]);
          else rules.push(each);
        }
      }
    }
  }

  /** Those that are about something that this rule is about: no other can be loosened by it. */
  near(rule: Rule): Set<PolicyRule> {
    const found = new Set<PolicyRule>();
    for (const subject of subjectsOf(rule)) {
      for (const each of this.#bySubject.get(subject) ?? []) found.add(each);
    }
    return found;
  }
}

function subjectsOf(rule: Rule): Set<string> {
  switch (rule.kind) {
    case "metric":
      return new Set([`metric ${metricName(rule.metric).metric}`]);
    case "and":
    case "or":
      return new Set(rule.rules.flatMap((part) => [...subjectsOf(part)]));
    case "not":
      return subjectsOf(rule.rule);
    case "has":
    case "matches":
    case "tagged":
    case "attested":
      return new Set([printRule(rule)]);
  }
}
