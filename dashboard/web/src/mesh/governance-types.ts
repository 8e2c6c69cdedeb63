import type { ComplianceState, ProductStatus, RuleCompliance, Visibility } from "./types.js";

/** What the registry answers about policies, the mesh as a whole, and who feels a trouble. Times are ms since the epoch. */

export const POLICY_TYPES = ["quality", "security", "privacy", "metadata"] as const;
export type PolicyType = (typeof POLICY_TYPES)[number];
export const ENFORCEMENTS = ["mandatory", "advisory"] as const;
export type Enforcement = (typeof ENFORCEMENTS)[number];

/** Which products a policy is for. */
export type PolicyScope =
  | { kind: "global" }
  | { kind: "domain"; domain: string }
  | { kind: "product"; product: string }
  | { kind: "tag"; tag: string };

export interface PolicyUpdate {
  name: string;
  type: PolicyType;
  scope: PolicyScope;
  enforcement: Enforcement;
  /** As `completeness >= 95%`. */
  rules: string[];
  description: string;
}

export interface Policy extends PolicyUpdate {
  id: string;
  createdAt: number;
  updatedAt: number;
}

interface DomainReport {
  domain: string;
  name: string;
  owner: string;
  products: number;
  byStatus: Record<ProductStatus, number>;
  byVisibility: Record<Visibility, number>;
  /** Different ones that are approved. */
  consumers: number;
  compliance: Record<ComplianceState, number>;
}

/** The mesh at one time, as far as who asks may see it. */
export interface MeshReport {
  at: number;
  totals: {
    domains: number;
    products: number;
    byStatus: Record<ProductStatus, number>;
    consumers: number;
    policies: number;
  };
  compliance: Record<ComplianceState, number>;
  violations: (Pick<RuleCompliance, "policy" | "rule" | "reason"> & {
    product: string;
    version: string | null;
    domain: string;
    owner: string;
  })[];
  moreViolations: number;
  /** Policies that a mandatory one of all takes back. */
  conflicts: {
    policy: string;
    rule: string;
    mandatory: string;
    mandatoryRule: string;
    why: "weaker" | "contrary";
  }[];
  domains: DomainReport[];
  lineage: {
    products: number;
    steps: number;
    /** 0 to 1; null without steps. */
    confidence: number | null;
    origins: number;
    ends: number;
    longest: number;
  };
  usage: {
    top: {
      product: string;
      domain: string;
      owner: string;
      reads: number;
      consumers: number;
      lastAt: number;
    }[];
    unused: { product: string; domain: string; owner: string; since: number; read: boolean }[];
    unusedCount: number;
    days: number;
  };
}

interface AffectedProduct {
  product: string;
  version: string | null;
  domain: string;
  owner: string;
  /** Approved; none where the user may not know of them. */
  consumers: string[];
  consumerCount: number;
}

/** Who is to be told when something happens to streams. */
export interface ImpactReport {
  /** Those that it happens to. */
  products: AffectedProduct[];
  /** What is made of them, nearest first. */
  downstream: (AffectedProduct & { depth: number; via: string | null; confidence: number })[];
  owners: string[];
  consumers: string[];
  /** Of private products that the user may not see. */
  hidden: { products: number; consumers: number };
  /** Downstream products beyond those that are listed. */
  more: number;
}
