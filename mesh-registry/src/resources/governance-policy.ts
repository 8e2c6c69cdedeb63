import { z } from "zod";
import { description, domainId, filledText, resourceId, time } from "./fields.js";

export const POLICY_TYPES = ["quality", "security", "privacy", "metadata"] as const;
export const ENFORCEMENTS = ["mandatory", "advisory"] as const;

const MAX_RULES = 50;

/** Which products a policy is for. */
export const policyScope = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("global") }),
    z.strictObject({ kind: z.literal("domain"), domain: domainId }),
    z.strictObject({ kind: z.literal("product"), product: resourceId }),
    z.strictObject({
      kind: z.literal("tag"),
      tag: filledText(50).transform((tag) => tag.trim().toLowerCase()),
    }),
  ])
  .meta({ id: "PolicyScope" });

const declared = {
  name: filledText(200),
  type: z.enum(POLICY_TYPES),
  scope: policyScope,
  enforcement: z.enum(ENFORCEMENTS),
  rules: z
    .array(filledText(500))
    .min(1, "expected at least one rule")
    .max(MAX_RULES, `expected at most ${MAX_RULES} rules`),
  description: description.default(""),
};

/** What is said of a governance policy when it is changed. */
export const governancePolicyUpdate = z.strictObject(declared).meta({ id: "GovernancePolicyUpdate" });
/** What is said of a governance policy when it is made. */
export const governancePolicyInput = z
  .strictObject({ id: resourceId, ...declared })
  .meta({ id: "GovernancePolicyInput" });
/** A governance policy as it is answered. */
export const governancePolicy = z
  .strictObject({ id: resourceId, ...declared, createdAt: time, updatedAt: time })
  .meta({ id: "GovernancePolicy" });

export type PolicyScope = z.output<typeof policyScope>;
export type GovernancePolicyUpdate = z.output<typeof governancePolicyUpdate>;
export type GovernancePolicyInput = z.output<typeof governancePolicyInput>;
export type GovernancePolicy = z.output<typeof governancePolicy>;

const conflict = z.strictObject({
  policy: z.string().describe("the mandatory one of all, which holds"),
  index: z.number().int().describe("of its rule, from 0"),
  rule: z.string(),
  why: z.enum(["weaker", "contrary"]).describe("it asks for less; or both can never pass"),
  reason: z.string(),
});

/** All that is asked of one product. */
export const productPolicies = z
  .strictObject({
    product: resourceId,
    version: z.string().nullable().describe("the newest published; null: none is"),
    policies: z.array(governancePolicy),
    rules: z.array(
      z.strictObject({
        policy: z.string(),
        index: z.number().int().describe("from 0"),
        rule: z.string(),
        enforcement: z.enum(ENFORCEMENTS),
        counts: z
          .boolean()
          .describe("false: it contradicts a mandatory policy of all, which holds in its place"),
        conflicts: z.array(conflict),
      }),
    ),
  })
  .meta({ id: "ProductPolicies" });

export type ProductPolicies = z.output<typeof productPolicies>;
