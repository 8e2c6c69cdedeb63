import { principalOf } from "@fieldmesh/runtime";
import type { Request, RequestHandler } from "express";
import type { Catalogue } from "../store/catalogue.js";
import { demand, permission } from "./permission.js";
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
export function createGuard(catalogue: Pick<Catalogue, "products" | "domains" | "access">): Guard {
  const { products, domains, access } = catalogue;
  const { seen, changes } = permission(catalogue);
  return {
    sees: answered((request, response, next) => {
      const id = parameterOf(request, OF_PRODUCT);
      if (id !== undefined && products.find(id) !== undefined) seen(id, response);
      next();
    }),
    changes: answered((request, response, next) => {
      const id = parameterOf(request, OF_PRODUCT);
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
