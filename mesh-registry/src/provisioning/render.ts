import { stringify } from "yaml";
import { isRecord } from "../compatibility/schema.js";
import { type ProductInput, productInput } from "../resources/product.js";
import type { Template } from "../resources/template.js";
import { isProvided } from "../resources/template.js";
import { type Fault, RegistryError } from "../store/registry-error.js";
import { composeService } from "./compose-service.js";
import { nodeFacts, type ProvisionFacts } from "./facts.js";

import { SubstitutionError, substitute, type Values } from "./substitute.js";

/** What a template gives for one product: data and files, without any secret. */
export interface Rendered {
  /** How the product is registered where it is not there yet. */
  product: ProductInput;
  /** `edge.yaml`, where the template has that component. */
  edge?: string;
  compose?: string;
  credential?: { user: string; domain: string; node: string; broker: string };
  /** What somebody else has to set up. */
  external: { name: string; detail: string }[];
}

/**
 * Fills a template in. `values` has every parameter of it.
 * @throws RegistryError invalid, with a fault for each component that cannot be provided so
 */
export function render(template: Template, facts: ProvisionFacts, values: Values): Rendered {
  const faults: Fault[] = [];
  const external: Rendered["external"] = [];
  const settingsOf = new Map<string, Record<string, unknown>>();
  for (const [i, { name, settings }] of template.components.entries()) {
    try {
      const filled = substitute(settings, values);
      if (!isRecord(filled)) continue;
      if (isProvided(name)) settingsOf.set(name, filled);
      else external.push({ name, detail: externalDetail(name, filled) });
    } catch (error) {
      if (!(error instanceof SubstitutionError)) throw error;
      faults.push({ pointer: `/components/${i}`, detail: `component ${name}: ${error.message}` });
    }
  }
  const edge = settingsOf.get("edge");
  const credentials = settingsOf.get("credentials");
  const compose = settingsOf.get("compose");
  const usesNode = edge !== undefined || credentials !== undefined || compose !== undefined;
  const node = usesNode ? nodeFacts(facts, faults) : undefined;
  if (edge !== undefined && !isRecord(edge["sensors"])) {
    faults.push({ pointer: "/components", detail: "component edge: expected settings with sensors" });
  }
  const hasPort = edge !== undefined && faults.length === 0;
  const product = productOf(settingsOf.get("product") ?? {}, facts, hasPort ? node : undefined);
  if (!product.success) {
    for (const { path, message } of product.error.issues) {
      faults.push({
        pointer: "/components",
        detail: `component product: ${path.map(String).join(".")}: ${message}`,
      });
    }
  }
  const service =
    compose === undefined || node === undefined
      ? undefined
      : composeService(compose, node.node, {
          edge: edge !== undefined,
          credentials: credentials !== undefined,
        });
  if (service !== undefined && !service.ok) faults.push({ pointer: "/components", detail: service.detail });
  if (!product.success || service?.ok === false || faults.length > 0) {
    const detail = faults[0]?.detail ?? "the template cannot be filled in";
    throw new RegistryError("invalid", detail, faults);
  }
  return {
    product: product.data,
    external,
    ...(edge === undefined || node === undefined
      ? {}
      : { edge: yaml(template, facts, { ...edge, domain: node.domain, node: node.node }) }),
    ...(service === undefined ? {} : { compose: yaml(template, facts, service.document) }),
    ...(credentials === undefined || node === undefined
      ? {}
      : { credential: { user: node.node, ...node, broker: facts.broker } }),
  };
}

/** Of an edge node, the product's data comes out where its readings are. */
function productOf(
  settings: Record<string, unknown>,
  { product, domain, owner }: ProvisionFacts,
  node: { domain: string; node: string } | undefined,
): ReturnType<typeof productInput.safeParse> {
  const outputPorts =
    node === undefined
      ? []
      : [{ kind: "mqtt", name: "readings", topicFilter: `${node.domain}/${node.node}/+/raw` }];
  return productInput.safeParse({ outputPorts, ...settings, id: product, domain, owner, status: "draft" });
}

function externalDetail(name: string, settings: Record<string, unknown>): string {
  const given = Object.entries(settings).map(([key, value]) => `${key} ${JSON.stringify(value)}`);
  const details = given.length === 0 ? "" : ` (${given.join(", ").slice(0, 500)})`;
  return `not provided here: set up "${name}"${details} yourselves`;
}

function yaml(template: Template, { product }: ProvisionFacts, data: unknown): string {
  return `# Made from the template ${template.id} for the data product ${product}.\n${stringify(data)}`;
}
