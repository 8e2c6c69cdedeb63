import { resource } from "@fieldmesh/runtime";
import type { z } from "zod";
import { type Product, productInput, productUpdate } from "../resources/product.js";
import { etagOf, ifMatch, sendResource } from "./conditions.js";
import { creates } from "./create.js";
import { parseBody, parseQuery } from "./input.js";
import { nothingAsked, pageOf, productList, sendSlice } from "./lists.js";
import { idOf } from "./path.js";
import { answered } from "./problems.js";
import type { RouteParts } from "./route-parts.js";
import { createListedProducts } from "./seed/listed.js";

export function productRoutes({ router, catalogue, reads, writes }: RouteParts): void {
  const { products, answers } = catalogue;
  const listed = createListedProducts(catalogue.versions);
  resource(router, "/products", {
    get: reads(
      answered((request, response) => {
        const query = parseQuery(request, productList);
        sendSlice(request, response, products.list({ ...pageOf(query), where: filterOf(query) }), listed);
      }),
    ),
    post: writes(
      creates(answers, productInput, async (input) => {
        const kept = await products.create(input);
        return { location: `/products/${kept.value.id}`, etag: etagOf(kept), json: kept.json };
      }),
    ),
  });
  resource(router, "/products/:id", {
    get: reads(
      answered((request, response) => {
        parseQuery(request, nothingAsked);
        sendResource(request, response, products.get(idOf(request)));
      }),
    ),
    put: writes(
      answered(async (request, response) => {
        const id = idOf(request);
        const update = parseBody(request, productUpdate);
        sendResource(request, response, await products.update(id, () => update, ifMatch(request)));
      }),
    ),
    delete: writes(
      answered(async (request, response) => {
        sendResource(request, response, await products.retire(idOf(request), ifMatch(request)));
      }),
    ),
  });
}

/** Drafts are seen by who asks for them. */
function filterOf(query: z.output<typeof productList>): (product: Product) => boolean {
  const { domain, owner, status, visibility } = query;
  const tag = query.tag?.trim().toLowerCase();
  const inDomain = domain?.toLowerCase();
  return (product) =>
    (status === undefined ? product.status !== "draft" : product.status === status) &&
    (inDomain === undefined || product.domain.toLowerCase() === inDomain) &&
    (owner === undefined || product.owner === owner) &&
    (visibility === undefined || product.visibility === visibility) &&
    (tag === undefined || product.tags.includes(tag));
}
