import { z } from "zod";
import { VERDICTS } from "./compliance.js";
import { time } from "./fields.js";
import { PRODUCT_STATUSES, VISIBILITIES } from "./product.js";

const count = z.number().int().min(0);
const byStatus = z.record(z.enum(PRODUCT_STATUSES), count);
const byState = z.record(z.enum(VERDICTS), count);

/** One domain: what it offers and how that stands. */
export const domainAnalytics = z
  .strictObject({
    domain: z.string(),
    name: z.string(),
    owner: z.string(),
    products: count.describe("retired ones are left out"),
    byStatus,
    byVisibility: z.record(z.enum(VISIBILITIES), count),
    consumers: count.describe("different ones that are approved"),
    compliance: byState.describe("of products that are neither draft nor retired"),
  })
  .meta({ id: "DomainAnalytics" });

/** The graph of all lineage. */
export const lineageStatistics = z
  .strictObject({
    products: count.describe("that are in it"),
    steps: count,
    byType: z.strictObject({ direct: count, derived: count, aggregated: count }),
    confidence: z.number().nullable().describe("mean; null without steps"),
    origins: count.describe("products made of no other"),
    ends: count.describe("products that no other is made of"),
    longest: count.describe("steps of the longest way"),
  })
  .meta({ id: "LineageStatistics" });

/** What is read, and what nobody reads. */
export const usageAnalytics = z
  .strictObject({
    top: z
      .array(
        z.strictObject({
          product: z.string(),
          domain: z.string(),
          owner: z.string(),
          reads: count,
          consumers: count,
          lastAt: time,
        }),
      )
      .describe("most read first"),
    unused: z
      .array(
        z.strictObject({
          product: z.string(),
          domain: z.string(),
          owner: z.string(),
          since: time.describe("read last, or registered"),
          read: z.boolean().describe("false: never"),
        }),
      )
      .describe("active products that nobody has read for so long, the longest first"),
    unusedCount: count,
    days: count.describe("for how long nobody has read what is unused"),
  })
  .meta({ id: "UsageAnalytics" });

/** The mesh at one time, as far as who asks may see it. */
export const meshReport = z
  .strictObject({
    at: time,
    totals: z.strictObject({
      domains: count,
      products: count.describe("retired ones are left out"),
      byStatus,
      consumers: count,
      policies: count,
    }),
    compliance: byState,
    violations: z
      .array(
        z.strictObject({
          product: z.string(),
          version: z.string().nullable(),
          domain: z.string(),
          owner: z.string(),
          policy: z.string(),
          rule: z.string(),
          reason: z.string(),
        }),
      )
      .describe("rules that fail, at most 1,000"),
    moreViolations: count,
    conflicts: z
      .array(
        z.strictObject({
          policy: z.string(),
          rule: z.string(),
          mandatory: z.string().describe("the policy of all that holds"),
          mandatoryRule: z.string(),
          why: z.enum(["weaker", "contrary"]),
        }),
      )
      .describe("policies that a mandatory one of all takes back, at most 1,000"),
    domains: z.array(domainAnalytics),
    lineage: lineageStatistics,
    usage: usageAnalytics,
  })
  .meta({ id: "MeshReport" });

export type DomainAnalytics = z.output<typeof domainAnalytics>;
export type UsageAnalytics = z.output<typeof usageAnalytics>;
export type MeshReport = z.output<typeof meshReport>;
