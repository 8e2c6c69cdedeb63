import type { Product } from "../resources/product.js";

/** By what products are told apart, and what a product has of it. */
export const FACETS: Readonly<Record<Facet, (product: Product) => readonly string[]>> = {
  domain: ({ domain }) => [domain],
  tag: ({ tags }) => tags,
  owner: ({ owner }) => [owner],
  status: ({ status }) => [status],
  visibility: ({ visibility }) => [visibility],
};

export type Facet = "domain" | "tag" | "owner" | "status" | "visibility";
export type FacetCounts = Record<Facet, Record<string, number>>;

/** Of one facet, those that most products have. */
const MAX_VALUES = 100;

/**
 * How many products there are of each value. Of a facet in which something was chosen the others are counted, too,
 * as if nothing was: `matches` is asked without that choice.
 */
export function countFacets(
  products: Iterable<Product>,
  matches: (product: Product, but: Facet) => boolean,
): FacetCounts {
  const counts = new Map<Facet, Map<string, number>>();
  const entries = Object.entries(FACETS) as [Facet, (product: Product) => readonly string[]][];
  for (const [facet] of entries) counts.set(facet, new Map());
  for (const product of products) {
    for (const [facet, valuesOf] of entries) {
      if (!matches(product, facet)) continue;
      const of = counts.get(facet);
      for (const value of valuesOf(product)) of?.set(value, (of.get(value) ?? 0) + 1);
    }
  }
  return Object.fromEntries(entries.map(([facet]) => [facet, most(counts.get(facet))])) as FacetCounts;
}

function most(counts: ReadonlyMap<string, number> = new Map()): Record<string, number> {
  const sorted = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  return Object.fromEntries(sorted.slice(0, MAX_VALUES));
}
