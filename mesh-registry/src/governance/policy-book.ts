import type { GovernancePolicy } from "../resources/governance-policy.js";
import type { Product } from "../resources/product.js";
import { type Conflict, conflictsOf, isFor } from "./applicable.js";
import { MandatoryRules } from "./mandatory-rules.js";
import { type PolicyRule, rulesOf } from "./policy-rules.js";

/** A rule that is for a product. */
export interface ApplicableRule extends PolicyRule {
  /**
   * What a mandatory policy of all that came later takes back of it. Both are judged and the stricter holds; one that
   * can never pass together with it does not count.
   */
  conflicts: readonly Conflict[];
}

/** All policies, as products are judged by them. Conflicts are looked for when somebody asks for them. */
export class PolicyBook {
  readonly #all: () => Iterable<GovernancePolicy>;
  #policies: readonly GovernancePolicy[] | undefined;
  /** The mandatory ones of all, and what is known beside them. */
  #above: readonly GovernancePolicy[] = [];
  #mandatory = new MandatoryRules([]);
  #rules = new WeakMap<GovernancePolicy, readonly ApplicableRule[]>();

  constructor(all: () => Iterable<GovernancePolicy>) {
    this.#all = all;
  }

  /** A policy was made, changed or removed. */
  changed(): void {
    this.#policies = undefined;
  }

  /** Those that are for a product, by id, with their rules. */
  of(product: Pick<Product, "id" | "domain" | "tags">): ApplicableRule[] {
    return this.#sorted().flatMap((policy) => (isFor(policy.scope, product) ? this.#rulesOf(policy) : []));
  }

  /** What mandatory policies of all take back of others, in all policies. */
  conflicts(): Conflict[] {
    return this.#sorted().flatMap((policy) => this.#rulesOf(policy).flatMap(({ conflicts }) => conflicts));
  }

  #sorted(): readonly GovernancePolicy[] {
    if (this.#policies !== undefined) return this.#policies;
    const policies = [...this.#all()].sort((a, b) => (a.id < b.id ? -1 : 1));
    const above = policies.filter(
      ({ scope, enforcement }) => scope.kind === "global" && enforcement === "mandatory",
    );
    if (above.length !== this.#above.length || above.some((each, at) => each !== this.#above[at])) {
      this.#above = above;
      this.#mandatory = new MandatoryRules(above);
      this.#rules = new WeakMap();
    }
    this.#policies = policies;
    return policies;
  }

  #rulesOf(policy: GovernancePolicy): readonly ApplicableRule[] {
    let rules = this.#rules.get(policy);
    if (rules === undefined) {
      rules = rulesOf(policy).map((rule) => ({ ...rule, conflicts: conflictsOf(rule, this.#mandatory) }));
      this.#rules.set(policy, rules);
    }
    return rules;
  }
}

/** The one that a rule contradicts and that holds in its place; undefined when it counts. */
export function overrulerOf({ policy, conflicts }: ApplicableRule): Conflict | undefined {
  // Two mandatory policies of all that contradict each other are for those who made them to settle.
  if (policy.scope.kind === "global" && policy.enforcement === "mandatory") return undefined;
  return conflicts.find(({ why }) => why === "contrary");
}
