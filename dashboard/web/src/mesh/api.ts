import { change, type Ending, part, ROOT, read, readList, readTagged, send, withQuery } from "./request.js";
import type {
  AccessEntry,
  Attestation,
  BrokerCredential,
  ComplianceChange,
  ComplianceReport,
  ComplianceSummary,
  Conflict,
  Domain,
  Facets,
  LineageEdge,
  Product,
  ProductAccess,
  ProductUpdate,
  Provision,
  ProvisionInput,
  Relation,
  Subscription,
  Template,
  Version,
  VersionInput,
} from "./types.js";

const ofProduct = (id: string): string => `/products/${part(id)}`;
const ofDomain = (id: string): string => `/domains/${part(id)}`;

/** What the registry tells and does, through the dashboard's own origin. Errors: `ApiError`. */
export const mesh = {
  /** The page of a list that another page named. */
  more: <T>(next: string, signal?: Ending) => readList<T>(next, signal),

  products: (query: URLSearchParams, signal?: Ending) =>
    readList<Product>(ROOT + withQuery("/products", query), signal),
  facets: (query: URLSearchParams, signal?: Ending) =>
    read<Facets>(withQuery("/products/facets", query), signal),
  product: (id: string, signal?: Ending) => readTagged<Product>(ofProduct(id), signal),
  changeProduct: (id: string, etag: string, update: ProductUpdate) =>
    change<Product>("PUT", ofProduct(id), etag, update),
  /** It stays, with its versions; its lineage ends. */
  retireProduct: (id: string, etag: string) => change<Product>("DELETE", ofProduct(id), etag),
  claim: (
    id: string,
    claim: { owner: string; domain?: string; description?: string; status?: "draft" | "active" },
  ) => send<Product>("POST", `${ofProduct(id)}/claim`, claim),

  versions: (id: string, signal?: Ending) =>
    readList<Version>(`${ROOT}${ofProduct(id)}/versions?limit=100`, signal),
  publish: (id: string, version: VersionInput) => send<Version>("POST", `${ofProduct(id)}/versions`, version),

  domains: (signal?: Ending) => readList<Domain>(`${ROOT}/domains?limit=1000`, signal),
  domain: (id: string, signal?: Ending) => readTagged<Domain>(ofDomain(id), signal),
  registerDomain: (domain: Omit<Domain, "createdAt" | "updatedAt">) =>
    send<Domain>("POST", "/domains", domain),
  changeDomain: (id: string, etag: string, update: Omit<Domain, "id" | "createdAt" | "updatedAt">) =>
    change<Domain>("PUT", ofDomain(id), etag, update),

  lineage: (query: URLSearchParams, signal?: Ending) =>
    readList<LineageEdge>(ROOT + withQuery("/lineage", query), signal),
  upstream: (id: string, signal?: Ending) =>
    readList<Relation>(`${ROOT}/lineage/upstream/${part(id)}?limit=1000`, signal),
  downstream: (id: string, signal?: Ending) =>
    readList<Relation>(`${ROOT}/lineage/downstream/${part(id)}?limit=1000`, signal),

  /** Of the products that may be seen; `query`: domain, owner, status, state. */
  compliances: (query: URLSearchParams, signal?: Ending) =>
    readList<ComplianceSummary>(ROOT + withQuery("/compliance", query), signal),
  compliance: (id: string, signal?: Ending) => read<ComplianceReport>(`${ofProduct(id)}/compliance`, signal),

  /** Changes of how it stood, the newest first. */
  complianceHistory: (id: string, signal?: Ending) =>
    readList<ComplianceChange>(`${ROOT}${ofProduct(id)}/compliance/history?limit=20`, signal),
  attestations: (id: string, signal?: Ending) => read<Attestation[]>(`${ofProduct(id)}/attestations`, signal),
  attest: (id: string, claim: string, note: string) =>
    send<Attestation>("POST", `${ofProduct(id)}/attestations`, { claim, note }),
  withdraw: (id: string, claim: string) => send("DELETE", `${ofProduct(id)}/attestations/${part(claim)}`),

  /** Those that whoever asks may know of. */
  subscriptionsOf: (id: string, signal?: Ending) =>
    readList<Subscription>(`${ROOT}${ofProduct(id)}/subscriptions?limit=1000`, signal),
  /** Asked twice it is one. */
  subscribe: (id: string, asked: { purpose: string; consumer?: string; expiresAt?: number }) =>
    send<Subscription>("POST", `${ofProduct(id)}/subscriptions`, asked),
  approve: (subscription: string, approval: { reason?: string; expiresAt?: number | null }) =>
    send<Subscription>("POST", `/subscriptions/${part(subscription)}/approve`, approval),
  /** A refusal is read by the consumer. */
  refuse: (subscription: string, verb: "reject" | "revoke", reason: string) =>
    send<Subscription>("POST", `/subscriptions/${part(subscription)}/${verb}`, { reason }),
  /** Makes its password anew: the one before is void. */
  credential: (subscription: string) =>
    send<BrokerCredential>("POST", `/subscriptions/${part(subscription)}/credential`),
  access: (id: string, signal?: Ending) => read<ProductAccess>(`${ofProduct(id)}/access`, signal),
  /** The newest first. */
  accessLog: (id: string, refusals: boolean, signal?: Ending) =>
    readList<AccessEntry>(
      `${ROOT}${ofProduct(id)}/access-log?limit=50${refusals ? "&allowed=false" : ""}`,
      signal,
    ),

  templates: (signal?: Ending) => readList<Template>(`${ROOT}/templates?limit=1000`, signal),
  template: (id: string, signal?: Ending) => readTagged<Template>(`/templates/${part(id)}`, signal),
  makeTemplate: (template: unknown) => send<Template>("POST", "/templates", template),
  changeTemplate: (id: string, etag: string, update: unknown) =>
    change<Template>("PUT", `/templates/${part(id)}`, etag, update),
  removeTemplate: (id: string, etag: string) => change("DELETE", `/templates/${part(id)}`, etag),
  provisions: (signal?: Ending) => readList<Provision>(`${ROOT}/provisions?limit=1000`, signal),
  /** Done twice it is one. */
  provision: (input: ProvisionInput) => send<Provision>("POST", "/provisions", input),
  /** Takes back what was made, step by step. */
  undo: async (id: string) => {
    const { etag } = await readTagged<Provision>(`/provisions/${part(id)}`);
    return change<Provision>("DELETE", `/provisions/${part(id)}`, etag);
  },

  conflicts: (signal?: Ending) => readList<Conflict>(`${ROOT}/conflicts`, signal),
};

/** Where the files of a provision are, with its password. */
export function bundleHref(provision: string): string {
  return `${ROOT}/provisions/${part(provision)}/bundle`;
}
