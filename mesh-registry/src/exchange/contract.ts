import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { product } from "../resources/product.js";
import { type Version, version } from "../resources/version.js";
import type { Catalogue } from "../store/catalogue.js";
import type { Precondition } from "../store/domains.js";
import { RegistryError } from "../store/registry-error.js";
import type { Kept } from "../store/table.js";
import type { ReadContract } from "./odcs.js";

/** A product with its newest version, or the one that is asked for. */
export const contract = z
  .strictObject({ product, version: version.optional() })
  .meta({ id: "Contract", description: "what a product promises" });

export type ProductContract = z.output<typeof contract>;

type Parts = Pick<Catalogue, "products" | "versions">;

/** @throws RegistryError not_found */
export async function readContract(
  { products, versions }: Parts,
  id: string,
  of?: string,
): Promise<{ kept: Kept<ProductContract["product"]>; contract: ProductContract }> {
  const kept = products.get(id);
  const found =
    of === undefined ? (await versions.list(id, { limit: 1 })).items[0] : await versions.get(id, of);
  return { kept, contract: { product: kept.value, ...(found === undefined ? {} : { version: found }) } };
}

/**
 * Brings a product to what a contract says, and publishes its version unless it is published already.
 * @param check what is known of the product as it is; without it, it has to be new
 * @throws RegistryError as products and versions do; exists when its version says something else there
 */
export async function writeContract(
  { products, versions }: Parts,
  read: Extract<ReadContract, { ok: true }>["contract"],
  by: string,
  check: Precondition<ProductContract["product"]> | undefined,
): Promise<{ kept: Kept<ProductContract["product"]>; contract: ProductContract }> {
  const { id, ...declared } = read.product;
  // Checked first: a contract that is refused for what was changed meanwhile has published nothing.
  if (check === undefined) await products.create(read.product);
  else check(products.get(id));
  if (read.version !== undefined && !(await isPublished({ versions }, id, read.version))) {
    await versions.publish(id, read.version, by);
  }
  if (check !== undefined) await products.update(id, () => declared, check);
  return readContract({ products, versions }, id, read.version?.version);
}

async function isPublished(
  { versions }: Pick<Parts, "versions">,
  id: string,
  wanted: NonNullable<Extract<ReadContract, { ok: true }>["contract"]["version"]>,
): Promise<boolean> {
  let there: Version;
  try {
    there = await versions.get(id, wanted.version);
  } catch (error) {
    if (error instanceof RegistryError && error.code === "not_found") return false;
    throw error;
  }
  return isDeepStrictEqual(there.schema, wanted.schema);
}
