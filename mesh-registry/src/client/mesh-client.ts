import {
  all,
  at,
  type Changeable,
  changeable,
  json,
  type Readable,
  readable,
  untilUnchanged,
} from "./collection.js";
import { createTransport, type MeshClientOptions, type Transport } from "./transport.js";
import type {
  AccessEntry,
  ApiKey,
  AttestationInput,
  BrokerCredential,
  BundleFile,
  ClaimInput,
  ComplianceChange,
  ComplianceReport,
  ComplianceSummary,
  Conflict,
  Domain,
  DomainAnalytics,
  DomainInput,
  DomainUpdate,
  Facets,
  GovernancePolicy,
  ImpactReport,
  KeyInput,
  LineageEdge,
  LineageInput,
  LineageStatistics,
  MeshReport,
  NewApiKey,
  PolicyInput,
  PolicyUpdate,
  Product,
  ProductAccess,
  ProductAttestation,
  ProductContract,
  ProductInput,
  ProductQuality,
  ProductQuery,
  ProductUpdate,
  Provision,
  ProvisionInput,
  Relative,
  Subscription,
  SubscriptionInput,
  SubscriptionQuery,
  Template,
  TemplateInput,
  TemplateUpdate,
  UsageAnalytics,
  Version,
  VersionInput,
} from "./types.js";
import { createVerbs, type MeshVerbs } from "./verbs.js";

const ODCS_YAML = "application/yaml";

/** Everything that a registry can be asked, resource by resource, and the verbs that do several things at once. */
export interface MeshClient extends MeshVerbs {
  readonly domains: Changeable<Domain, DomainInput, DomainUpdate, object>;
  readonly products: Changeable<Product, ProductInput, ProductUpdate, ProductQuery> & ProductRequests;
  readonly versions: {
    /** Newest first. */
    list(product: string): Promise<Version[]>;
    get(product: string, version: string): Promise<Version>;
    /** @throws MeshError breaking, with what breaks, unless the major version is new */
    publish(product: string, version: VersionInput): Promise<Version>;
  };
  readonly lineage: {
    list(query?: { source?: string; target?: string }): Promise<LineageEdge[]>;
    create(step: LineageInput): Promise<LineageEdge>;
    remove(source: string, target: string): Promise<void>;
    upstream(product: string, depth?: number): Promise<Relative[]>;
    downstream(product: string, depth?: number): Promise<Relative[]>;
  };
  readonly subscriptions: Readable<Subscription, SubscriptionQuery> & {
    /** Asked twice it is one. */
    ask(input: SubscriptionInput): Promise<Subscription>;
    /** Those that wait for a decision of whoever asks. */
    inbox(query?: { product?: string }): Promise<Subscription[]>;
    approve(id: string, more?: { reason?: string; expiresAt?: number | null }): Promise<Subscription>;
    reject(id: string, reason: string): Promise<Subscription>;
    revoke(id: string, reason: string): Promise<Subscription>;
    /** A new password for the consumer's credential at the broker, shown this once. */
    renewCredential(id: string): Promise<BrokerCredential>;
  };
  readonly policies: Changeable<GovernancePolicy, PolicyInput, PolicyUpdate, object>;
  readonly compliance: {
    list(query?: object): Promise<ComplianceSummary[]>;
    of(product: string): Promise<ComplianceReport>;
    history(product: string): Promise<ComplianceChange[]>;
  };
  readonly templates: Changeable<Template, TemplateInput, TemplateUpdate, object>;
  readonly provisions: Readable<Provision, { product?: string; template?: string; state?: string }> & {
    /** Twice the same is one. */
    start(input: ProvisionInput): Promise<Provision>;
    undo(id: string): Promise<Provision>;
    /** Its files, with the node's password. */
    bundle(id: string): Promise<BundleFile[]>;
    archive(id: string): Promise<Uint8Array>;
  };
  readonly keys: {
    list(): Promise<ApiKey[]>;
    /** With the key itself, this once. */
    create(input: KeyInput): Promise<NewApiKey>;
    revoke(id: string): Promise<void>;
  };
  readonly conflicts: { list(): Promise<Conflict[]> };
  /** Who is to be told of what happened to streams and products: each product once. */
  impact(of: { streams?: string[]; products?: string[] }): Promise<ImpactReport>;
  readonly analytics: {
    domains(): Promise<DomainAnalytics[]>;
    lineage(): Promise<LineageStatistics>;
    usage(query?: { limit?: number; days?: number }): Promise<UsageAnalytics>;
  };
  report(): Promise<MeshReport>;
  reportMarkdown(): Promise<string>;
}

