import type { z } from "zod";
import type { accessPolicy } from "../resources/access-policy.js";
import { at, json } from "./collection.js";
import type { MeshClient } from "./mesh-client.js";
import type { Transport } from "./transport.js";
import type {
  AccessEntry,
  Domain,
  DomainUpdate,
  GovernancePolicy,
  MeshReport,
  PolicyInput,
  Product,
  ProductInput,
  ProductQuality,
  ProductQuery,
  Provision,
  Relative,
  RuleCompliance,
  Subscription,
  Template,
  TemplateInput,
  Version,
  VersionInput,
} from "./types.js";

/** What a product is created with. An SLA may promise more than is measured here: that travels in the metadata. */
export type NewProduct = Omit<ProductInput, "id" | "sla"> & {
  productId: string;
  sla?: Record<string, string | number>;
};

export interface NewVersion extends Omit<VersionInput, "accessPolicy"> {
  productId: string;
  /** `type` says what it goes by, and is not needed. */
  accessPolicy?: z.input<typeof accessPolicy> & { type?: string };
}

export interface NewSubscription {
  productId: string;
  consumerId: string;
  consumerDomain?: string;
  purpose?: string;
}

export type NewPolicy = Omit<PolicyInput, "id" | "name" | "scope"> & {
  name?: string;
  scope: "global" | PolicyInput["scope"];
};

/** Components by name, and what each of the configuration's words is made with. */
export interface NewTemplate extends Omit<TemplateInput, "id" | "components"> {
  components: (string | TemplateInput["components"][number])[];
  configuration?: Record<string, unknown>;
}

export interface PolicyCompliance {
  product: string;
  policy: string;
  /** Unknown: what a rule is about was never measured. That is never a pass. */
  state: "pass" | "fail" | "unknown";
  /** Undefined while it is unknown. */
  compliant: boolean | undefined;
  rules: RuleCompliance[];
}

export interface DiscoveredProduct extends Product {
  /** With an approved subscription, as far as whoever asks may know of them. */
  consumers: string[];
}

export interface ProductLineage {
  product: string;
  upstream: Relative[];
  downstream: Relative[];
  consumers: string[];
}

/** What one does with a mesh, each in one call. */
export interface MeshVerbs {
  registerDomain(domain: string, its: DomainUpdate): Promise<Domain>;
  createDataProduct(its: NewProduct): Promise<Product>;
  /** Publishes a version; a draft becomes active by it. */
  publishDataProduct(its: NewVersion): Promise<Version>;
  subscribeToProduct(its: NewSubscription): Promise<Subscription>;
  createGovernancePolicy(policy: string, its: NewPolicy): Promise<GovernancePolicy>;
  checkPolicyCompliance(product: string, policy: string): Promise<PolicyCompliance>;
  createInfrastructureTemplate(template: string, its: NewTemplate): Promise<Template>;
  provisionInfrastructure(its: {
    productId: string;
    templateId: string;
    parameters?: Record<string, string | number | boolean>;
  }): Promise<Provision>;
  updateQualityMetrics(product: string, metrics: Record<string, number>): Promise<ProductQuality>;
  discoverProducts(query?: ProductQuery): Promise<DiscoveredProduct[]>;
  getProductLineage(product: string): Promise<ProductLineage>;
  /** Says that something was done with a product, by whoever asks or in the name of another. */
  logAccess(product: string, its?: { what?: string; consumer?: string }): Promise<AccessEntry>;
  generateMeshReport(): Promise<MeshReport>;
}

const SLA_WORDS = ["availability", "freshness", "completeness", "validity", "timeliness"] as const;

type Resources = Omit<MeshClient, keyof MeshVerbs>;

