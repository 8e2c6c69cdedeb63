import { z } from "zod";
import { resourceId, time } from "./fields.js";
import { ENFORCEMENTS, policyScope } from "./governance-policy.js";

export const VERDICTS = ["pass", "fail", "unknown"] as const;
/** Where the figure of a rule comes from: the historian, somebody who posted it, the product's declared fields, its owner's word. */
export const FACT_SOURCES = ["measured", "posted", "declared", "attested", "none"] as const;

/** The implicit policy that a product's own SLA is. */
export const SLA_POLICY = "sla";

const finding = {
  rule: z.string(),
  verdict: z.enum(VERDICTS),
  reason: z.string().describe("one sentence"),
  source: z.enum(FACT_SOURCES).describe("where the figure comes from"),
  measured: z.number().optional().describe("also when it is too old to count"),
  unit: z.string().optional().describe("%, ms, s, m, h, d"),
  at: time.optional().describe("when it was measured or attested"),
  by: z.string().optional().describe("who measured, posted or attests it"),
  stream: z.string().optional().describe("of several streams the worst"),
};

/** How one rule of one policy stands. */
export const ruleCompliance = z
  .strictObject({
    policy: z.string().describe("`sla`: what the product itself promises"),
    scope: policyScope.optional().describe("absent of `sla`"),
    enforcement: z.enum(ENFORCEMENTS),
    ...finding,
    overruled: z
      .string()
      .optional()
      .describe("it contradicts a mandatory policy of all, which holds in its place: it does not count"),
    parts: z.array(z.strictObject(finding)).optional().describe("what a composed rule is made of"),
  })
  .meta({ id: "RuleCompliance" });

/** How a product stands against all policies that are for it, and against its own promises. */
export const complianceReport = z
  .strictObject({
    product: resourceId,
    version: z.string().nullable().describe("the newest published; null: none is"),
    domain: z.string(),
    state: z.enum(VERDICTS),
    reason: z.string(),
    judgedAt: time,
    since: time.nullable().describe("when the state began; null: it was not recorded yet"),
    rules: z.array(ruleCompliance),
  })
  .meta({ id: "ComplianceReport" });

/** How a product stands, without its rules. */
export const complianceSummary = z
  .strictObject({
    product: resourceId,
    version: z.string().nullable(),
    domain: z.string(),
    owner: z.string(),
    state: z.enum(VERDICTS),
    reason: z.string(),
    judgedAt: time,
    since: time.nullable(),
    policies: z
      .array(
        z.strictObject({ policy: z.string(), enforcement: z.enum(ENFORCEMENTS), state: z.enum(VERDICTS) }),
      )
      .describe("each that is for it: what its rules are together"),
    passed: z.number().int(),
    failed: z.number().int(),
    unknown: z.number().int(),
    violations: z.array(z.strictObject({ policy: z.string(), rule: z.string(), reason: z.string() })),
  })
  .meta({ id: "ComplianceSummary" });

/** A change of how a product stood. */
export const complianceChange = z
  .strictObject({
    product: resourceId,
    version: z.string().nullable(),
    at: time,
    state: z.enum(VERDICTS),
    before: z.enum(VERDICTS).nullable().describe("null: the first that was recorded"),
    rules: z
      .array(
        z.strictObject({
          policy: z.string(),
          rule: z.string(),
          before: z.enum(VERDICTS).nullable(),
          verdict: z.enum(VERDICTS).nullable().describe("null: it is asked no more"),
          reason: z.string(),
        }),
      )
      .describe("those whose verdict changed"),
  })
  .meta({ id: "ComplianceChange" });

export type FactSource = (typeof FACT_SOURCES)[number];
export type RuleCompliance = z.output<typeof ruleCompliance>;
export type ComplianceReport = z.output<typeof complianceReport>;
export type ComplianceSummary = z.output<typeof complianceSummary>;
export type ComplianceChange = z.output<typeof complianceChange>;
