import { principalOf } from "@fieldmesh/runtime";
import type { Request, RequestHandler, Response } from "express";
import type { Catalogue } from "../store/catalogue.js";
import { demand, noProduct, permission } from "./permission.js";
import { answered } from "./problems.js";

/** What every route of a product or a domain demands by its path, so that none forgets it. */
export interface Guard {
  /** A product that is hidden from who asks is not there. */
  sees: RequestHandler;
  /** That, and what is there belongs to who asks. */
  changes: RequestHandler;
}

/** Routes of one product: its id is the first parameter. */
const OF_PRODUCT = /^\/(?:products|lineage\/upstream|lineage\/downstream)\/:(\w+)/;
const OF_DOMAIN = /^\/domains\/:(\w+)/;

/** What is not there yet is for the route to judge. */
export function createGuard(
  catalogue: Pick<Catalogue, "products" | "domains" | "access" | "accessLog">,
): Guard {
  const { products, domains, access, accessLog } = catalogue;
  const { sees, changes } = permission(catalogue);
  /** Its owner learns of it, though who asked does not learn that it is there. */
  const noteHidden = (request: Request, response: Response, product: string): void => {
    const { name } = principalOf(response);
    const what = request.method === "GET" ? "read" : "change";
    accessLog.record({ product, who: name, what, allowed: false, reason: "it is private", via: "registry" });
  };
  return {
    sees: answered((request, response, next) => {
      const id = parameterOf(request, OF_PRODUCT);
      if (id !== undefined && !sees(id, response)) {
        noteHidden(request, response, id);
        throw noProduct(id);
      }
      next();
    }),
    changes: answered((request, response, next) => {
      const id = parameterOf(request, OF_PRODUCT);
      if (id !== undefined && !sees(id, response)) noteHidden(request, response, id);
      if (id !== undefined && products.find(id) !== undefined) changes(id, response);
      const domain = parameterOf(request, OF_DOMAIN);
      const kept = domain === undefined ? undefined : domains.find(domain);
      if (kept !== undefined) demand(access.mayChangeDomain(kept.value, principalOf(response)));
      next();
    }),
  };
}

function parameterOf(request: Request, path: RegExp): string | undefined {
  const route: unknown = request.route;
  if (typeof route !== "object" || route === null || !("path" in route)) return undefined;
  const name = path.exec(String(route.path))?.[1];
  const value = name === undefined ? undefined : request.params[name];
  return typeof value === "string" ? value : undefined;
}
