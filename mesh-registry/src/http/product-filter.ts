import type { z } from "zod";
import type { Product } from "../resources/product.js";
import type { Facet } from "../search/facets.js";
import type { ProductSearch } from "../search/product-search.js";
import type { productChoice } from "./lists.js";

type Choice = z.output<typeof productChoice>;

/** Whether a product is one of those that are asked for, all words apart; `but` passes over one choice. */
export function productFilter(
  { domain, owner, status, visibility, tag, field }: Choice,
  search: Pick<ProductSearch, "hasField">,
): (product: Product, but?: Facet) => boolean {
  const wantedTag = tag?.trim().toLowerCase();
  const inDomain = domain?.toLowerCase();
  return (product, but) =>
    (but === "status" ||
      // Drafts are seen by who asks for them.
      (status === undefined ? product.status !== "draft" : product.status === status)) &&
    (inDomain === undefined || but === "domain" || product.domain.toLowerCase() === inDomain) &&
    (owner === undefined || but === "owner" || product.owner === owner) &&
    (visibility === undefined || but === "visibility" || product.visibility === visibility) &&
    (wantedTag === undefined || but === "tag" || product.tags.includes(wantedTag)) &&
    (field === undefined || search.hasField(product.id, field));
}

/** A page of what was found, in its order; a cursor is the last id of the page before. */
export function sliceOf<T extends { value: { id: string } }>(
  found: readonly T[],
  { limit, offset = 0, after }: { limit: number; offset?: number | undefined; after?: string | undefined },
): { items: T[]; total: number; next?: string } {
  const behind = after === undefined ? 0 : found.findIndex(({ value }) => value.id === after) + 1;
  const start = behind + offset;
  const items = found.slice(start, start + limit);
  const last = items.at(-1)?.value.id;
  return {
    items,
    total: found.length,
    ...(last === undefined || start + limit >= found.length ? {} : { next: last }),
  };
}
