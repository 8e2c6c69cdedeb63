import { principalOf, resource } from "@fieldmesh/runtime";
import type { Request, Response } from "express";
import { attestationInput } from "../resources/attestation.js";
import type { Product } from "../resources/product.js";
import { creates } from "./create.js";
import { parseQuery } from "./input.js";
import { nothingAsked } from "./lists.js";
import { idOf } from "./path.js";
import { forbidden, permission } from "./permission.js";
import { answered } from "./problems.js";
import type { RouteParts } from "./route-parts.js";

/** What owners attest of their products. */
export function attestationRoutes({ router, catalogue, reads }: RouteParts): void {
  const { attestations, access, answers } = catalogue;
  const { seen } = permission(catalogue);
  const owned = (request: Request, response: Response): Product => {
    const { value } = seen(idOf(request), response);
    if (access.mayDecide(value, principalOf(response))) return value;
    throw forbidden(
      `"${value.id}" is attested for by its owner ${value.owner}, by who is of the domain "${value.domain}", and by administrators`,
    );
  };
  resource(router, "/products/:id/attestations", {
    get: reads(
      answered((request, response) => {
        parseQuery(request, nothingAsked);
        const { value } = seen(idOf(request), response);
        response.set({ "Cache-Control": "private, no-cache", Vary: "Authorization, Cookie" });
        response.json(attestations.of(value.id));
      }),
    ),
    post: reads(
      creates(answers, attestationInput, async (input, request, response) => {
        const { id } = owned(request, response);
        const value = await attestations.attest(id, input, principalOf(response).name);
        return { location: `/products/${id}/attestations/${encodeURIComponent(value.claim)}`, value };
      }),
    ),
  });
  resource(router, "/products/:id/attestations/:claim", {
    delete: reads(
      answered(async (request, response) => {
        const { id } = owned(request, response);
        await attestations.withdraw(id, String(request.params["claim"]));
        response.status(204).end();
      }),
    ),
  });
}