export function createVerbs(mesh: Resources, transport: Transport): MeshVerbs {
  const consumersOf = async (product?: string): Promise<Map<string, string[]>> => {
    const query = { state: "approved", ...(product === undefined ? {} : { product }) };
    const found = new Map<string, string[]>();
    for (const { product: of, consumer } of await mesh.subscriptions.list(query)) {
      found.set(of, [...(found.get(of) ?? []), consumer]);
    }
    return found;
  };
  return {
    registerDomain: (id, its) => mesh.domains.create({ id, ...its }),
    createDataProduct: ({ productId, sla = {}, metadata = {}, ...its }) => {
      const measured = Object.entries(sla).filter(([word]) => SLA_WORDS.some((known) => known === word));
      const others = Object.entries(sla).filter(([word]) => !SLA_WORDS.some((known) => known === word));
      return mesh.products.create({
        id: productId,
        ...its,
        // The registry checks its values, as those of every field.
        sla: Object.fromEntries(measured) as ProductInput["sla"],
        metadata: others.length === 0 ? metadata : { ...metadata, sla: Object.fromEntries(others) },
      });
    },
    async publishDataProduct({ productId, accessPolicy, ...its }) {
      const { type: _type, ...policy } = accessPolicy ?? {};
      const version = await mesh.versions.publish(productId, {
        ...its,
        ...(accessPolicy === undefined ? {} : { accessPolicy: policy }),
      });
      const { status } = await mesh.products.get(productId);
      if (status === "draft") {
        await mesh.products.change(productId, (now) => ({ ...declaredOf(now), status: "active" }));
      }
      return version;
    },
    subscribeToProduct: ({ productId, consumerId, consumerDomain, purpose = `used by ${consumerId}` }) =>
      mesh.subscriptions.ask({
        product: productId,
        consumer: consumerId,
        ...(consumerDomain === undefined ? {} : { consumerDomain }),
        purpose,
      }),
    createGovernancePolicy: (id, { name = id, scope, ...its }) =>
      mesh.policies.create({ id, name, ...its, scope: scope === "global" ? { kind: "global" } : scope }),
    async checkPolicyCompliance(product, policy) {
      const report = await mesh.compliance.of(product);
      const rules = report.rules.filter((rule) => rule.policy === policy);
      const counted = rules.filter(({ overruled }) => overruled === undefined).map(({ verdict }) => verdict);
      const state = counted.includes("fail")
        ? "fail"
        : counted.includes("unknown") || counted.length === 0
          ? "unknown"
          : "pass";
      return { product, policy, state, compliant: state === "unknown" ? undefined : state === "pass", rules };
    },
    createInfrastructureTemplate: (id, { components, configuration = {}, ...its }) => {
      const left = new Map(Object.entries(configuration));
      const named = components.map((component) => {
        if (typeof component !== "string") return component;
        const provider = left.get(component);
        left.delete(component);
        return { name: component, settings: provider === undefined ? {} : { provider } };
      });
      const others = [...left].map(([name, provider]) => ({ name, settings: { provider } }));
      return mesh.templates.create({ id, ...its, components: [...named, ...others] });
    },
    provisionInfrastructure: ({ productId, templateId, parameters = {} }) =>
      mesh.provisions.start({ product: productId, template: templateId, parameters }),
    updateQualityMetrics: (product, metrics) => mesh.products.postQuality(product, metrics),
    async discoverProducts(query) {
      const [found, consumers] = await Promise.all([mesh.products.list(query), consumersOf()]);
      return found.map((product) => ({ ...product, consumers: consumers.get(product.id) ?? [] }));
    },
    async getProductLineage(product) {
      const [upstream, downstream, consumers] = await Promise.all([
        mesh.lineage.upstream(product),
        mesh.lineage.downstream(product),
        consumersOf(product),
      ]);
      return { product, upstream, downstream, consumers: consumers.get(product) ?? [] };
    },
    logAccess: (product, its = {}) =>
      json(transport, { method: "POST", path: at("/products", product, "access-log"), body: its }),
    generateMeshReport: () => mesh.report(),
  };
}

/** What is declared of a product: all of it but what the registry itself says. */
export function declaredOf(product: Product): Omit<ProductInput, "id"> {
  const { domain, owner, description, tags, status, visibility, sla, metadata, outputPorts, inputPorts } =
    product;
  return { domain, owner, description, tags, status, visibility, sla, metadata, outputPorts, inputPorts };
}
