import { z } from "zod";
import { accessEntry, accessNote, accessReceipt, accessReport } from "../../resources/access-log.js";
import { resourceId } from "../../resources/fields.js";
import { brokerCredential, productAccess } from "../../resources/product-access.js";
import { accessLogList, accessLogOfProductList } from "../access-lists.js";
import type { AddOperation } from "./operation.js";

export function describeAccess(add: AddOperation): void {
  const path = { id: resourceId };
  add("get", "/products/{id}/access", "Whether one may read a product, why, until when, and where", {
    path,
    answer: productAccess,
  });
  add("post", "/subscriptions/{id}/credential", "A new password of the consumer at the broker, shown once", {
    path: { id: z.string() },
    answer: brokerCredential,
    status: 201,
  });
  add("get", "/products/{id}/access-log", "Who did what with a product, newest first: for who decides", {
    path,
    query: accessLogOfProductList,
    answer: accessEntry,
  });
  add("post", "/products/{id}/access-log", "Says what one did with a product", {
    path,
    body: accessNote,
    answer: accessEntry,
    status: 201,
    creates: true,
  });
  add("get", "/access-log", "The same of all products: for administrators", {
    query: accessLogList,
    answer: accessEntry,
  });
  add("post", "/access-log", "What another service let happen, or refused", {
    body: accessReport,
    answer: accessReceipt,
  });
}
