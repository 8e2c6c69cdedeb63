import { z } from "zod";
import { domainId, resourceId } from "../resources/fields.js";
import { ENFORCEMENTS, POLICY_TYPES } from "../resources/governance-policy.js";
import { afterId, ofAfter, paged, startsOnce } from "./lists.js";

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
