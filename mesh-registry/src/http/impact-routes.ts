import { HttpProblem, principalOf, resource } from "@fieldmesh/runtime";
import type { Response } from "express";
import type { Compliance } from "../compliance/compliance.js";
import { impactOf } from "../report/impact.js";
import { type ImpactReport, impactInput } from "../resources/impact.js";
import { parseBody, parseQuery } from "./input.js";
import { nothingAsked } from "./lists.js";
import { idOf } from "./path.js";
import { permission } from "./permission.js";
import { answered } from "./problems.js";
import type { RouteParts } from "./route-parts.js";

/** Who is to be told when something happens to a product, or to a stream. */
export function impactRoutes({ router, catalogue, reads }: RouteParts, compliance: Compliance): void {
  const { seen, sees } = permission(catalogue);
  const send = (response: Response, report: ImpactReport): void => {
    response.set({ "Cache-Control": "private, no-cache", Vary: "Authorization, Cookie" });
    response.json(report);
  };
  const ofStreams = (streams: readonly string[], products: readonly string[], response: Response) => {
    const found = [...new Set(streams)].map((stream) => ({
      stream,
      products: compliance.productsOf(stream),
    }));
    const roots = [...products, ...found.flatMap((each) => each.products)];
    const report: ImpactReport = impactOf(catalogue, roots, principalOf(response));
    if (streams.length === 0) return report;
    const named = found.map((each) => ({
      ...each,
      products: each.products.filter((id) => sees(id, response)),
    }));
    return { ...report, streams: named };
  };

  resource(router, "/products/:id/impact", {
    get: reads(
      answered((request, response) => {
        parseQuery(request, nothingAsked);
        const { id } = seen(idOf(request), response).value;
        send(response, impactOf(catalogue, [id], principalOf(response)));
      }),
    ),
  });
  resource(router, "/streams/:stream/impact", {
    get: reads(
      answered((request, response) => {
        parseQuery(request, nothingAsked);
        const stream = String(request.params["stream"]);
        if (!/^[a-z0-9_-]{1,100}$/.test(stream)) {
          throw new HttpProblem(404, "not_found", "stream: expected a name as env_desk_temperature");
        }
        send(response, ofStreams([stream], [], response));
      }),
    ),
  });
  // Not a change: a body, as a node has more sensors than an address has room for.
  resource(router, "/impact", {
    post: reads(
      answered((request, response) => {
        const { streams, products } = parseBody(request, impactInput);
        for (const id of products) seen(id, response);
        send(response, ofStreams(streams, products, response));
      }),
    ),
  });
}
