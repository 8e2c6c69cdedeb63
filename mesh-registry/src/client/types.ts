import type { z } from "zod";
import type { apiKey, apiKeyInput, newApiKey } from "../resources/api-key.js";
import type { attestationInput } from "../resources/attestation.js";
import type { claimInput } from "../resources/claim.js";
import type { domainInput, domainUpdate } from "../resources/domain.js";
import type { governancePolicyInput, governancePolicyUpdate } from "../resources/governance-policy.js";
import type { impactReport } from "../resources/impact.js";
import type { lineageInput } from "../resources/lineage-edge.js";
import type { productInput, productUpdate } from "../resources/product.js";
import type { provisionInput } from "../resources/provision.js";
import type { domainAnalytics, lineageStatistics, meshReport, usageAnalytics } from "../resources/report.js";
import type { subscriptionInput } from "../resources/subscription.js";
import type { templateInput, templateUpdate } from "../resources/template.js";
import type { versionInput } from "../resources/version.js";

/** What is sent: what has a default may be left out. */
export type DomainInput = z.input<typeof domainInput>;
export type DomainUpdate = z.input<typeof domainUpdate>;
export type ProductInput = z.input<typeof productInput>;
export type ProductUpdate = z.input<typeof productUpdate>;
export type VersionInput = z.input<typeof versionInput>;
export type LineageInput = z.input<typeof lineageInput>;
export type SubscriptionInput = z.input<typeof subscriptionInput>;
export type PolicyInput = z.input<typeof governancePolicyInput>;
export type PolicyUpdate = z.input<typeof governancePolicyUpdate>;
export type TemplateInput = z.input<typeof templateInput>;
export type TemplateUpdate = z.input<typeof templateUpdate>;
export type ProvisionInput = z.input<typeof provisionInput>;
export type ClaimInput = z.input<typeof claimInput>;
export type AttestationInput = z.input<typeof attestationInput>;
export type KeyInput = z.input<typeof apiKeyInput>;

/** What is answered. */
export type ApiKey = z.output<typeof apiKey>;
/** With the key itself, which is told this once. */
export type NewApiKey = z.output<typeof newApiKey>;
export type ImpactReport = z.output<typeof impactReport>;
export type MeshReport = z.output<typeof meshReport>;
export type DomainAnalytics = z.output<typeof domainAnalytics>;
export type LineageStatistics = z.output<typeof lineageStatistics>;
export type UsageAnalytics = z.output<typeof usageAnalytics>;
export type { ProductContract } from "../exchange/contract.js";
export type { AccessEntry } from "../resources/access-log.js";
export type { ProductAttestation } from "../resources/attestation.js";
export type {
  ComplianceChange,
  ComplianceReport,
  ComplianceSummary,
  RuleCompliance,
} from "../resources/compliance.js";
export type { Conflict } from "../resources/conflict.js";
export type { Domain } from "../resources/domain.js";
export type { GovernancePolicy } from "../resources/governance-policy.js";
export type { LineageEdge } from "../resources/lineage-edge.js";
export type { Product } from "../resources/product.js";
export type { BrokerCredential, ProductAccess } from "../resources/product-access.js";
export type { BundleFile, Provision, ProvisionStep } from "../resources/provision.js";
export type { ProductQuality } from "../resources/quality-metrics.js";
export type { Subscription } from "../resources/subscription.js";
export type { Template } from "../resources/template.js";
export type { Version } from "../resources/version.js";

/** A product that another is made from, or that is made from it, so many steps away. */
export interface Relative {
  product: string;
  depth: number;
}

export interface ProductQuery {
  q?: string;
  domain?: string;
  owner?: string;
  status?: string;
  visibility?: string;
  tag?: string;
  field?: string;
}

/** Of each value how many products there are, as if nothing of its own kind were chosen. */
export type Facets = Record<"domain" | "tag" | "owner" | "status" | "visibility", Record<string, number>>;

export interface SubscriptionQuery {
  product?: string;
  consumer?: string;
  state?: string;
}
