import type { LineageEdge } from "../../resources/lineage-edge.js";
import type { Product } from "../../resources/product.js";
import type { Catalogue } from "../../store/catalogue.js";
import type { Kept } from "../../store/table.js";
import { seedLineageFieldsOf } from "./seed-lineage.js";
import { seedFieldsOf } from "./seed-product.js";

/** Texts that are kept ready. */
const MAX_READY = 10_000;

/**
 * A product as lists have it: also under the names of the clients that were there before. Ready as text for as
 * long as neither the product nor its newest schema is another.
 */
export function createListedProducts(
  versions: Pick<Catalogue["versions"], "newest" | "newestSchema">,
): (kept: Kept<Product>) => string {
  const ready = new Map<string, { kept: Kept<Product>; version: string | undefined; text: string }>();
  return (kept) => {
    const { id } = kept.value;
    const version = versions.newest(id);
    const known = ready.get(id);
    if (known?.kept === kept && known.version === version) return known.text;
    const text = joined(kept.json, seedFieldsOf(kept.value, versions));
    if (ready.size >= MAX_READY) ready.clear();
    ready.set(id, { kept, version, text });
    return text;
  };
}

/** A step as lists have it: also under the names of the clients that were there before. */
export function listedEdge({ value, json }: Kept<LineageEdge>): string {
  return joined(json, seedLineageFieldsOf(value));
}

/** Two objects' members in one, as JSON; the first has some. */
function joined(json: string, more: object): string {
  return `${json.slice(0, -1)},${JSON.stringify(more).slice(1)}`;
}
