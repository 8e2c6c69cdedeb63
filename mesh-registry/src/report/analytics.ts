import type { Asker } from "../access/asker.js";
import type { Compliance } from "../compliance/compliance.js";
import type { Product } from "../resources/product.js";
import type { DomainAnalytics, UsageAnalytics } from "../resources/report.js";
import type { Catalogue } from "../store/catalogue.js";

export interface AnalyticsParts {
  catalogue: Pick<
    Catalogue,
    "domains" | "products" | "lineage" | "subscriptions" | "access" | "accessLog" | "policies"
  >;
  compliance: Pick<Compliance, "summaryOf">;
  /** ms since the epoch. */
  clock: () => number;
}

const DAY_MS = 86_400_000;
const MAX_DOMAINS = 1_000;

/** Products that are not retired and that the asker may see. */
export function* seenProducts(
  { products, access }: Pick<AnalyticsParts["catalogue"], "products" | "access">,
  asker: Asker,
): Generator<Product> {
  for (const { value } of products.all()) {
    if (value.status !== "retired" && access.maySee(value, asker)) yield value;
  }
}

/** Each domain, by id. Of private products only those count that the asker may see. */
export function domainAnalytics({ catalogue, compliance }: AnalyticsParts, asker: Asker): DomainAnalytics[] {
  const { domains, subscriptions } = catalogue;
  const found = new Map<string, DomainAnalytics>();
  const consumers = new Map<string, Set<string>>();
  for (const { value } of domains.list({ limit: MAX_DOMAINS }).items) {
    found.set(value.id, {
      domain: value.id,
      name: value.name,
      owner: value.owner,
      products: 0,
      byStatus: { draft: 0, active: 0, deprecated: 0, inactive: 0, retired: 0 },
      byVisibility: { public: 0, restricted: 0, private: 0 },
      consumers: 0,
      compliance: { pass: 0, fail: 0, unknown: 0 },
    });
    consumers.set(value.id, new Set());
  }
  for (const product of seenProducts(catalogue, asker)) {
    const domain = found.get(product.domain);
    if (domain === undefined) continue;
    domain.products += 1;
    domain.byStatus[product.status] += 1;
    domain.byVisibility[product.visibility] += 1;
    if (product.status !== "draft") domain.compliance[compliance.summaryOf(product).state] += 1;
    for (const { consumer, state } of subscriptions.ofProduct(product.id)) {
      if (state === "approved") consumers.get(product.domain)?.add(consumer);
    }
  }
  return [...found.values()].map((domain) => ({
    ...domain,
    consumers: consumers.get(domain.domain)?.size ?? 0,
  }));
}

/** What is read most, and which active products nobody has read for some days. */
export function usageAnalytics(
  { catalogue, clock }: AnalyticsParts,
  asker: Asker,
  { limit, days }: { limit: number; days: number },
): UsageAnalytics {
  const used = new Map([...catalogue.accessLog.usage()].map((usage) => [usage.product, usage]));
  const top: UsageAnalytics["top"] = [];
  const unused: UsageAnalytics["unused"] = [];
  const since = clock() - days * DAY_MS;
  for (const { id, domain, owner, status, createdAt } of seenProducts(catalogue, asker)) {
    const usage = used.get(id);
    if (usage !== undefined) {
      const { reads, consumers, lastAt } = usage;
      top.push({ product: id, domain, owner, reads, consumers: consumers.length, lastAt });
    }
    const last = usage?.lastAt ?? createdAt;
    if (status !== "active" || (usage !== undefined && last >= since)) continue;
    unused.push({ product: id, domain, owner, since: last, read: usage !== undefined });
  }
  top.sort((a, b) => b.reads - a.reads || order(a.product, b.product));
  unused.sort((a, b) => a.since - b.since || order(a.product, b.product));
  return { top: top.slice(0, limit), unused: unused.slice(0, limit), unusedCount: unused.length, days };
}

function order(a: string, b: string): number {
  return a < b ? -1 : 1;
}
