import { principalOf, resource } from "@fieldmesh/runtime";
import { type Product, type ProductUpdate, productInput, productUpdate } from "../resources/product.js";
import { countFacets } from "../search/facets.js";
import { etagOf, ifMatch, sendResource } from "./conditions.js";
import { creates } from "./create.js";
import { parseBody, parseQuery } from "./input.js";
import { nothingAsked, pageOf, productChoice, productList, sendSlice } from "./lists.js";
import { PageBytes } from "./page-bytes.js";
import { idOf } from "./path.js";
import { permission } from "./permission.js";
import { answered } from "./problems.js";
import { isForWordsAlone, productFilter } from "./product-filter.js";
import type { RouteParts } from "./route-parts.js";
import { createListedProducts } from "./seed/listed.js";
import { shownTo } from "./shown.js";

export function productRoutes({ router, catalogue, reads, writes }: RouteParts): void {
  const { products, access, answers } = catalogue;
  const { declares } = permission(catalogue);
  const { search } = catalogue;
  const listed = createListedProducts(catalogue.versions);
  const pages = new PageBytes();
  resource(router, "/products", {
    get: reads(
      answered((request, response) => {
        const query = parseQuery(request, productList);
        const asker = principalOf(response);
        const filter = productFilter(query, search);
        const where = (product: Product): boolean => filter(product) && access.maySee(product, asker);
        const shown = shownTo(catalogue, response);
        const page = pageOf(query);
        const slice = isBlank(query.q)
          ? products.list({ ...page, where })
          : search.find(query.q, {
              ...page,
              where: ({ value }) => where(value),
              allPlain: isForWordsAlone(query),
            });
        sendSlice(request, response, slice, { entry: (kept) => listed(shown(kept)), pages });
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
  resource(router, "/products/facets", {
    get: reads(
      answered((request, response) => {
        const query = parseQuery(request, productChoice);
        const asker = principalOf(response);
        const filter = productFilter(query, search);
        const all = isBlank(query.q) ? products.all() : search.all(query.q);
        const seen = function* (): Generator<Product> {
          for (const { value } of all) if (access.maySee(value, asker)) yield value;
        };
        response.set({ "Cache-Control": "private, no-cache", Vary: "Authorization, Cookie" });
        response.json(countFacets(seen(), filter));
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

/** A field for words that nobody filled in asks for all. */
function isBlank(words: string | undefined): words is undefined | "" {
  return words === undefined || words.trim() === "";
}
