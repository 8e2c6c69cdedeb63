import type { Domain } from "../resources/domain.js";
import type { Observed, Product } from "../resources/product.js";
import type { Collections } from "./collections.js";
import { domainKey, productKey } from "./keys.js";
import { RegistryError } from "./registry-error.js";
import type { StoreParts } from "./store-parts.js";
import type { Kept } from "./table.js";

/** Who has what nobody has claimed yet. */
export const UNCLAIMED = "unclaimed";

/** What was seen of streams, beside what is declared of their products. */
export interface Observations {
  /**
   * Changes what was seen of a stream, and nothing that is declared. `see` is given what was seen until then and
   * answers what is seen now, or undefined where nothing is to change. Where there is no product of this name, a
   * draft of nobody's is made, and its domain with it.
   * @throws RegistryError too_many when there are as many drafts, or domains, of nobody's as are kept
   */
  observe(
    id: string,
    domain: string,
    see: (before: Observed | undefined) => Observed | undefined,
  ): Promise<void>;
}

export function createObservations(
  { domains, products: table }: Pick<Collections, "domains" | "products">,
  { turns, clock, limits }: StoreParts,
): Observations {
  let drafts = 0;
  for (const { value } of table.values()) if (isUnclaimedDraft(value)) drafts += 1;
  table.onChange((_id, now, before) => {
    drafts += Number(isUnclaimedDraft(now?.value)) - Number(isUnclaimedDraft(before?.value));
  });
  let unclaimedDomains = 0;
  for (const { value } of domains.values()) if (isUnclaimed(value)) unclaimedDomains += 1;
  domains.onChange((_id, now, before) => {
    unclaimedDomains += Number(isUnclaimed(now?.value)) - Number(isUnclaimed(before?.value));
  });

  /** On their way into the store: many are made at once. */
  let draftsOnTheWay = 0;
  let domainsOnTheWay = 0;

  /** Called with the turn of the domain. */
  const makeDomain = async (id: string): Promise<void> => {
    if (unclaimedDomains + domainsOnTheWay >= limits.unclaimedDomains || domains.size >= limits.domains) {
      throw new RegistryError(
        "too_many",
        `there are ${unclaimedDomains} domains of nobody's: claim some first`,
      );
    }
    const now = clock();
    const made = {
      id,
      name: id,
      owner: UNCLAIMED,
      team: [],
      description: "",
      createdAt: now,
      updatedAt: now,
    };
    domainsOnTheWay += 1;
    try {
      await domains.insert(id, made);
    } finally {
      domainsOnTheWay -= 1;
    }
  };
  /** Called with the turn of the product. */
  const makeDraft = async (id: string, domain: string, observed: Observed): Promise<void> => {
    if (drafts + draftsOnTheWay >= limits.unclaimedDrafts || table.size >= limits.products) {
      throw new RegistryError(
        "too_many",
        `there are ${drafts} drafts of nobody's: claim or retire some first`,
      );
    }
    const now = clock();
    draftsOnTheWay += 1;
    try {
      await table.insert(id, { ...draftOf(id, domain), observed, createdAt: now, updatedAt: now });
    } finally {
      draftsOnTheWay -= 1;
    }
  };
  return {
    observe(id, domain, see) {
      const needsDomain = domains.get(domain) === undefined && table.get(id) === undefined;
      const alone = [productKey(id), ...(needsDomain ? [domainKey(domain)] : [])];
      return turns.run({ alone, shared: [domainKey(domain)] }, async () => {
        const kept = table.get(id);
        const observed = see(kept?.value.observed);
        if (observed === undefined) return;
        if (kept === undefined) {
          if (domains.get(domain) === undefined) await makeDomain(domain);
          await makeDraft(id, domain, observed);
          return;
        }
        await replaceObserved(kept, observed);
      });
    },
  };

  async function replaceObserved(kept: Kept<Product>, observed: Observed): Promise<void> {
    const { id } = kept.value;
    const replaced = await table.replace(id, kept.version, { ...kept.value, observed });
    if (replaced === undefined) {
      throw new RegistryError("changed", `data product "${id}" was changed by another meanwhile`);
    }
  }
}

function isUnclaimedDraft(product: Product | undefined): boolean {
  return product !== undefined && product.owner === UNCLAIMED && product.status === "draft";
}

function isUnclaimed(domain: Domain | undefined): boolean {
  return domain?.owner === UNCLAIMED;
}

/** Says nothing of a stream but that there is one. */
function draftOf(id: string, domain: string): Omit<Product, "createdAt" | "updatedAt"> {
  return {
    id,
    domain,
    owner: UNCLAIMED,
    description: "",
    tags: [],
    status: "draft",
    visibility: "restricted",
    sla: {},
    metadata: {},
    outputPorts: [],
    inputPorts: [],
  };
}
