import { principalOf, resource } from "@fieldmesh/runtime";
import type { Compliance } from "../compliance/compliance.js";
import { metricsInput } from "../resources/quality-metrics.js";
import { parseBody, parseQuery } from "./input.js";
import { nothingAsked } from "./lists.js";
import { idOf } from "./path.js";
import { permission } from "./permission.js";
import { answered } from "./problems.js";
import type { RouteParts } from "./route-parts.js";

/** What was measured of a product. */
export function qualityRoutes({ router, catalogue, reads }: RouteParts, compliance: Compliance): void {
  const { seen, changes } = permission(catalogue);
  resource(router, "/products/:id/quality", {
    get: reads(
      answered((request, response) => {
        parseQuery(request, nothingAsked);
        const { value } = seen(idOf(request), response);
        response.set({ "Cache-Control": "private, no-cache", Vary: "Authorization, Cookie" });
        response.json(compliance.qualityOf(value));
      }),
    ),
    post: reads(
      answered(async (request, response) => {
        const input = parseBody(request, metricsInput);
        const { value } = changes(idOf(request), response);
        await catalogue.posted.post(value.id, input, principalOf(response).name);
        response.set("Cache-Control", "no-store").json(compliance.qualityOf(value));
      }),
    ),
  });
}
