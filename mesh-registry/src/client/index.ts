export type { Changeable, Page, PageQuery, Readable, Tagged } from "./collection.js";
export { createMeshClient, type MeshClient } from "./mesh-client.js";
export { type FieldError, MeshError, MeshUnreachableError, type Problem } from "./mesh-error.js";
export type { MeshClientOptions } from "./transport.js";
export type * from "./types.js";
export {
  type DiscoveredProduct,
  declaredOf,
  type MeshVerbs,
  type NewPolicy,
  type NewProduct,
  type NewSubscription,
  type NewTemplate,
  type NewVersion,
  type PolicyCompliance,
  type ProductLineage,
} from "./verbs.js";
