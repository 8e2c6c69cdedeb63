import { checkTightens } from "../governance/tightening.js";
import type {
  GovernancePolicy,
  GovernancePolicyInput,
  GovernancePolicyUpdate,
  PolicyScope,
} from "../resources/governance-policy.js";
import type { Collections } from "./collections.js";
import type { Precondition } from "./domains.js";
import { domainKey, POLICIES_KEY, productKey } from "./keys.js";
import { RegistryError } from "./registry-error.js";
import type { StoreParts } from "./store-parts.js";
import type { Kept, Slice, SliceQuery, TableListener } from "./table.js";

export interface Policies {
  list(query: SliceQuery<GovernancePolicy>): Slice<GovernancePolicy>;
  /** All of them, without order. */
  all(): Iterable<GovernancePolicy>;
  /** @throws RegistryError not_found */
  get(id: string): Kept<GovernancePolicy>;
  /**
   * Throws where the caller may not change it.
   * @throws RegistryError invalid_rule, loosening, unknown_reference, exists, too_many
   */
  create(input: GovernancePolicyInput): Promise<Kept<GovernancePolicy>>;
  /** @throws RegistryError not_found, invalid_rule, loosening, unknown_reference; what the precondition throws */
  update(
    id: string,
    input: GovernancePolicyUpdate,
    check: Precondition<GovernancePolicy>,
  ): Promise<Kept<GovernancePolicy>>;
  /** @throws RegistryError not_found; what the precondition throws */
  remove(id: string, check: Precondition<GovernancePolicy>): Promise<void>;
  onChange(listener: TableListener<GovernancePolicy>): () => void;
}

export function createPolicies(
  { policies: table, domains, products }: Pick<Collections, "policies" | "domains" | "products">,
  { turns, clock, limits }: StoreParts,
): Policies {
  const all = function* (): Generator<GovernancePolicy> {
    for (const { value } of table.values()) yield value;
  };
  const get = (id: string): Kept<GovernancePolicy> => {
    const kept = table.get(id);
    if (kept === undefined) throw new RegistryError("not_found", `there is no policy "${id}"`);
    return kept;
  };
  const checkNumber = ({ id, rules }: Pick<GovernancePolicy, "id" | "rules">): void => {
    let others = 0;
    for (const policy of all()) if (policy.id !== id) others += policy.rules.length;
    if (others + rules.length <= limits.rules) return;
    const detail = `rules: there are ${others} rules in all other policies: at most ${limits.rules} are kept`;
    throw new RegistryError("too_many", detail, [{ pointer: "/rules", detail }]);
  };
  const checkScope = (scope: PolicyScope): void => {
    if (scope.kind === "domain" && domains.get(scope.domain) === undefined) {
      const at = [{ pointer: "/scope/domain", value: scope.domain }];
      const detail = `scope.domain: there is no domain "${scope.domain}": register it first`;
      throw new RegistryError("unknown_reference", detail, at);
    }
    if (scope.kind === "product" && products.get(scope.product) === undefined) {
      const at = [{ pointer: "/scope/product", value: scope.product }];
      const detail = `scope.product: there is no data product "${scope.product}": register it first`;
      throw new RegistryError("unknown_reference", detail, at);
    }
  };
  /** One after the other: a policy of all and one of a domain that loosens it are not made side by side. */
  const claims = (scope?: PolicyScope) => ({ alone: [POLICIES_KEY], shared: sharedBy(scope) });
  return {
    list: (query) => table.slice(query),
    all,
    get,
    create: (input) =>
      turns.run(claims(input.scope), async () => {
        if (table.get(input.id) === undefined) {
          if (table.size >= limits.policies) {
            throw new RegistryError("too_many", `there are ${table.size} policies: no more are kept`);
          }
          checkNumber(input);
          const now = clock();
          const policy: GovernancePolicy = { ...input, createdAt: now, updatedAt: now };
          checkScope(policy.scope);
          checkTightens(policy, all());
          const made = await table.insert(input.id, policy);
          if (made !== undefined) return made;
        }
        throw new RegistryError("exists", `there is a policy "${input.id}" already`);
      }),
    update: (id, input, check) =>
      turns.run(claims(input.scope), async () => {
        const kept = get(id);
        check(kept);
        const { createdAt } = kept.value;
        const changed: GovernancePolicy = { id, ...input, createdAt, updatedAt: clock() };
        checkNumber(changed);
        checkScope(changed.scope);
        checkTightens(changed, all());
        const replaced = await table.replace(id, kept.version, changed);
        if (replaced !== undefined) return replaced;
        throw new RegistryError("changed", `policy "${id}" was changed by another meanwhile`);
      }),
    remove: (id, check) =>
      turns.run(claims(), async () => {
        check(get(id));
        await table.remove(id);
      }),
    onChange: (listener) => table.onChange(listener),
  };
}

function sharedBy(scope: PolicyScope | undefined): string[] {
  if (scope?.kind === "domain") return [domainKey(scope.domain)];
  return scope?.kind === "product" ? [productKey(scope.product)] : [];
}
