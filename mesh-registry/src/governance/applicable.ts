import type { PolicyScope } from "../resources/governance-policy.js";
import type { Product } from "../resources/product.js";
import { loosenings } from "../rules/implies.js";
import type { MandatoryRules } from "./mandatory-rules.js";
import type { PolicyRule } from "./policy-rules.js";

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

/**
 * What the mandatory rules of all take back of a rule. A policy of all stands beside them, so of its rules only what
 * can never pass together with them.
 */
export function conflictsOf(rule: PolicyRule, mandatory: MandatoryRules): Conflict[] {
  const found: Conflict[] = [];
  for (const global of mandatory.near(rule.rule)) {
    if (global.policy.id === rule.policy.id) continue;
    for (const { why, reason } of loosenings([global.rule], [rule.rule])) {
      if (why === "weaker" && rule.policy.scope.kind === "global") continue;
      found.push({ rule, mandatory: global, why, reason });
    }
  }
  return found;
}
