import { isOffered } from "../access/decisions.js";
import type { Readers } from "../access/readers.js";
import type { Domain } from "../resources/domain.js";
import type { Product } from "../resources/product.js";
import { UNCLAIMED } from "../store/observations.js";
import { type Objectives, objectivesOf } from "./objectives.js";
import type { Validity } from "./validity.js";

/** What is promised of a stream, as the historian's configuration has it. */
export interface StreamTerms {
  product: string;
  productVersion?: string;
  objectives: Objectives;
  validity?: Validity;
}

/** Who may read a stream, beside administrators. */
export interface StreamReaders {
  product: string;
  version?: string;
  status: Product["status"];
  visibility: Product["visibility"];
  /** By name: until when, in ms since the epoch; `null` where it has no end. */
  consumers: Record<string, number | null>;
  /** Whoever has one of these roles. */
  roles: string[];
  /** Whoever is of one of these domains. */
  domains: string[];
}

/** Of one stream; without `terms` nothing is promised, without `readers` whoever is signed in reads it. */
export interface StreamEntry {
  terms?: StreamTerms;
  readers?: StreamReaders;
}

export interface EntryParts {
  /** That governs the stream. */
  product: Product;
  domain: Domain | undefined;
  version: string | undefined;
  validity: Validity | undefined;
  readers: Readers;
}

export function entryOf({ product, domain, version, validity, readers }: EntryParts): StreamEntry {
  const { id, sla, status, visibility } = product;
  const isOpen = isOffered(product) && visibility === "public";
  const terms: StreamTerms = {
    product: id,
    ...(version === undefined ? {} : { productVersion: version }),
    objectives: objectivesOf(sla),
    ...(validity === undefined ? {} : { validity }),
  };
  return {
    ...(isOffered(product) ? { terms } : {}),
    ...(isOpen
      ? {}
      : {
          readers: {
            product: id,
            ...(version === undefined ? {} : { version }),
            status,
            visibility,
            ...listed(product, domain, readers),
          },
        }),
  };
}

/** Of what is not offered any more nobody is listed, of a draft those whose it is. */
function listed(
  product: Product,
  domain: Domain | undefined,
  { consumers, untilByConsumer, roles, domains }: Readers,
): Pick<StreamReaders, "consumers" | "roles" | "domains"> {
  if (product.status === "inactive" || product.status === "retired") {
    return { consumers: {}, roles: [], domains: [] };
  }
  if (product.status === "draft") {
    const people = [product.owner, ...(domain === undefined ? [] : [domain.owner, ...domain.team])];
    return { consumers: byName(people, {}), roles: [], domains: [product.domain] };
  }
  return { consumers: byName(consumers, untilByConsumer), roles: [...roles], domains: [...domains] };
}

function byName(names: readonly string[], until: Record<string, number>): Record<string, number | null> {
  const ends = new Map(Object.entries(until));
  const sorted = [...new Set(names)].filter((name) => name !== UNCLAIMED).sort();
  return Object.fromEntries(sorted.map((name) => [name, ends.get(name) ?? null]));
}
