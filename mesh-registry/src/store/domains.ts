import type { Domain, DomainInput, DomainUpdate } from "../resources/domain.js";
import type { GovernancePolicy } from "../resources/governance-policy.js";
import type { Collections } from "./collections.js";
import { domainKey } from "./keys.js";
import { RegistryError } from "./registry-error.js";
import type { StoreParts } from "./store-parts.js";
import type { Kept, Slice, SliceQuery } from "./table.js";

/** Throws where this is not what is to be changed; see `If-Match`. */
export type Precondition<T> = (kept: Kept<T>) => void;

export interface Domains {
  list(query: SliceQuery<Domain>): Slice<Domain>;
  /** @throws RegistryError not_found */
  get(id: string): Kept<Domain>;
  /** Undefined where there is none. */
  find(id: string): Kept<Domain> | undefined;
  /** @throws RegistryError exists, too_many */
  create(input: DomainInput): Promise<Kept<Domain>>;
  /** @throws RegistryError not_found; what the precondition throws */
  update(id: string, input: DomainUpdate, check: Precondition<Domain>): Promise<Kept<Domain>>;
  /** @throws RegistryError not_found, conflict while products are in it or policies are for it; what the precondition throws */
  remove(id: string, check: Precondition<Domain>): Promise<void>;
}

export function createDomains(
  { domains: table, products, policies }: Pick<Collections, "domains" | "products" | "policies">,
  { turns, clock, limits }: StoreParts,
): Domains {
  const get = (id: string): Kept<Domain> => {
    const kept = table.get(id);
    if (kept === undefined) throw new RegistryError("not_found", `there is no domain "${id}"`);
    return kept;
  };
  return {
    list: (query) => table.slice(query),
    get,
    find: (id) => table.get(id),
    create: (input) =>
      turns.run({ alone: [domainKey(input.id)] }, async () => {
        if (table.size >= limits.domains) {
          throw new RegistryError("too_many", `there are ${table.size} domains: no more are kept`);
        }
        const now = clock();
        const made = await table.insert(input.id, { ...input, createdAt: now, updatedAt: now });
        if (made !== undefined) return made;
        throw new RegistryError("exists", `there is a domain "${input.id}" already`);
      }),
    update: (id, input, check) =>
      turns.run({ alone: [domainKey(id)] }, async () => {
        const kept = get(id);
        check(kept);
        const { createdAt } = kept.value;
        const changed = { id, ...input, createdAt, updatedAt: clock() };
        const replaced = await table.replace(id, kept.version, changed);
        if (replaced !== undefined) return replaced;
        throw new RegistryError("changed", `domain "${id}" was changed by another meanwhile`);
      }),
    remove: (id, check) =>
      // Whoever makes a product or a policy shares its domain: none is on its way into this one now.
      turns.run({ alone: [domainKey(id)] }, async () => {
        check(get(id));
        const { total, items } = products.slice({ where: ({ domain }) => domain === id, limit: 3 });
        if (total > 0) {
          const some = items.map(({ value }) => value.id).join(", ");
          const detail = `domain "${id}" has ${total} products (${some}…): they belong to it, retired ones too`;
          throw new RegistryError("conflict", detail);
        }
        const where = ({ scope }: GovernancePolicy): boolean =>
          scope.kind === "domain" && scope.domain === id;
        const its = policies.slice({ where, limit: 3 });
        if (its.total > 0) {
          const some = its.items.map(({ value }) => value.id).join(", ");
          throw new RegistryError(
            "conflict",
            `domain "${id}" has ${its.total} policies (${some}…): remove them first`,
          );
        }
        await table.remove(id);
      }),
  };
}
