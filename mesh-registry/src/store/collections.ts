import type { Collection, Storage } from "@fieldmesh/storage";
import type { Domain } from "../resources/domain.js";
import type { OpenObject } from "../resources/fields.js";
import type { LineageEdge } from "../resources/lineage-edge.js";
import type { Product } from "../resources/product.js";
import type { Version } from "../resources/version.js";
import { type AccessCollections, openAccessCollections } from "./access-collections.js";
import { type GovernanceCollections, openGovernanceCollections } from "./governance-collections.js";
import { type Codec, Table } from "./table.js";

/** Objects whose names their writers choose are kept as JSON text: stores do not take every name. */
type WithText<T, Field extends keyof T> = Omit<T, Field> & Record<Field, string>;

export type ProductDocument = WithText<Product, "metadata">;
export type EdgeDocument = WithText<LineageEdge, "metadata">;
/** `sequence` counts the versions of a product as they were published, from 1. */
export type VersionDocument = WithText<Version, "schema"> & { sequence: number };
/** What was answered to a request that may be sent again. */
export interface AnswerDocument {
  /** Of method, path and body. */
  request: string;
  status: number;
  headers: Record<string, string>;
  body: string;
  at: number;
}

export interface Collections extends GovernanceCollections, AccessCollections {
  domains: Table<Domain, Domain>;
  products: Table<Product, ProductDocument>;
  edges: Table<LineageEdge, EdgeDocument>;
  versions: Collection<VersionDocument>;
  answers: Collection<AnswerDocument>;
}

const same: Codec<Domain, Domain> = { encode: (value) => value, decode: (document) => document };

function withMetadata<T extends { metadata: OpenObject }>(): Codec<
  T,
  Omit<T, "metadata"> & { metadata: string }
> {
  return {
    encode: ({ metadata, ...rest }) => ({ ...rest, metadata: JSON.stringify(metadata) }),
    decode: (document) => ({ ...document, metadata: parseOpen(document.metadata) }) as unknown as T,
  };
}

/** What was written by JSON.stringify of an open object. */
export function parseOpen(json: string): OpenObject {
  return JSON.parse(json) as OpenObject;
}

/** Opens every collection of the registry, and reads those that are kept in memory. */
export async function openCollections(storage: Storage): Promise<Collections> {
  const [domains, products, edges, versions, answers] = await Promise.all([
    storage.collection<Domain>("domains", {}),
    storage.collection<ProductDocument>("products", { domain: { fields: { domain: "string" } } }),
    storage.collection<EdgeDocument>("lineage", {
      source: { fields: { source: "string" } },
      target: { fields: { target: "string" } },
    }),
    storage.collection<VersionDocument>("versions", {
      sequence: { fields: { product: "string", sequence: "number" }, unique: true },
    }),
    storage.collection<AnswerDocument>("answers", { at: { fields: { at: "number" } } }),
  ]);
  return {
    domains: await Table.open(domains, same),
    products: await Table.open(products, withMetadata<Product>()),
    edges: await Table.open(edges, withMetadata<LineageEdge>()),
    versions,
    answers,
    ...(await openGovernanceCollections(storage)),
    ...(await openAccessCollections(storage)),
  };
}
