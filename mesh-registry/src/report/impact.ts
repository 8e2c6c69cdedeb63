import { type Asker, UNCLAIMED } from "../access/asker.js";
import type { ImpactReport } from "../resources/impact.js";
import type { Product } from "../resources/product.js";
import type { Catalogue } from "../store/catalogue.js";

const MAX_LISTED = 1_000;

export interface ImpactParts {
  catalogue: Pick<Catalogue, "products" | "versions" | "lineage" | "subscriptions" | "access">;
}

type Affected = ImpactReport["products"][number];

/**
 * What feels it when something happens to products: all that is made of them, whose it is, and who reads it. Products
 * that the asker may not see are counted and not named. Who reads a product is told to operators and to whoever decides
 * about it.
 *
 * @param roots there; those that the asker may not see are counted, too
 */
export function impactOf(
  { products, versions, lineage, subscriptions, access }: ImpactParts["catalogue"],
  roots: readonly string[],
  asker: Asker,
): Omit<ImpactReport, "streams"> {
  const hidden = { products: 0, consumers: 0 };
  const owners = new Set<string>();
  const consumers = new Set<string>();
  const consumersOf = (id: string): string[] =>
    subscriptions
      .ofProduct(id)
      .filter(({ state }) => state === "approved")
      .map(({ consumer }) => consumer)
      .sort();
  /** Undefined where it is hidden. */
  const affected = (product: Product): Affected | undefined => {
    const { id, domain, owner } = product;
    const its = consumersOf(id);
    if (!access.maySee(product, asker)) {
      hidden.products += 1;
      hidden.consumers += its.length;
      return undefined;
    }
    const isTold = asker.role !== "viewer" || access.mayDecide(product, asker);
    const named = isTold ? its : its.filter((name) => name === asker.name);
    if (owner !== UNCLAIMED) owners.add(owner);
    for (const name of named) consumers.add(name);
    const version = versions.newest(id) ?? null;
    return { product: id, version, domain, owner, consumers: named, consumerCount: its.length };
  };

  const hit: Affected[] = [];
  for (const root of new Set(roots)) {
    const product = products.find(root)?.value;
    if (product === undefined) continue;
    const shown = affected(product);
    if (shown !== undefined) hit.push(shown);
  }

  const downstream: ImpactReport["downstream"] = [];
  for (const { product: id, depth, via, confidence } of lineage.impact(roots)) {
    const product = products.find(id)?.value;
    const shown = product === undefined ? undefined : affected(product);
    if (shown === undefined) continue;
    const before = products.find(via)?.value;
    const isSeen = before !== undefined && access.maySee(before, asker);
    downstream.push({ ...shown, depth, via: isSeen ? via : null, confidence });
  }
  downstream.sort((a, b) => a.depth - b.depth || (a.product < b.product ? -1 : 1));
  return {
    products: hit,
    downstream: downstream.slice(0, MAX_LISTED),
    owners: [...owners].sort(),
    consumers: [...consumers].sort(),
    hidden,
    more: Math.max(0, downstream.length - MAX_LISTED),
  };
}
