export { runRegistry } from "./app.js";
export {
  type Break,
  breaksOf,
  type Compatibility,
  type CompatibilityOptions,
} from "./compatibility/compatibility.js";
export {
  compareVersions,
  judgeRelease,
  parseVersion,
  type Release,
  type ReleaseVerdict,
  type SemanticVersion,
} from "./compatibility/release.js";
export type { JsonSchema } from "./compatibility/schema.js";
export { type ReadSchema, readSchema, type SchemaFault } from "./compatibility/short-forms.js";
export { toAsyncApi } from "./exchange/asyncapi.js";
export { type Contract, fromOdcs, type OdcsDocument, type ReadContract, toOdcs } from "./exchange/odcs.js";
export {
  type Impact,
  LineageGraph,
  type LineageStatistics,
  type LineageStep,
  type LineageType,
  type Relation,
  type StepAdded,
} from "./lineage/lineage-graph.js";
export type { RegistryOptions, RegistryWorld } from "./options.js";
export { type Registry, startRegistry } from "./registry.js";
export { type AccessPolicy, accessPolicy } from "./resources/access-policy.js";
export {
  type Domain,
  type DomainInput,
  type DomainUpdate,
  domain,
  domainInput,
  domainUpdate,
} from "./resources/domain.js";
export {
  type GovernancePolicy,
  type GovernancePolicyInput,
  governancePolicy,
  governancePolicyInput,
} from "./resources/governance-policy.js";
export { type LineageEdge, type LineageInput, lineageEdge, lineageInput } from "./resources/lineage-edge.js";
export {
  type Product,
  type ProductInput,
  type ProductUpdate,
  product,
  productInput,
  productUpdate,
} from "./resources/product.js";
export { type Provision, type ProvisionInput, provision, provisionInput } from "./resources/provision.js";
export {
  type Subscription,
  type SubscriptionInput,
  subscription,
  subscriptionInput,
} from "./resources/subscription.js";
export { type Template, type TemplateInput, template, templateInput } from "./resources/template.js";
export { type Version, type VersionInput, version, versionInput } from "./resources/version.js";
export {
  type Attestation,
  all,
  evaluateRule,
  type Facts,
  type Finding,
  type Measurement,
  type Verdict,
} from "./rules/evaluate.js";
export { implies, type Loosening, loosenings } from "./rules/implies.js";
export { measurementsOfReport } from "./rules/measured.js";
export { MAX_RULE_LENGTH, type ParsedRule, parseRule, type RuleFault } from "./rules/parse.js";
export { printRule } from "./rules/print.js";
export { type MeasuredUnit, metricName } from "./rules/quantity.js";
export type { Comparison, MetricRule, Rule, Unit } from "./rules/rule.js";
