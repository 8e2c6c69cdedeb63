import type { Asker } from "../access/asker.js";
import type { Compliance } from "../compliance/compliance.js";
import type { MeshReport } from "../resources/report.js";
import { type AnalyticsParts, domainAnalytics, seenProducts, usageAnalytics } from "./analytics.js";

const MAX_VIOLATIONS = 1_000;
const MAX_CONFLICTS = 1_000;
const USAGE = { limit: 10, days: 30 };

export interface ReportParts extends AnalyticsParts {
  compliance: Pick<Compliance, "summaryOf" | "conflicts">;
}

/** The whole mesh, as far as the asker may see it. */
export function meshReport(parts: ReportParts, asker: Asker): MeshReport {
  const { catalogue, compliance, clock } = parts;
  const { subscriptions, policies, access, products } = catalogue;
  const byStatus: MeshReport["totals"]["byStatus"] = {
    draft: 0,
    active: 0,
    deprecated: 0,
    inactive: 0,
    retired: 0,
  };
  const states: MeshReport["compliance"] = { pass: 0, fail: 0, unknown: 0 };
  const consumers = new Set<string>();
  const violations: MeshReport["violations"] = [];
  let count = 0;
  let broken = 0;
  for (const product of seenProducts(catalogue, asker)) {
    count += 1;
    byStatus[product.status] += 1;
    for (const { consumer, state } of subscriptions.ofProduct(product.id)) {
      if (state === "approved") consumers.add(consumer);
    }
    if (product.status === "draft") continue;
    const { state, failed, version, domain, owner, violations: its } = compliance.summaryOf(product);
    states[state] += 1;
    broken += failed;
    for (const violation of its) {
      if (violations.length >= MAX_VIOLATIONS) break;
      violations.push({ product: product.id, version, domain, owner, ...violation });
    }
  }
  violations.sort((a, b) => (a.product < b.product ? -1 : a.product > b.product ? 1 : 0));
  const isSeen = (id: string): boolean => {
    const product = products.find(id)?.value;
    return product === undefined || access.maySee(product, asker);
  };
  const conflicts = compliance
    .conflicts()
    .filter(({ rule }) => rule.policy.scope.kind !== "product" || isSeen(rule.policy.scope.product))
    .slice(0, MAX_CONFLICTS);
  const domains = domainAnalytics(parts, asker);
  return {
    at: clock(),
    totals: {
      domains: domains.length,
      products: count,
      byStatus,
      consumers: consumers.size,
      policies: policies.list({ limit: 1 }).total,
    },
    compliance: states,
    violations,
    moreViolations: broken - violations.length,
    conflicts: conflicts.map(({ rule, mandatory, why }) => ({
      policy: rule.policy.id,
      rule: rule.text,
      mandatory: mandatory.policy.id,
      mandatoryRule: mandatory.text,
      why,
    })),
    domains,
    lineage: catalogue.lineage.statistics(),
    usage: usageAnalytics(parts, asker, USAGE),
  };
}
