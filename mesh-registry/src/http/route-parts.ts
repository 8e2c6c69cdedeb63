import type { RequestHandler, Router } from "express";
import type { Catalogue } from "../store/catalogue.js";

/** Gives each resource's routes their guards: who may, how often. */
export interface RouteParts {
  router: Router;
  catalogue: Catalogue;
  reads: (handler: RequestHandler) => RequestHandler[];
  writes: (handler: RequestHandler) => RequestHandler[];
  administers: (handler: RequestHandler) => RequestHandler[];
}
