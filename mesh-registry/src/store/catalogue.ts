import type { Storage } from "@fieldmesh/storage";
import { type Answers, createAnswers } from "./answers.js";
import { openCollections } from "./collections.js";
import { createDomains, type Domains } from "./domains.js";
import { DEFAULT_LIMITS, type RegistryLimits } from "./limits.js";
import { createLineage, type Lineage } from "./lineage.js";
import { createObservations, type Observations } from "./observations.js";
import { createPolicies, type Policies } from "./policies.js";
import { createProducts, type Products } from "./products.js";
import type { StoreParts } from "./store-parts.js";
import { Turns } from "./turns.js";
import { createVersions, type Versions } from "./versions.js";

/** What the registry records. There is one writer of a store: this process. */
export interface Catalogue {
  readonly domains: Domains;
  readonly products: Products;
  readonly versions: Versions;
  readonly lineage: Lineage;
  readonly observations: Observations;
  readonly policies: Policies;
  readonly answers: Answers;
}

export interface CatalogueOptions {
  storage: Storage;
  /** ms since the epoch. */
  clock: () => number;
  limits?: Partial<RegistryLimits> | undefined;
}

export async function openCatalogue({ storage, clock, limits }: CatalogueOptions): Promise<Catalogue> {
  const collections = await openCollections(storage);
  const parts: StoreParts = { turns: new Turns(), clock, limits: { ...DEFAULT_LIMITS, ...limits } };
  const lineage = await createLineage(collections, parts);
  return {
    domains: createDomains(collections, parts),
    products: createProducts(collections, lineage, parts),
    versions: createVersions(collections, parts),
    lineage,
    policies: createPolicies(collections, parts),
    observations: createObservations(collections, parts),
    // Turns of its own: a request that may be sent again takes others while it has its own.
    answers: createAnswers(collections.answers, { turns: new Turns(), clock }),
  };
}
