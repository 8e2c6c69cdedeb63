import type { GovernancePolicy } from "../resources/governance-policy.js";
import { type Fault, RegistryError } from "../store/registry-error.js";
import { conflictsOf, mandatoryOfAll } from "./applicable.js";
import { readRules } from "./policy-rules.js";

/**
 * A policy of a domain, a product or a tag may ask for more than the mandatory ones of all, or for other things,
 * never for less.
 * @throws RegistryError loosening, naming the rules of both and the mandatory policy; invalid_rule
 */
export function checkTightens(policy: GovernancePolicy, others: Iterable<GovernancePolicy>): void {
  const parsed = readRules(policy.rules);
  if (policy.scope.kind === "global") return;
  const rules = parsed.map((rule, index) => ({ policy, index, text: policy.rules[index] ?? "", rule }));
  const faults = conflictsOf(policy, rules, mandatoryOfAll(others)).map(
    ({ rule, mandatory, reason }): Fault => ({
      pointer: `/rules/${rule.index}`,
      value: rule.text,
      detail: `rules[${rule.index}]: ${reason} (rules[${mandatory.index}] of policy "${mandatory.policy.id}")`,
    }),
  );
  const [first] = faults;
  if (first !== undefined) throw new RegistryError("loosening", first.detail ?? "", faults);
}
