import type { Product } from "../resources/product.js";
import type { NewestPolicies } from "../store/newest-policies.js";
import type { Kept, Table } from "../store/table.js";
import { fieldNamesOf } from "./field-names.js";
import { type FoundPage, type WantedPage, WordIndex } from "./word-index.js";

/** What a word counts in each of a product's texts. */
const WEIGHTS = { name: 8, tags: 6, fields: 4, domain: 3, owner: 3, description: 1 } as const;

/** Finds data products by words. */
export interface ProductSearch {
  /** Products that have every word, best first: one page of them. Plain are those that are no drafts and not private. */
  find(question: string, page: WantedPage<Kept<Product>>): FoundPage<Kept<Product>>;
  /** All of them, in no order. */
  all(question: string): Kept<Product>[];
  /** Whether a field of its newest schema has this name, in any case of its letters. */
  hasField(product: string, field: string): boolean;
}

/** Kept up with every change of a product, and every version. */
export function createProductSearch<D extends object>(
  products: Pick<Table<Product, D>, "get" | "values" | "onChange">,
  newest: Pick<NewestPolicies, "schemaOf" | "onVersion">,
): ProductSearch {
  const index = new WordIndex<Kept<Product>>();
  const fields = new Map<string, ReadonlySet<string>>();
  const put = (kept: Kept<Product>): void => {
    const { id, description, tags, domain, owner, status, visibility } = kept.value;
    const schema = newest.schemaOf(id);
    const names = schema === undefined ? [] : fieldNamesOf(JSON.parse(schema));
    if (names.length === 0) fields.delete(id);
    else fields.set(id, new Set(names.map((name) => name.toLowerCase())));
    const texts = [
      { text: id, weight: WEIGHTS.name },
      { text: tags.join(" "), weight: WEIGHTS.tags },
      { text: names.join(" "), weight: WEIGHTS.fields },
      { text: domain, weight: WEIGHTS.domain },
      { text: owner, weight: WEIGHTS.owner },
      { text: description, weight: WEIGHTS.description },
    ];
    index.put(id, kept, texts, status !== "draft" && visibility !== "private");
  };
  for (const kept of products.values()) put(kept);
  products.onChange((id, now) => {
    if (now !== undefined) {
      put(now);
      return;
    }
    index.remove(id);
    fields.delete(id);
  });
  newest.onVersion((id) => {
    const kept = products.get(id);
    if (kept !== undefined) put(kept);
  });
  return {
    find: (question, page) => index.find(question, page),
    all: (question) => index.all(question).map(({ value }) => value),
    hasField: (product, field) => fields.get(product)?.has(field.toLowerCase()) === true,
  };
}
