import { OpenAPIRegistry, OpenApiGeneratorV31 } from "@asteasolutions/zod-to-openapi";
import { describeAccess } from "./description/access.js";
import { describeContracts } from "./description/contracts.js";
import { describeDomains } from "./description/domains.js";
import { describeGovernance } from "./description/governance.js";
import { describeHistorian } from "./description/historian.js";
import { describeKeys } from "./description/keys.js";
import { describeLineage } from "./description/lineage.js";
import { describeObservation } from "./description/observation.js";
import { type AddOperation, requestOf, responsesOf } from "./description/operation.js";
import { describePolicies } from "./description/policies.js";
import { describeProducts } from "./description/products.js";
import { describeProvisions, describeTemplates } from "./description/provisions.js";
import { describeReport } from "./description/report.js";
import { describeSeed } from "./description/seed.js";
import { describeService } from "./description/service.js";
import { describeSubscriptions } from "./description/subscriptions.js";
import { describeVersions } from "./description/versions.js";

type Description = ReturnType<OpenApiGeneratorV31["generateDocument"]>;

/** Each tells of the routes of one resource. */
const PARTS: readonly ((add: AddOperation) => void)[] = [
  describeDomains,
  describeProducts,
  describeVersions,
  describeLineage,
  describePolicies,
  describeGovernance,
  describeReport,
  describeSubscriptions,
  describeAccess,
  describeKeys,
  describeContracts,
  describeTemplates,
  describeProvisions,
  describeObservation,
  describeHistorian,
  describeSeed,
  describeService,
];

let made: { version: string; description: Description } | undefined;

/** OpenAPI 3.1 of the registry. */
export function registryDescription(of: string): Description {
  if (made?.version !== of) made = { version: of, description: describe(of) };
  return made.description;
}

function describe(of: string): Description {
  const registry = new OpenAPIRegistry();
  registry.registerComponent("securitySchemes", "token", { type: "http", scheme: "bearer" });
  registry.registerComponent("securitySchemes", "key", { type: "apiKey", in: "header", name: "X-API-Key" });
  const add: AddOperation = (method, path, summary, its) => {
    registry.registerPath({
      method,
      path,
      summary,
      security: path === "/health" ? [] : [{ token: [] }, { key: [] }],
      request: requestOf(its),
      responses: responsesOf(its),
    });
  };
  for (const describePart of PARTS) describePart(add);
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: "3.1.0",
    info: {
      title: "Fieldmesh mesh registry",
      version: of,
      description:
        "Domains, data products, their versions and lineage, who may have them and how they stand. Times are ms since the epoch.",
    },
  });
}
