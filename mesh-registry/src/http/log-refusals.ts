import type { Principal } from "@fieldmesh/runtime";
import type { ErrorRequestHandler } from "express";
import { MAX_REASON } from "../resources/access-log.js";
import type { Catalogue } from "../store/catalogue.js";
import { ForbiddenProblem } from "./permission.js";

/** Notes who was kept from which product; the refusal itself is answered by whoever comes after. */
export function logRefusals({ accessLog }: Pick<Catalogue, "accessLog">): ErrorRequestHandler {
  return (error, request, response, next) => {
    const principal = response.locals["principal"] as Principal | undefined;
    if (error instanceof ForbiddenProblem && error.product !== undefined && principal !== undefined) {
      accessLog.record({
        product: error.product,
        who: principal.name,
        what: request.method === "GET" ? "read" : "change",
        allowed: false,
        reason: error.message.slice(0, MAX_REASON),
        via: "registry",
      });
    }
    next(error);
  };
}
