import { z } from "zod";
import { resourceId } from "../resources/fields.js";
import { consumerName, SUBSCRIPTION_STATES } from "../resources/subscription.js";
import { afterId, ofAfter, paged, startsOnce } from "./lists.js";

const filters = {
  consumer: consumerName.optional(),
  state: z.enum(SUBSCRIPTION_STATES).optional(),
};

export const subscriptionList = z
  .strictObject({ ...paged, after: afterId, product: resourceId.optional(), ...filters })
  .refine(startsOnce, ofAfter);

export const subscriptionsOfProductList = z
  .strictObject({ ...paged, after: afterId, ...filters })
  .refine(startsOnce, ofAfter);

export const inboxList = z
  .strictObject({ ...paged, after: afterId, product: resourceId.optional() })
  .refine(startsOnce, ofAfter);
