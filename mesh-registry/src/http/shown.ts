import type { Response } from "express";
import type { Product } from "../resources/product.js";
import type { Catalogue } from "../store/catalogue.js";
import type { Kept } from "../store/table.js";
import { permission } from "./permission.js";

/**
 * A product as who asks may see it: without the names of private products that it is made from. Whoever may change
 * it sees them all, so that writing back what was read takes nothing away.
 */
export function shownTo(
  catalogue: Pick<Catalogue, "products" | "domains" | "access">,
  response: Response,
): (kept: Kept<Product>) => Kept<Product> {
  const { sees, mayChange } = permission(catalogue);
  return (kept) => {
    const { value, version } = kept;
    if (value.inputPorts.every(({ product }) => sees(product, response))) return kept;
    if (mayChange(value, response)) return kept;
    const inputPorts = value.inputPorts.filter(({ product }) => sees(product, response));
    const shown: Product = { ...value, inputPorts };
    return { value: shown, version, json: JSON.stringify(shown) };
  };
}
