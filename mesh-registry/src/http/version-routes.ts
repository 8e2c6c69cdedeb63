import { HttpProblem, principalOf, resource } from "@fieldmesh/runtime";
import { versionInput, versionNumber } from "../resources/version.js";
import { creates } from "./create.js";
import { parseQuery } from "./input.js";
import { nothingAsked, pageOf, sendList, versionList } from "./lists.js";
import { idOf } from "./path.js";
import { answered } from "./problems.js";
import type { RouteParts } from "./route-parts.js";

export function versionRoutes({ router, catalogue: { versions, answers }, reads, writes }: RouteParts): void {
  resource(router, "/products/:id/versions", {
    get: reads(
      answered(async (request, response) => {
        const { after, ...query } = parseQuery(request, versionList);
        const product = idOf(request);
        sendList(request, response, await versions.list(product, { ...pageOf(query), after }));
      }),
    ),
    post: writes(
      creates(answers, versionInput, async (input, request, response) => {
        const product = idOf(request);
        const value = await versions.publish(product, input, principalOf(response).name);
        return { location: `/products/${product}/versions/${value.version}`, value };
      }),
    ),
  });
  resource(router, "/products/:id/versions/:version", {
    get: reads(
      answered(async (request, response) => {
        parseQuery(request, nothingAsked);
        const version = versionNumber.safeParse(request.params["version"]);
        if (!version.success) {
          throw new HttpProblem(404, "not_found", "version: expected a version as 1.0.0");
        }
        // It never changes, but who may see it does.
        response.set({ "Cache-Control": "private, no-cache", Vary: "Authorization, Cookie" });
        response.json(await versions.get(idOf(request), version.data));
      }),
    ),
  });
}