interface ProductRequests {
  facets(query?: ProductQuery): Promise<Facets>;
  /** Takes a draft that was made of a stream on. */
  claim(id: string, claim: ClaimInput): Promise<Product>;
  contract(id: string, version?: string): Promise<ProductContract>;
  /** As ODCS 3.1, in YAML. */
  odcs(id: string, version?: string): Promise<string>;
  /** Registers a product, or changes it, by an ODCS contract in YAML or JSON. */
  importOdcs(id: string, yaml: string): Promise<ProductContract>;
  asyncApi(id: string, version?: string): Promise<Record<string, unknown>>;
  /** Whether whoever asks may have its data, and where it is. */
  access(id: string): Promise<ProductAccess>;
  accessLog(id: string): Promise<AccessEntry[]>;
  quality(id: string): Promise<ProductQuality>;
  postQuality(id: string, metrics: Record<string, number>): Promise<ProductQuality>;
  attest(id: string, attestation: AttestationInput): Promise<ProductAttestation>;
  /** Who is to be told when something happens to it. */
  impact(id: string): Promise<ImpactReport>;
}

/** A client of a registry. Makes no request by itself, and holds nothing open. */
export function createMeshClient(options: MeshClientOptions): MeshClient {
  const transport = createTransport(options);
  const get = <T>(path: string, query?: object): Promise<T> =>
    json(transport, { method: "GET", path, query });
  const post = <T>(path: string, body: unknown): Promise<T> =>
    json(transport, { method: "POST", path, body, once: true });
  const textOf = async (path: string, query: object, accept: string): Promise<string> =>
    (await transport({ method: "GET", path, query, accept })).text();

  const products = changeable<Product, ProductInput, ProductUpdate, ProductQuery>(transport, "/products");
  const resources = {
    domains: changeable<Domain, DomainInput, DomainUpdate, object>(transport, "/domains"),
    products: { ...products, ...productRequests(transport, products) },
    versions: {
      list: (product: string) => all<Version>(transport, at("/products", product, "versions")),
      get: (product: string, version: string) => get<Version>(at("/products", product, "versions", version)),
      publish: (product: string, version: VersionInput) =>
        post<Version>(at("/products", product, "versions"), version),
    },
    lineage: {
      list: (query?: object) => all<LineageEdge>(transport, "/lineage", query),
      create: (step: LineageInput) => post<LineageEdge>("/lineage", step),
      async remove(source: string, target: string) {
        await transport({ method: "DELETE", path: at("/lineage/steps", source, target) });
      },
      upstream: (product: string, depth?: number) =>
        all<Relative>(transport, at("/lineage/upstream", product), { depth }),
      downstream: (product: string, depth?: number) =>
        all<Relative>(transport, at("/lineage/downstream", product), { depth }),
    },
    subscriptions: {
      ...readable<Subscription, SubscriptionQuery>(transport, "/subscriptions"),
      ask: (input: SubscriptionInput) => post<Subscription>("/subscriptions", input),
      inbox: (query?: object) => all<Subscription>(transport, "/subscriptions/inbox", query),
      approve: (id: string, more: object = {}) =>
        post<Subscription>(at("/subscriptions", id, "approve"), more),
      reject: (id: string, reason: string) =>
        post<Subscription>(at("/subscriptions", id, "reject"), { reason }),
      revoke: (id: string, reason: string) =>
        post<Subscription>(at("/subscriptions", id, "revoke"), { reason }),
      // Not sent again by itself: each makes a password, and the last one counts.
      renewCredential: (id: string) =>
        json<BrokerCredential>(transport, {
          method: "POST",
          path: at("/subscriptions", id, "credential"),
          body: {},
        }),
    },
    policies: changeable<GovernancePolicy, PolicyInput, PolicyUpdate, object>(transport, "/policies"),
    compliance: {
      list: (query?: object) => all<ComplianceSummary>(transport, "/compliance", query),
      of: (product: string) => get<ComplianceReport>(at("/products", product, "compliance")),
      history: (product: string) =>
        all<ComplianceChange>(transport, at("/products", product, "compliance", "history")),
    },
    templates: changeable<Template, TemplateInput, TemplateUpdate, object>(transport, "/templates"),
    provisions: {
      ...readable<Provision, object>(transport, "/provisions"),
      start: (input: ProvisionInput) => post<Provision>("/provisions", input),
      undo: (id: string) =>
        untilUnchanged<Provision, Provision>(
          () => readable<Provision, object>(transport, "/provisions").read(id),
          (_now, ifMatch) => json(transport, { method: "DELETE", path: at("/provisions", id), ifMatch }),
        ),
      bundle: async (id: string) =>
        (await get<{ files: BundleFile[] }>(at("/provisions", id, "bundle"), { format: "json" })).files,
      archive: async (id: string) =>
        new Uint8Array(
          await (
            await transport({
              method: "GET",
              path: at("/provisions", id, "bundle"),
              accept: "application/gzip",
            })
          ).arrayBuffer(),
        ),
    },
    keys: {
      list: () => all<ApiKey>(transport, "/keys"),
      create: (input: KeyInput) => json<NewApiKey>(transport, { method: "POST", path: "/keys", body: input }),
      async revoke(id: string) {
        await transport({ method: "DELETE", path: at("/keys", id) });
      },
    },
    conflicts: { list: () => all<Conflict>(transport, "/conflicts") },
    analytics: {
      domains: () => all<DomainAnalytics>(transport, "/analytics/domains"),
      lineage: () => get<LineageStatistics>("/analytics/lineage-stats"),
      usage: (query?: object) => get<UsageAnalytics>("/analytics/usage", query),
    },
    impact: (of: object) =>
      json<ImpactReport>(transport, { method: "POST", path: "/impact", body: of, once: true }),
    report: () => get<MeshReport>("/report"),
    reportMarkdown: () => textOf("/report", { format: "markdown" }, "text/markdown"),
  };
  return { ...resources, ...createVerbs(resources, transport) };
}

