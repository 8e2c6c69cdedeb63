/**
 * What the registry answers, as far as these pages use it. Times are ms since the epoch. The registry is of the same
 * version: answers are typed, not parsed.
 */

export const PRODUCT_STATUSES = ["draft", "active", "deprecated", "inactive", "retired"] as const;
export type ProductStatus = (typeof PRODUCT_STATUSES)[number];
export const VISIBILITIES = ["public", "restricted", "private"] as const;
export type Visibility = (typeof VISIBILITIES)[number];

/** Owner of a stream that nobody has claimed. */
export const UNCLAIMED = "unclaimed";

export type OutputPort =
  | { kind: "mqtt"; name: string; topicFilter: string }
  | { kind: "http"; name: string; address: string };

export interface InputPort {
  product: string;
  description?: string;
}

/** Shares in %, lengths of time as `30s`. */
export interface Sla {
  availability?: number;
  freshness?: string;
  completeness?: number;
  validity?: number;
  timeliness?: string;
}

/** What is said of a product when it is changed. */
export interface ProductUpdate {
  domain: string;
  owner: string;
  description: string;
  tags: string[];
  status: ProductStatus;
  visibility: Visibility;
  sla: Sla;
  metadata: Record<string, unknown>;
  outputPorts: OutputPort[];
  inputPorts: InputPort[];
}

export interface Product extends ProductUpdate {
  id: string;
  observed?: { stream: string; unit?: string; type?: "number" | "boolean"; node: string; seenAt: number };
  createdAt: number;
  updatedAt: number;
}

export interface Domain {
  id: string;
  name: string;
  owner: string;
  team: string[];
  description: string;
  createdAt: number;
  updatedAt: number;
}

export const COMPATIBILITIES = ["BACKWARD", "FORWARD", "FULL"] as const;
export type Compatibility = (typeof COMPATIBILITIES)[number];

export interface AccessPolicy {
  roles: string[];
  domains: string[];
  consumers: string[];
  autoApprove: boolean;
}

export interface Version {
  product: string;
  version: string;
  /** JSON Schema. */
  schema: Record<string, unknown>;
  accessPolicy?: AccessPolicy;
  changelog: string;
  compatibility: Compatibility;
  strict: boolean;
  publishedAt: number;
  publishedBy: string;
}

export interface VersionInput {
  version: string;
  schema: unknown;
  changelog: string;
  compatibility: Compatibility;
  strict: boolean;
  accessPolicy?: AccessPolicy;
}

export interface LineageEdge {
  source: string;
  target: string;
  transformation: string;
  type: "direct" | "derived" | "aggregated";
  /** 0 to 1. */
  confidence: number;
}

/** A product that another is connected to, and the fewest steps between the two. */
export interface Relation {
  product: string;
  depth: number;
}

export interface Subscription {
  id: string;
  product: string;
  consumer: string;
  consumerDomain?: string;
  purpose: string;
  expiresAt?: number;
  state: "requested" | "approved" | "rejected" | "revoked" | "expired";
  reason?: string;
  askedBy: string;
  decidedBy?: string;
  createdAt: number;
  updatedAt: number;
}

/** How many products have which value, of what was asked for. */
export type Facets = Record<FacetName, Record<string, number>>;
export const FACETS = ["domain", "tag", "owner", "status", "visibility"] as const;
export type FacetName = (typeof FACETS)[number];

/** `unknown`: nothing was measured, which is never a pass. */
export const VERDICTS = ["pass", "fail", "unknown"] as const;
export type ComplianceState = (typeof VERDICTS)[number];

/** Where the figure of a rule comes from. */
export type FactSource = "measured" | "posted" | "declared" | "attested" | "none";

/** How one rule of one policy stands; the policy `sla` is what the product itself promises. */
export interface RuleCompliance {
  policy: string;
  enforcement: "mandatory" | "advisory";
  rule: string;
  verdict: ComplianceState;
  reason: string;
  source: FactSource;
  /** Also when it is too old to count. */
  measured?: number;
  unit?: string;
  /** When it was measured or attested. */
  at?: number;
  /** Who measured, posted or attests it. */
  by?: string;
  stream?: string;
  /** It contradicts a mandatory policy of all, which holds in its place: it does not count. */
  overruled?: string;
}

export interface ComplianceReport {
  product: string;
  /** The newest published; null: none is. */
  version: string | null;
  state: ComplianceState;
  reason: string;
  judgedAt: number;
  /** When the state began; null: it was not recorded yet. */
  since: number | null;
  rules: RuleCompliance[];
}

/** How a product stands, without its rules. */
export interface ComplianceSummary {
  product: string;
  domain: string;
  owner: string;
  state: ComplianceState;
  reason: string;
  /** Each that is for it: how its rules stand together. */
  policies: { policy: string; enforcement: RuleCompliance["enforcement"]; state: ComplianceState }[];
}

/** A change of how a product stood. */
export interface ComplianceChange {
  at: number;
  state: ComplianceState;
  before: ComplianceState | null;
  rules: { policy: string; rule: string; verdict: ComplianceState | null; reason: string }[];
}

/** How somebody gets at the data of a product. */
export interface ProductAccess {
  product: string;
  may: { allowed: boolean; reason: string; until?: number };
  mqtt?: {
    urls: string[];
    topics: string[];
    /** Of the credential at the broker. */
    username: string;
    /** Whether this credential reads these topics. */
    open: boolean;
    until?: number;
    credential: "made" | "none";
    /** Whether the broker follows the registry now. */
    available: boolean;
    reason?: string;
  };
  http: { name: string; address: string }[];
}

/** A credential at the broker; its password is shown this once. */
export interface BrokerCredential {
  consumer: string;
  username: string;
  password: string;
  urls: string[];
  /** All that it reads, of whichever product. */
  topics: string[];
}

/** What was done with a product, or refused; the same within a minute is one entry. */
export interface AccessEntry {
  who: string;
  what: string;
  allowed: boolean;
  reason: string;
  via: "registry" | "historian" | "broker" | "client";
  at: number;
  lastAt: number;
  count: number;
}

/** What an owner says of a product that nobody measures. */
export interface Attestation {
  claim: string;
  note: string;
  by: string;
  at: number;
}

/** Two that claim one name. */
export type Conflict =
  | { kind: "node"; domain: string; node: string; streams: string[]; detail: string }
  | { kind: "stream"; stream: string; products: string[]; detail: string };

export type ParameterValue = string | number | boolean;

/** Components with parameters, of which a product's bundle is made. */
export interface Template {
  id: string;
  name: string;
  description: string;
  type?: string;
  /** Of the names product, edge, credentials and compose; others are external. */
  components: { name: string; settings: Record<string, unknown> }[];
  parameters: { name: string; description?: string; default?: ParameterValue }[];
  createdAt: number;
  updatedAt: number;
}

export interface ProvisionInput {
  template: string;
  product: string;
  /** Of the template, and domain, node, owner, broker. */
  parameters: Record<string, ParameterValue>;
}

/** What was provisioned, step by step. Of one template and product there is one. */
export interface Provision extends ProvisionInput {
  id: string;
  state: "running" | "ready" | "failed" | "undone";
  steps: {
    name: string;
    state: "waiting" | "running" | "done" | "external" | "failed" | "undone";
    detail?: string;
  }[];
  /** What the bundle holds. */
  files: string[];
  /** User at the broker; its password is in the bundle only. */
  credential?: string;
  by: string;
  createdAt: number;
  updatedAt: number;
}
