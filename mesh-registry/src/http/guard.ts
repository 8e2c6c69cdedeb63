import { principalOf } from "@fieldmesh/runtime";
import type { Request, RequestHandler, Response } from "express";
import { resourceId } from "../resources/fields.js";
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

/** What makes a product that is not there yet judges itself what it is sent. */
const MAKES_PRODUCT = "/products/:id/contract";

/** What is hidden is answered as what is not there, before anything else of a request is looked at. */
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
  /** What is no name of a product is for the route to judge. */
  const isMissing = (id: string): boolean =>
    products.find(id) === undefined && resourceId.safeParse(id).success;
  return {
    sees: answered((request, response, next) => {
      const id = parameterOf(request, OF_PRODUCT);
      if (id !== undefined && !sees(id, response)) {
        noteHidden(request, response, id);
        throw noProduct(id);
      }
      if (id !== undefined && isMissing(id)) throw noProduct(id);
      next();
    }),
    changes: answered((request, response, next) => {
      const id = parameterOf(request, OF_PRODUCT);
      if (id !== undefined && !sees(id, response)) noteHidden(request, response, id);
      if (id !== undefined && products.find(id) !== undefined) changes(id, response);
      else if (id !== undefined && isMissing(id) && pathOf(request) !== MAKES_PRODUCT) throw noProduct(id);
      const domain = parameterOf(request, OF_DOMAIN);
      const kept = domain === undefined ? undefined : domains.find(domain);
      if (kept !== undefined) demand(access.mayChangeDomain(kept.value, principalOf(response)));
      next();
    }),
  };
}

function pathOf(request: Request): string {
  const route: unknown = request.route;
  return typeof route === "object" && route !== null && "path" in route ? String(route.path) : "";
}

function parameterOf(request: Request, path: RegExp): string | undefined {
  const name = path.exec(pathOf(request))?.[1];
  const value = name === undefined ? undefined : request.params[name];
  return typeof value === "string" ? value : undefined;
}
