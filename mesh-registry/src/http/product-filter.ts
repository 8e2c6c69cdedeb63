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

/** Whether every product is one of those but for drafts, and private ones that the asker may not see. */
export function isForWordsAlone({ domain, owner, status, visibility, tag, field }: Choice): boolean {
  return [domain, owner, status, visibility, tag, field].every((choice) => choice === undefined);
}
