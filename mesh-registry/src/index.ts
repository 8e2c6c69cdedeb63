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
