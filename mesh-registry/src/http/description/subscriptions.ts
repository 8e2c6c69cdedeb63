import { z } from "zod";
import { resourceId } from "../../resources/fields.js";
import {
  approval,
  refusal,
  subscription,
  subscriptionInput,
  subscriptionRequest,
} from "../../resources/subscription.js";
import { inboxList, subscriptionList, subscriptionsOfProductList } from "../subscription-lists.js";
import type { AddOperation } from "./operation.js";

export function describeSubscriptions(add: AddOperation): void {
  const path = { id: z.string() };
  const ofProduct = { id: resourceId };
  add("get", "/subscriptions", "Subscriptions: one's own, and those that one decides about", {
    query: subscriptionList,
    answer: subscription,
  });
  const asked = { answer: subscription, status: 201, creates: true } as const;
  add("post", "/subscriptions", "Asks for a product; what was asked for already is answered with 200", {
    body: subscriptionInput,
    ...asked,
  });
  add("get", "/subscriptions/inbox", "Those that wait for a decision of who asks", {
    query: inboxList,
    answer: subscription,
  });
  add("get", "/subscriptions/{id}", "One subscription", { path, answer: subscription });
  const ruled = { path, answer: subscription, creates: true } as const;
  add("post", "/subscriptions/{id}/approve", "Opens the product, or gives an approved one another end", {
    body: approval,
    ...ruled,
  });
  add("post", "/subscriptions/{id}/reject", "Refuses one that waits, with a reason", {
    body: refusal,
    ...ruled,
  });
  add("post", "/subscriptions/{id}/revoke", "Closes the product again, with a reason", {
    body: refusal,
    ...ruled,
  });
  add("get", "/products/{id}/subscriptions", "Those of one product, as far as one may see them", {
    path: ofProduct,
    query: subscriptionsOfProductList,
    answer: subscription,
  });
  add("post", "/products/{id}/subscriptions", "Asks for this product", {
    path: ofProduct,
    body: subscriptionRequest,
    ...asked,
  });
}
