import { z } from "zod";
import { VERDICTS } from "../resources/compliance.js";
import { domainId, filledText, resourceId } from "../resources/fields.js";
import { ENFORCEMENTS, POLICY_TYPES } from "../resources/governance-policy.js";
import { PRODUCT_STATUSES } from "../resources/product.js";
import { afterId, ofAfter, paged, startsOnce, whole } from "./lists.js";

export const policyList = z
  .strictObject({
    ...paged,
    after: afterId,
    type: z.enum(POLICY_TYPES).optional(),
    enforcement: z.enum(ENFORCEMENTS).optional(),
    scope: z.enum(["global", "domain", "product", "tag"]).optional(),
    domain: domainId.optional().describe("those of this domain"),
    product: resourceId.optional().describe("those that are for this product, of any scope"),
  })
  .refine(startsOnce, ofAfter);

/** Products by how they stand. */
export const complianceList = z
  .strictObject({
    ...paged,
    after: afterId,
    state: z.enum(VERDICTS).optional(),
    domain: domainId.optional(),
    owner: filledText(200).optional(),
    status: z.enum(PRODUCT_STATUSES).optional().describe("without it, drafts and retired ones are left out"),
  })
  .refine(startsOnce, ofAfter);

export const changeList = z.strictObject({
  limit: paged.limit,
  after: z.string().max(4_000, "expected a cursor out of a Link header").optional(),
});

export const complianceQuery = z.strictObject({
  ...changeList.shape,
  history: z
    .enum(["", "true", "false"])
    .optional()
    .describe("changes instead, newest first, as of …/compliance/history"),
  policy: z.string().max(100).optional().describe("by the rules of this one only; `sla`: its own promises"),
});

export const usageQuery = z.strictObject({
  limit: whole(1, 1_000).optional().describe("of each at most so many; 10 by default"),
  days: whole(1, 3_650).optional().describe("nobody has read what is unused for so long; 30 by default"),
});

export const reportQuery = z.strictObject({
  format: z
    .enum(["json", "markdown"])
    .optional()
    .describe("else by `Accept`: application/json, text/markdown"),
});
