import type { GovernancePolicy, PolicyScope } from "../resources/governance-policy.js";
import type { Product } from "../resources/product.js";
import { loosenings } from "../rules/implies.js";
import { type PolicyRule, rulesOf } from "./policy-rules.js";

/** A rule that a mandatory policy of all takes back, wholly or in part. */
export interface Conflict {
  rule: PolicyRule;
  /** The one that holds. */
  mandatory: PolicyRule;
  /** `weaker`: less is asked of the same thing. `contrary`: both can never pass. */
  why: "weaker" | "contrary";
  reason: string;
}

/** Whether a policy is for a product. */
export function isFor(
  scope: PolicyScope,
  { id, domain, tags }: Pick<Product, "id" | "domain" | "tags">,
): boolean {
  switch (scope.kind) {
    case "global":
      return true;
    case "domain":
      return scope.domain === domain;
    case "product":
      return scope.product === id;
    case "tag":
      return tags.includes(scope.tag);
  }
}

/** Rules that nobody may loosen. */
export function mandatoryOfAll(policies: Iterable<GovernancePolicy>): PolicyRule[] {
  const found: PolicyRule[] = [];
  for (const policy of policies) {
    if (policy.scope.kind === "global" && policy.enforcement === "mandatory") found.push(...rulesOf(policy));
  }
  return found;
}

/**
 * What of a policy the mandatory rules of all take back. A policy of all is beside the others, so only what can
 * never pass together with them is one.
 */
export function conflictsOf(
  policy: Pick<GovernancePolicy, "scope">,
  rules: readonly PolicyRule[],
  mandatory: readonly PolicyRule[],
): Conflict[] {
  const found: Conflict[] = [];
  for (const rule of rules) {
    for (const global of mandatory) {
      if (global.policy.id === rule.policy.id) continue;
      for (const { why, reason } of loosenings([global.rule], [rule.rule])) {
        if (why === "weaker" && policy.scope.kind === "global") continue;
        found.push({ rule, mandatory: global, why, reason });
      }
    }
  }
  return found;
}
