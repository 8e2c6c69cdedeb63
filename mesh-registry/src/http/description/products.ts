import { z } from "zod";
import { resourceId } from "../../resources/fields.js";
import { product, productInput, productUpdate } from "../../resources/product.js";
import { productChoice, productList } from "../lists.js";
import { seedFields } from "../seed/seed-product.js";
import type { AddOperation } from "./operation.js";

const counts = z.record(z.string(), z.number().int());
const facets = z
  .object({ domain: counts, tag: counts, owner: counts, status: counts, visibility: counts })
  .meta({ id: "Facets", description: "of each value how many, as if nothing of its own kind were chosen" });
/** As lists have it. */
const listedProduct = product.extend(seedFields).meta({ id: "ListedProduct" });

export function describeProducts(add: AddOperation): void {
  const path = { id: resourceId };
  add("get", "/products", "Data products, by id; drafts only when asked for", {
    query: productList,
    answer: listedProduct,
  });
  add("post", "/products", "Registers a data product", {
    body: productInput,
    answer: product,
    status: 201,
    creates: true,
  });
  add(
    "get",
    "/products/facets",
    "How many products there are of each domain, tag, owner, status, visibility",
    {
      query: productChoice,
      list: false,
      answer: facets,
    },
  );
  add("get", "/products/{id}", "One data product", { path, answer: product });
  add("put", "/products/{id}", "Replaces what is declared of a product", {
    path,
    body: productUpdate,
    answer: product,
    conditional: true,
  });
  add("delete", "/products/{id}", "Retires a product and ends its lineage", {
    path,
    answer: product,
    conditional: true,
  });
}
