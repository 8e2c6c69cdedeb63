import { principalOf, resource } from "@fieldmesh/runtime";
import type { z } from "zod";
import { type Product, type ProductUpdate, productInput, productUpdate } from "../resources/product.js";
import { etagOf, ifMatch, sendResource } from "./conditions.js";
import { creates } from "./create.js";
import { parseBody, parseQuery } from "./input.js";
import { nothingAsked, pageOf, productList, sendSlice } from "./lists.js";
import { idOf } from "./path.js";
import { permission } from "./permission.js";
import { answered } from "./problems.js";
import type { RouteParts } from "./route-parts.js";
import { createListedProducts } from "./seed/listed.js";
import { shownTo } from "./shown.js";

export function productRoutes({ router, catalogue, reads, writes }: RouteParts): void {
  const { products, access, answers } = catalogue;
  const { declares } = permission(catalogue);
  const listed = createListedProducts(catalogue.versions);
  resource(router, "/products", {
    get: reads(
      answered((request, response) => {
        const query = parseQuery(request, productList);
        const asker = principalOf(response);
        const filter = filterOf(query);
        const where = (product: Product): boolean => filter(product) && access.maySee(product, asker);
        const shown = shownTo(catalogue, response);
        const slice = products.list({ ...pageOf(query), where });
        sendSlice(request, response, slice, (kept) => listed(shown(kept)));
      }),
    ),
    post: writes(
      creates(answers, productInput, async (input, _request, response) => {
        declares(undefined, input, response);
        const kept = await products.create(input);
        return { location: `/products/${kept.value.id}`, etag: etagOf(kept), json: kept.json };
      }),
    ),
  });
  resource(router, "/products/:id", {
    get: reads(
      answered((request, response) => {
        parseQuery(request, nothingAsked);
        const kept = products.get(idOf(request));
        sendResource(request, response, shownTo(catalogue, response)(kept));
      }),
    ),
    put: writes(
      answered(async (request, response) => {
        const id = idOf(request);
        const update = parseBody(request, productUpdate);
        const change = (now: Product): ProductUpdate => {
          declares(now, update, response);
          return update;
        };
        sendResource(request, response, await products.update(id, change, ifMatch(request)));
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
