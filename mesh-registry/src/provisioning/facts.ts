import { fitName, parseName } from "@fieldmesh/protocol";
import type { Product } from "../resources/product.js";
import type { ProvisionInput } from "../resources/provision.js";
import type { ParameterValue, Template } from "../resources/template.js";
import { type Fault, RegistryError } from "../store/registry-error.js";
import { referencesIn, type Values } from "./substitute.js";

/** What is known without the template: parameters that every template has. */
export interface ProvisionFacts {
  product: string;
  domain: string;
  node: string;
  owner: string;
  /** The broker's address as the node sees it. */
  broker: string;
}

const FACTS = ["product", "domain", "node", "owner", "broker"] as const;

/** Nothing in it that an env file or a shell would have to quote. */
const BROKER = /^(?:mqtts?|wss?):\/\/[\w.:[\]/-]{1,300}$/;

/** @throws RegistryError invalid, when the template refers to a parameter that it does not declare */
export function checkReferences({
  components,
  parameters,
}: Pick<Template, "components" | "parameters">): void {
  const known = new Set<string>([...FACTS, ...parameters.map(({ name }) => name)]);
  const faults: Fault[] = [];
  for (const [i, { name, settings }] of components.entries()) {
    for (const reference of referencesIn(settings)) {
      if (known.has(reference)) continue;
      const detail = `component ${name}: there is no parameter "${reference}": expected one of ${[...known].join(", ")}`;
      faults.push({ pointer: `/components/${i}/settings`, value: reference, detail });
    }
  }
  for (const [i, { name }] of parameters.entries()) {
    if (!FACTS.some((fact) => fact === name)) continue;
    const detail = `parameter ${name}: every template has it: expected another name`;
    faults.push({ pointer: `/parameters/${i}/name`, value: name, detail });
  }
  if (faults.length > 0) throw new RegistryError("invalid", faults[0]?.detail ?? "", faults);
}

/**
 * Every value that a template may refer to: what is asked, else its default, else what is known of the product.
 * @throws RegistryError invalid, naming each parameter that is not the template's, is missing or is malformed
 */
export function gather(
  { parameters: declared }: Template,
  { product, parameters: given }: ProvisionInput,
  known: { product: Product | undefined; by: string; broker: string },
): { facts: ProvisionFacts; values: Values } {
  const faults: Fault[] = [];
  const at = (name: string, detail: string): void => {
    faults.push({ pointer: `/parameters/${name}`, value: name, detail: `parameter ${name}: ${detail}` });
  };
  const names = declared.map(({ name }) => name);
  for (const name of Object.keys(given)) {
    if (name === "product" || ![...FACTS, ...names].includes(name)) {
      at(name, `the template has none of this name: expected ${[...names, ...FACTS.slice(1)].join(", ")}`);
    }
  }
  const values = new Map<string, ParameterValue>();
  for (const { name, default: otherwise } of declared) {
    const value = Object.hasOwn(given, name) ? given[name] : otherwise;
    if (value === undefined) at(name, "missing: it has no default");
    else values.set(name, value);
  }
  const textOf = (name: string, otherwise: string | undefined): string => {
    const value = Object.hasOwn(given, name) ? given[name] : otherwise;
    if (value === undefined) at(name, `missing: there is no data product "${product}" that would say it`);
    else if (typeof value !== "string" || value === "") at(name, "expected a text");
    else return value;
    return "";
  };
  const facts: ProvisionFacts = {
    product,
    domain: textOf("domain", known.product?.domain),
    node: textOf("node", fitName(product)),
    owner: textOf("owner", known.product?.owner ?? known.by),
    broker: textOf("broker", known.broker),
  };
  if (facts.broker !== "" && !BROKER.test(facts.broker))
    at("broker", "expected mqtt://, mqtts://, ws:// or wss://, host and port");
  if (known.product !== undefined && facts.domain !== "" && facts.domain !== known.product.domain) {
    at("domain", `data product "${product}" is in domain "${known.product.domain}"`);
  }
  if (faults.length > 0) throw new RegistryError("invalid", faults[0]?.detail ?? "", faults);
  for (const name of FACTS) values.set(name, facts[name]);
  return { facts, values };
}

/** Names of the wire, for components that have a node. */
export function nodeFacts(
  { domain, node }: ProvisionFacts,
  faults: Fault[],
): { domain: string; node: string } {
  for (const [kind, value] of [
    ["domain", domain],
    ["node", node],
  ] as const) {
    const name = parseName(kind, value);
    if (!name.ok) faults.push({ pointer: `/parameters/${kind}`, value, detail: name.detail });
  }
  return { domain, node };
}
