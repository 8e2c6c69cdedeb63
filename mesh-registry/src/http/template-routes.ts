import { resource } from "@fieldmesh/runtime";
import { templateInput, templateUpdate } from "../resources/template.js";
import { etagOf, ifMatch, sendResource } from "./conditions.js";
import { creates } from "./create.js";
import { parseBody, parseQuery } from "./input.js";
import { domainList, nothingAsked, pageOf, sendSlice } from "./lists.js";
import { idOf } from "./path.js";
import { answered } from "./problems.js";
import type { RouteParts } from "./route-parts.js";

export function templateRoutes({
  router,
  catalogue: { templates, answers },
  reads,
  writes,
}: RouteParts): void {
  resource(router, "/templates", {
    get: reads(
      answered((request, response) => {
        sendSlice(request, response, templates.list(pageOf(parseQuery(request, domainList))));
      }),
    ),
    post: writes(
      creates(answers, templateInput, async (input) => {
        const kept = await templates.create(input);
        return { location: `/templates/${kept.value.id}`, etag: etagOf(kept), json: kept.json };
      }),
    ),
  });
  resource(router, "/templates/:id", {
    get: reads(
      answered((request, response) => {
        parseQuery(request, nothingAsked);
        sendResource(request, response, templates.get(idOf(request)));
      }),
    ),
    put: writes(
      answered(async (request, response) => {
        const id = idOf(request);
        const update = parseBody(request, templateUpdate);
        sendResource(request, response, await templates.update(id, update, ifMatch(request)));
      }),
    ),
    delete: writes(
      answered(async (request, response) => {
        await templates.remove(idOf(request), ifMatch(request));
        response.status(204).end();
      }),
    ),
  });
}
