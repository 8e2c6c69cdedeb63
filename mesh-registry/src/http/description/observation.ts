import { claimInput } from "../../resources/claim.js";
import { conflict } from "../../resources/conflict.js";
import { resourceId } from "../../resources/fields.js";
import { product } from "../../resources/product.js";
import { domainList } from "../lists.js";
import type { AddOperation } from "./operation.js";

export function describeObservation(add: AddOperation): void {
  add("get", "/conflicts", "Who claim one name: nodes with one identity, products that offer one stream", {
    query: domainList,
    answer: conflict,
  });
  add("post", "/products/{id}/claim", "Takes on a stream that nobody has claimed", {
    path: { id: resourceId },
    body: claimInput,
    answer: product,
  });
}
