import type { Collection, Storage } from "@fieldmesh/storage";
import type { ProductAttestation } from "../resources/attestation.js";
import type { ComplianceChange, ComplianceReport } from "../resources/compliance.js";
import type { GovernancePolicy } from "../resources/governance-policy.js";
import { type Codec, Table } from "./table.js";

/** One number that was posted. */
export interface Posted {
  name: string;
  value: number;
  at: number;
  by: string;
}

/** All that was posted of one product. */
export interface PostedMetrics {
  product: string;
  metrics: Posted[];
}

/** How a product stood when that was recorded last. */
export interface Standing {
  product: string;
  version: string | null;
  state: ComplianceReport["state"];
  /** When the state began. */
  since: number;
  /** Verdict of each rule that was judged, so that the next change is known. */
  verdicts: { policy: string; rule: string; verdict: ComplianceReport["state"] }[];
  /** Numbers of its changes: those kept are from `oldest` to `sequence`. */
  oldest: number;
  sequence: number;
}

export type ChangeDocument = ComplianceChange & { sequence: number };

export interface GovernanceCollections {
  policies: Table<GovernancePolicy, GovernancePolicy>;
  attestations: Table<ProductAttestation, ProductAttestation>;
  posted: Table<PostedMetrics, PostedMetrics>;
  standings: Table<Standing, Standing>;
  changes: Collection<ChangeDocument>;
}

function asItIs<T extends object>(): Codec<T, T> {
  return { encode: (value) => value, decode: (document) => document };
}

export async function openGovernanceCollections(storage: Storage): Promise<GovernanceCollections> {
  const [policies, attestations, posted, standings, changes] = await Promise.all([
    storage.collection<GovernancePolicy>("policies", {}),
    storage.collection<ProductAttestation>("attestations", {}),
    storage.collection<PostedMetrics>("posted-metrics", {}),
    storage.collection<Standing>("compliance", {}),
    storage.collection<ChangeDocument>("compliance-changes", {
      sequence: { fields: { product: "string", sequence: "number" }, unique: true },
    }),
  ]);
  return {
    policies: await Table.open(policies, asItIs<GovernancePolicy>()),
    attestations: await Table.open(attestations, asItIs<ProductAttestation>()),
    posted: await Table.open(posted, asItIs<PostedMetrics>()),
    standings: await Table.open(standings, asItIs<Standing>()),
    changes,
  };
}
