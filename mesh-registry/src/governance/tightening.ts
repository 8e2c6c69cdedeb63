import type { GovernancePolicy } from "../resources/governance-policy.js";
import { type Fault, RegistryError } from "../store/registry-error.js";
import { conflictsOf } from "./applicable.js";
import { MandatoryRules } from "./mandatory-rules.js";
import { rulesOf } from "./policy-rules.js";

/**
 * A policy of a domain, a product or a tag may ask for more than the mandatory ones of all, or for other things,
 * never for less.
 * @throws RegistryError loosening, naming the rules of both and the mandatory policy; invalid_rule
 */
export function checkTightens(policy: GovernancePolicy, others: Iterable<GovernancePolicy>): void {
  const rules = rulesOf(policy);
  if (policy.scope.kind === "global") return;
  const mandatory = new MandatoryRules(others);
  const faults = rules
    .flatMap((rule) => conflictsOf(rule, mandatory))
    .map(
      ({ rule, mandatory: { index, policy: global }, reason }): Fault => ({
        pointer: `/rules/${rule.index}`,
        value: rule.text,
        detail: `rules[${rule.index}]: ${reason} (rules[${index}] of policy "${global.id}")`,
      }),
    );
  const [first] = faults;
  if (first !== undefined) throw new RegistryError("loosening", first.detail ?? "", faults);
}
