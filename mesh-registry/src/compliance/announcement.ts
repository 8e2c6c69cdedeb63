import { buildTopic } from "@fieldmesh/protocol";
import type { Product } from "../resources/product.js";
import type { Standing } from "../store/governance-collections.js";

const MAX_VIOLATIONS = 20;

/** What is retained on `mesh/compliance/{id}`: as long as nothing changes it is the same text. */
export interface ComplianceAnnouncement {
  product: string;
  version: string | null;
  state: Standing["state"];
  /** When the state began, ms. */
  since: number;
  passed: number;
  failed: number;
  unknown: number;
  /** Rules that fail, at most 20. */
  violations: { policy: string; rule: string }[];
}

export function complianceTopic(product: string): string {
  return buildTopic({ kind: "compliance", id: product });
}

/**
 * Undefined where nothing is said: of what is not offered, and of private products, as everybody who reads the mesh
 * would learn of them.
 */
export function announcementOf(
  product: Product | undefined,
  standing: Standing | undefined,
): string | undefined {
  if (product === undefined || standing === undefined) return undefined;
  const { status, visibility } = product;
  if (visibility === "private" || (status !== "active" && status !== "deprecated")) return undefined;
  const { version, state, since, verdicts } = standing;
  const count = (of: Standing["state"]): number => verdicts.filter(({ verdict }) => verdict === of).length;
  const announcement: ComplianceAnnouncement = {
    product: product.id,
    version,
    state,
    since,
    passed: count("pass"),
    failed: count("fail"),
    unknown: count("unknown"),
    violations: verdicts
      .filter(({ verdict }) => verdict === "fail")
      .slice(0, MAX_VIOLATIONS)
      .map(({ policy, rule }) => ({ policy, rule })),
  };
  return JSON.stringify(announcement);
}
