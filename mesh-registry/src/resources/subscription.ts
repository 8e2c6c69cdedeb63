import { z } from "zod";
import { domainId, filledText, resourceId, text, time } from "./fields.js";

export const SUBSCRIPTION_STATES = ["requested", "approved", "rejected", "revoked", "expired"] as const;

/** As users and tokens are named: no other name could ever read. */
export const consumerName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$/,
    "expected 1 to 64 letters, digits or . _ @ + -, beginning with a letter or digit",
  )
  .describe("a user, or the name of a credential");

const reason = text(2_000);
const purpose = filledText(2_000).describe("what it is wanted for");

const asked = {
  consumer: consumerName.optional().describe("who asks, when not said otherwise"),
  consumerDomain: domainId.optional(),
  purpose,
  expiresAt: time.optional().describe("wanted until then; the owner has the last word"),
};

/** What is said when a product is asked for. */
export const subscriptionInput = z
  .strictObject({ product: resourceId, ...asked })
  .meta({ id: "SubscriptionInput" });
/** The same, where the path names the product. */
export const subscriptionRequest = z.strictObject(asked).meta({ id: "SubscriptionRequest" });

/** What an approval says. */
export const approval = z
  .strictObject({
    reason: reason.optional(),
    expiresAt: time
      .nullable()
      .optional()
      .describe("ends by itself then; null: never; else as it was asked for"),
  })
  .meta({ id: "Approval" });
/** What a rejection or a revocation says. */
export const refusal = z
  .strictObject({ reason: filledText(2_000).describe("why; the consumer reads it") })
  .meta({ id: "Refusal" });

/** One thing that became of a subscription. */
const step = z
  .strictObject({
    state: z.enum(SUBSCRIPTION_STATES),
    at: time,
    by: z
      .string()
      .describe("a principal; the registry itself: registry:policy, registry:expiry, registry:retired"),
    reason: reason.optional(),
    purpose: purpose.optional(),
    expiresAt: time.optional(),
  })
  .meta({ id: "SubscriptionStep" });

/** A subscription as it is answered. Of one consumer and product there is one. */
export const subscription = z
  .strictObject({
    id: z.string(),
    product: resourceId,
    consumer: consumerName,
    consumerDomain: domainId.optional(),
    purpose,
    expiresAt: time.optional(),
    state: z.enum(SUBSCRIPTION_STATES),
    reason: reason.optional(),
    askedBy: z.string(),
    decidedBy: z.string().optional(),
    history: z.array(step).describe("the newest steps, oldest first"),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: "Subscription" });

export type SubscriptionInput = z.output<typeof subscriptionInput>;
export type SubscriptionStep = z.output<typeof step>;
export type Subscription = z.output<typeof subscription>;
