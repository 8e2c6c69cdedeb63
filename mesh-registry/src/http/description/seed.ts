import { z } from "zod";
import { domainId, resourceId } from "../../resources/fields.js";
import { seedDataList, seedReading } from "../seed/seed-data.js";
import { seedLineage, seedLineageInput } from "../seed/seed-lineage.js";
import { seedProduct, seedProductInput, seedProductUpdate } from "../seed/seed-product.js";
import type { AddOperation } from "./operation.js";

function envelope<T extends z.ZodType>(data: T) {
  return z.object({ success: z.literal(true), message: z.string(), data });
}

/** The interface that was there before this one. */
export function describeSeed(add: AddOperation): void {
  const path = { name: resourceId };
  add("post", "/register_product", "Registers a product with its version, and its domain where it is new", {
    body: seedProductInput,
    answer: envelope(seedProduct),
    seed: true,
  });
  add("get", "/product/{name}", "One product, by the names that earlier clients know", {
    path,
    answer: seedProduct,
    seed: true,
  });
  add("put", "/product/{name}", "Changes a product; another schema is another version", {
    path,
    body: seedProductUpdate,
    answer: envelope(seedProduct),
    seed: true,
  });
  add("delete", "/product/{name}", "Retires a product and ends its lineage", {
    path,
    answer: envelope(z.null()),
    seed: true,
  });
  add("post", "/register_lineage", "Says that one product is made from another", {
    body: seedLineageInput,
    answer: envelope(seedLineage),
    seed: true,
  });
  add(
    "get",
    "/data/{domain}/{dataset}",
    "Readings of a product, by its id or its sensor's name; also at /{domain}/{dataset}",
    {
      path: { domain: domainId, dataset: resourceId },
      query: seedDataList,
      answer: seedReading,
      seed: true,
    },
  );
}
