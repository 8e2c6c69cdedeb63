import { resource } from "@fieldmesh/runtime";
import { domainInput, domainUpdate } from "../resources/domain.js";
import { etagOf, ifMatch, sendResource } from "./conditions.js";
import { creates } from "./create.js";
import { parseBody, parseQuery } from "./input.js";
import { domainList, nothingAsked, pageOf, sendSlice } from "./lists.js";
import { idOf } from "./path.js";
import { answered } from "./problems.js";
import type { RouteParts } from "./route-parts.js";

export function domainRoutes({ router, catalogue: { domains, answers }, reads, writes }: RouteParts): void {
  resource(router, "/domains", {
    get: reads(
      answered((request, response) => {
        sendSlice(request, response, domains.list(pageOf(parseQuery(request, domainList))));
      }),
    ),
    post: writes(
      creates(answers, domainInput, async (input) => {
        const kept = await domains.create(input);
        return { location: `/domains/${kept.value.id}`, etag: etagOf(kept), json: kept.json };
      }),
    ),
  });
  resource(router, "/domains/:id", {
    get: reads(
      answered((request, response) => {
        parseQuery(request, nothingAsked);
        sendResource(request, response, domains.get(idOf(request)));
      }),
    ),
    put: writes(
      answered(async (request, response) => {
        const id = idOf(request);
        const update = parseBody(request, domainUpdate);
        sendResource(request, response, await domains.update(id, update, ifMatch(request)));
      }),
    ),
    delete: writes(
      answered(async (request, response) => {
        await domains.remove(idOf(request), ifMatch(request));
        response.status(204).end();
      }),
    ),
  });
}