function productRequests(transport: Transport, products: Readable<Product, ProductQuery>): ProductRequests {
  const get = <T>(id: string, what: string, query?: object): Promise<T> =>
    json(transport, { method: "GET", path: at("/products", id, what), query });
  const post = <T>(id: string, what: string, body: unknown): Promise<T> =>
    json(transport, { method: "POST", path: at("/products", id, what), body, once: true });
  return {
    facets: (query) => json(transport, { method: "GET", path: "/products/facets", query }),
    claim: (id, body) =>
      untilUnchanged(
        () => products.read(id),
        (_now, ifMatch) =>
          json(transport, { method: "POST", path: at("/products", id, "claim"), body, ifMatch }),
      ),
    contract: (id, version) => get(id, "contract", { version }),
    async odcs(id, version) {
      const query = { format: "odcs", version };
      const call = {
        method: "GET",
        path: at("/products", id, "contract"),
        query,
        accept: ODCS_YAML,
      } as const;
      return (await transport(call)).text();
    },
    async importOdcs(id, body) {
      const put = (ifMatch?: string): Promise<ProductContract> =>
        json(transport, {
          method: "PUT",
          path: at("/products", id, "contract"),
          text: { type: ODCS_YAML, body },
          ifMatch,
        });
      const found = await products.read(id).catch((error: unknown) => {
        if (error instanceof Error && "code" in error && error.code === "not_found") return undefined;
        throw error;
      });
      return put(found?.etag);
    },
    asyncApi: (id, version) => get(id, "asyncapi", { version }),
    access: (id) => get(id, "access"),
    accessLog: (id) => all(transport, at("/products", id, "access-log")),
    quality: (id) => get(id, "quality"),
    postQuality: (id, metrics) => post(id, "quality", { metrics }),
    attest: (id, attestation) => post(id, "attestations", attestation),
    impact: (id) => get(id, "impact"),
  };
}
