import type { Log } from "@fieldmesh/runtime";
import type { Storage } from "@fieldmesh/storage";
import { type Access, createAccess } from "../access/access.js";
import { createProductSearch, type ProductSearch } from "../search/product-search.js";
import { type AccessLog, accessOf, openAccessLog } from "./access-log.js";
import { type Answers, createAnswers } from "./answers.js";
import { createKeys, type Keys } from "./api-keys.js";
import { type Attestations, createAttestations } from "./attestations.js";
import { openCollections } from "./collections.js";
import { type ComplianceRecords, createComplianceRecords } from "./compliance-records.js";
import { type Credentials, createCredentials } from "./credentials.js";
import { createDomains, type Domains } from "./domains.js";
import { DEFAULT_LIMITS, type RegistryLimits } from "./limits.js";
import { createLineage, type Lineage } from "./lineage.js";
import { type NewestPolicies, readNewestPolicies } from "./newest-policies.js";
import { createObservations, type Observations } from "./observations.js";
import { createPolicies, type Policies } from "./policies.js";
import { createPostedMetrics, type PostedQuality } from "./posted-metrics.js";
import { createProducts, type Products } from "./products.js";
import { openProvisions, type Provisions } from "./provisions.js";
import type { StoreParts } from "./store-parts.js";
import { createSubscriptions, type Subscriptions } from "./subscriptions.js";
import { openTemplates, type Templates } from "./templates.js";
import { Turns } from "./turns.js";
import { createVersions, type Versions } from "./versions.js";

/** What the registry records. There is one writer of a store: this process. */
export interface Catalogue {
  readonly domains: Domains;
  readonly products: Products;
  readonly versions: Versions;
  readonly newestVersions: Pick<NewestPolicies, "versionOf" | "onVersion">;
  readonly lineage: Lineage;
  readonly observations: Observations;
  readonly policies: Policies;
  readonly attestations: Attestations;
  readonly posted: PostedQuality;
  readonly complianceRecords: ComplianceRecords;
  readonly subscriptions: Subscriptions;
  readonly access: Access;
  readonly search: ProductSearch;
  readonly accessLog: AccessLog;
  readonly credentials: Credentials;
  readonly keys: Keys;
  readonly templates: Templates;
  readonly provisions: Provisions;
  readonly answers: Answers;
}

export interface CatalogueOptions {
  storage: Storage;
  /** ms since the epoch. */
  clock: () => number;
  limits?: Partial<RegistryLimits> | undefined;
  log?: Log | undefined;
}

export async function openCatalogue({ storage, clock, limits, log }: CatalogueOptions): Promise<Catalogue> {
  const collections = await openCollections(storage);
  const parts: StoreParts = { turns: new Turns(), clock, limits: { ...DEFAULT_LIMITS, ...limits } };
  const lineage = await createLineage(collections, parts);
  const newestPolicies = await readNewestPolicies(collections.versions);
  const subscriptions = await createSubscriptions(collections, parts);
  const { accesses: entries, usage } = collections;
  const accessLog = await openAccessLog({ entries, usage, limit: parts.limits.accessEntries, clock, log });
  subscriptions.onChange((now) => accessLog.record(accessOf(now)));
  return {
    domains: createDomains(collections, parts),
    products: createProducts(collections, lineage, subscriptions, parts),
    versions: createVersions(collections, newestPolicies, parts),
    newestVersions: newestPolicies,
    lineage,
    policies: createPolicies(collections, parts),
    attestations: createAttestations(collections, parts),
    posted: createPostedMetrics(collections, parts),
    complianceRecords: createComplianceRecords(collections, parts),
    subscriptions,
    search: createProductSearch(collections.products, newestPolicies),
    access: createAccess({ collections, subscriptions, newestPolicies, clock }),
    accessLog,
    credentials: createCredentials(collections, parts),
    keys: createKeys(collections, parts, log),
    observations: createObservations(collections, parts),
    templates: await openTemplates(storage, parts),
    provisions: await openProvisions(storage, parts),
    // Turns of its own: a request that may be sent again takes others while it has its own.
    answers: createAnswers(collections.answers, { turns: new Turns(), clock }),
  };
}
