import { z } from "zod";
import { domainId, filledText, resourceId, text, time } from "./fields.js";

export const SUBSCRIPTION_STATES = ["requested", "approved", "rejected", "revoked", "expired"] as const;

const asked = {
  product: resourceId,
  consumer: filledText(100).describe("a user, or the name of a credential"),
  consumerDomain: domainId.optional(),
  purpose: filledText(2_000),
  expiresAt: time.optional(),
};

/** What a consumer asks for. */
export const subscriptionInput = z.strictObject(asked).meta({ id: "SubscriptionInput" });
/** A subscription as it is answered. Of one consumer and product there is one. */
export const subscription = z
  .strictObject({
    id: z.string(),
    ...asked,
    state: z.enum(SUBSCRIPTION_STATES),
    reason: text(2_000).optional(),
    decidedBy: z.string().optional(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: "Subscription" });

export type SubscriptionInput = z.output<typeof subscriptionInput>;
export type Subscription = z.output<typeof subscription>;
