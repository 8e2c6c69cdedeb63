import type { GovernancePolicy } from "../resources/governance-policy.js";
import type { Product } from "../resources/product.js";
import { type Conflict, conflictsOf, isFor, mandatoryOfAll } from "./applicable.js";
import { type PolicyRule, rulesOf } from "./policy-rules.js";

/** A rule that is for a product. */
export interface ApplicableRule extends PolicyRule {
  /**
   * What a mandatory policy of all that came later takes back of it. Both are judged and the stricter holds; one that
   * can never pass together with it does not count.
   */
  conflicts: readonly Conflict[];
}

/** All policies, as products are judged by them. */
export class PolicyBook {
  readonly #all: () => Iterable<GovernancePolicy>;
  #sorted: readonly { policy: GovernancePolicy; rules: readonly ApplicableRule[] }[] | undefined;

  constructor(all: () => Iterable<GovernancePolicy>) {
    this.#all = all;
  }

  /** A policy was made, changed or removed. */
  changed(): void {
    this.#sorted = undefined;
  }

  /** Those that are for a product, by id, with their rules. */
  of(product: Pick<Product, "id" | "domain" | "tags">): readonly ApplicableRule[] {
    const found: ApplicableRule[] = [];
    for (const { policy, rules } of this.#read()) if (isFor(policy.scope, product)) found.push(...rules);
    return found;
  }

  /** What mandatory policies of all take back of others, in all policies. */
  conflicts(): readonly Conflict[] {
    return this.#read().flatMap(({ rules }) => rules.flatMap(({ conflicts }) => conflicts));
  }

  #read() {
    this.#sorted ??= this.#sort();
    return this.#sorted;
  }

  #sort() {
    const policies = [...this.#all()].sort((a, b) => (a.id < b.id ? -1 : 1));
    const mandatory = mandatoryOfAll(policies);
    return policies.map((policy) => ({
      policy,
      rules: rulesOf(policy).map(
        (rule): ApplicableRule => ({ ...rule, conflicts: conflictsOf(policy, [rule], mandatory) }),
      ),
    }));
  }
}

/** The one that a rule contradicts and that holds in its place; undefined when it counts. */
export function overrulerOf({ policy, conflicts }: ApplicableRule): Conflict | undefined {
  // Two mandatory policies of all that contradict each other are for those who made them to settle.
  if (policy.scope.kind === "global" && policy.enforcement === "mandatory") return undefined;
  return conflicts.find(({ why }) => why === "contrary");
}
