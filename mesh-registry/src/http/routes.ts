import {
  Attempts,
  clientKey,
  HttpProblem,
  type Log,
  principalOf,
  type Role,
  resource,
  type SignIn,
} from "@fieldmesh/runtime";
import { type RequestHandler, Router } from "express";
import type { Compliance } from "../compliance/compliance.js";
import type { HistorianConfiguration } from "../historian-configuration/historian-configuration.js";
import { createRegistryMetrics } from "../metrics/registry-metrics.js";
import type { BrokerHealth } from "../observe/broker-health.js";
import type { Observation } from "../observe/observation.js";
import type { Provisioner } from "../provisioning/provisioner.js";
import type { Reports } from "../report/reports.js";
import type { Catalogue } from "../store/catalogue.js";
import { type AccessRoutesParts, accessRoutes } from "./access-routes.js";
import { attestationRoutes } from "./attestation-routes.js";
import { complianceRoutes } from "./compliance-routes.js";
import { contractRoutes } from "./contract-routes.js";
import { docsRoutes } from "./docs/docs-routes.js";
import { domainRoutes } from "./domain-routes.js";
import { createGuard } from "./guard.js";
import { historianRoutes } from "./historian-routes.js";
import { impactRoutes } from "./impact-routes.js";
import { parseQuery } from "./input.js";
import { keyRoutes } from "./key-routes.js";
import { lineageRoutes } from "./lineage-routes.js";
import { nothingAsked } from "./lists.js";
import { logRefusals } from "./log-refusals.js";
import { observationRoutes } from "./observation-routes.js";
import { registryDescription } from "./openapi.js";
import { policyRoutes } from "./policy-routes.js";
import { productRoutes } from "./product-routes.js";
import { provisionRoutes } from "./provision-routes.js";
import { qualityRoutes } from "./quality-routes.js";
import { reportRoutes } from "./report-routes.js";
import type { RouteParts } from "./route-parts.js";
import { seedDataRoutes } from "./seed/data-routes.js";
import type { HistorianReader } from "./seed/historian-reader.js";
import { seedLineageRoutes } from "./seed/lineage-routes.js";
import { seedProductRoutes } from "./seed/product-routes.js";
import { subscriptionRoutes } from "./subscription-routes.js";
import { templateRoutes } from "./template-routes.js";
import { versionRoutes } from "./version-routes.js";

/** What is served beside what the catalogue records. */
export interface BesideCatalogue extends AccessRoutesParts {
  /** How it stands with the broker. */
  broker: () => BrokerHealth;
  provisioner: Provisioner;
  /** Addresses of the broker that are told to others. */
  brokers: readonly string[];
  observation: Pick<Observation, "conflicts" | "index">;
  historianConfiguration: Pick<HistorianConfiguration, "current" | "changed" | "waiting">;
  compliance: Compliance;
  reports: Reports;
}

export interface RegistryRoutesOptions extends BesideCatalogue {
  signIn: Pick<SignIn, "requireRole" | "identify">;
  log: Log;
  catalogue: Catalogue;
  historian: HistorianReader;
  /** Shown in the API description and by `/health`. */
  version: string;
  /** Requests of one person or program at one address. Default 120,000 in 10 s. */
  rate?: RateLimit | undefined;
}

export interface RateLimit {
  max: number;
  windowMs: number;
}

/** Twice what one busy client gets out of a small machine: a bound for one that has gone mad. */
const RATE: RateLimit = { max: 120_000, windowMs: 10_000 };
const MAX_RATED = 10_000;

/** The registry's REST interface. */
export function registryRoutes({
  signIn,
  catalogue,
  log,
  version,
  historian,
  rate: limit = RATE,
  broker,
  door,
  addresses,
  provisioner,
  brokers,
  observation,
  historianConfiguration,
  compliance,
  reports,
}: RegistryRoutesOptions): Router {
  const router = Router();
  const rate = limited(
    new Attempts({
      ...limit,
      maxKeys: MAX_RATED,
      now: () => performance.now(), // whose clock is set back is not kept waiting
    }),
  );
  const metrics = createRegistryMetrics({ catalogue, broker, compliance, log });
  router.use(metrics.measure);
  const guard = createGuard(catalogue);
  const as = (role: Role, ...handlers: RequestHandler[]): RequestHandler[] => [
    signIn.requireRole(role),
    rate,
    ...handlers,
  ];
  const parts: RouteParts = {
    router,
    catalogue,
    reads: (handler) => as("viewer", guard.sees, handler),
    writes: (handler) => as("operator", guard.changes, handler),
    administers: (handler) => as("admin", handler),
  };
  domainRoutes(parts);
  productRoutes(parts);
  versionRoutes(parts);
  lineageRoutes(parts);
  policyRoutes(parts);
  complianceRoutes(parts, compliance);
  qualityRoutes(parts, compliance);
  attestationRoutes(parts);
  impactRoutes(parts, compliance);
  reportRoutes(parts, reports);
  subscriptionRoutes(parts);
  accessRoutes(parts, { door, addresses });
  keyRoutes(parts);
  contractRoutes(parts, brokers);
  templateRoutes(parts);
  provisionRoutes(parts, provisioner);
  observationRoutes(parts, observation);
  historianRoutes(parts, historianConfiguration);
  resource(router, "/health", {
    get: async (request, response) => {
      // How many there are is for who may read.
      const asker = await signIn.identify(request.headers, request.socket.remoteAddress);
      const totals = {
        total_products: catalogue.products.list({ limit: 1 }).total,
        total_lineage_entries: catalogue.lineage.list({ limit: 1 }).total,
      };
      response.set("Cache-Control", "no-store").json({
        status: "healthy",
        version,
        timestamp: new Date().toISOString(),
        broker: broker(),
        ...(asker === undefined ? {} : totals),
      });
    },
  });
  resource(router, "/metrics", {
    get: parts.reads((_request, response) => {
      response.set({
        "Content-Type": "text/plain; version=0.0.4; charset=utf-8",
        "Cache-Control": "no-store",
      });
      response.end(metrics.text());
    }),
  });
  resource(router, "/openapi.json", {
    get: parts.reads((request, response) => {
      parseQuery(request, nothingAsked);
      response.set("Cache-Control", "private, no-cache").json(registryDescription(version));
    }),
  });
  docsRoutes(parts, version);
  // After all others: `/{domain}/{dataset}` is whatever is left.
  seedProductRoutes(parts);
  seedLineageRoutes(parts);
  seedDataRoutes(parts, { historian, index: observation.index });
  router.use(logRefusals(catalogue));
  return router;
}

function limited(rate: Attempts): RequestHandler {
  return (request, response, next) => {
    const { name } = principalOf(response);
    const waitMs = rate.take(`${name} ${clientKey(request.headers, request.socket.remoteAddress)}`);
    if (waitMs === 0) return next();
    const seconds = Math.ceil(waitMs / 1_000);
    throw new HttpProblem(429, "too_many_requests", `too many requests: wait ${seconds} s`, {
      headers: { "Retry-After": String(seconds) },
    });
  };
}
