import { principalOf, resource } from "@fieldmesh/runtime";
import { apiKeyInput } from "../resources/api-key.js";
import { parseBody, parseQuery } from "./input.js";
import { domainList, pageOf, sendSlice } from "./lists.js";
import { idOf } from "./path.js";
import { answered } from "./problems.js";
import type { RouteParts } from "./route-parts.js";

/** Keys for programs; for administrators. */
export function keyRoutes({ router, catalogue: { keys }, administers }: RouteParts): void {
  resource(router, "/keys", {
    get: administers(
      answered((request, response) => {
        sendSlice(request, response, keys.list(pageOf(parseQuery(request, domainList))));
      }),
    ),
    // Without an Idempotency-Key: answers that are kept for it would keep the key.
    post: administers(
      answered(async (request, response) => {
        const made = await keys.create(parseBody(request, apiKeyInput), principalOf(response).name);
        response
          .status(201)
          .set({ Location: `/keys/${made.id}`, "Cache-Control": "no-store" })
          .json(made);
      }),
    ),
  });
  resource(router, "/keys/:id", {
    delete: administers(
      answered(async (request, response) => {
        await keys.revoke(idOf(request));
        response.status(204).end();
      }),
    ),
  });
}
