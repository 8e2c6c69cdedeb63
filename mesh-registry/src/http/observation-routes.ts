import { HttpProblem, resource } from "@fieldmesh/runtime";
import { claimed } from "../observe/claim.js";
import type { Observation } from "../observe/observation.js";
import { claimInput } from "../resources/claim.js";
import type { Product, ProductUpdate } from "../resources/product.js";
import { ifMatch, sendResource } from "./conditions.js";
import { parseBody, parseQuery } from "./input.js";
import { domainList, pageOf, sendList, toCursor } from "./lists.js";
import { idOf } from "./path.js";
import { permission } from "./permission.js";
import { answered } from "./problems.js";
import type { RouteParts } from "./route-parts.js";

/** What was seen of streams: who claims what, and taking on what is nobody's. */
export function observationRoutes(
  { router, catalogue, reads, writes }: RouteParts,
  observation: Pick<Observation, "conflicts">,
): void {
  const { products } = catalogue;
  const { declares, sees } = permission(catalogue);
  resource(router, "/conflicts", {
    get: reads(
      answered((request, response) => {
        const { limit, offset = 0, after } = pageOf(parseQuery(request, domainList));
        // Of private products others do not learn that they are there.
        const all = observation
          .conflicts()
          .filter((each) => each.kind === "node" || each.products.every((id) => sees(id, response)));
        const start = offset + (after === undefined ? 0 : Number(after));
        if (!Number.isSafeInteger(start)) {
          throw new HttpProblem(422, "invalid", "query/after: expected a cursor out of a Link header");
        }
        const items = all.slice(start, start + limit);
        const end = start + items.length;
        const next = end < all.length ? toCursor(String(end)) : undefined;
        sendList(request, response, { items, total: all.length, next });
      }),
    ),
  });
  resource(router, "/products/:id/claim", {
    post: writes(
      answered(async (request, response) => {
        const id = idOf(request);
        const input = parseBody(request, claimInput);
        // Nobody had a word to lose: who claims it need not have read it.
        const check = request.get("If-Match") === undefined ? () => undefined : ifMatch(request);
        const change = (now: Product): ProductUpdate => {
          const next = claimed(now, input);
          declares(now, next, response);
          return next;
        };
        sendResource(request, response, await products.update(id, change, check));
      }),
    ),
  });
}
