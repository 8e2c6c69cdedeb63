import { mesh } from "./api.js";
import { type LineageGraph, lineageGraph } from "./lineage-graph.js";
import type { LineageEdge, Product } from "./types.js";

/** Steps and products that are read at most: a graph of more is not looked at by anyone. */
const MOST_PAGES = 4;
const PAGE = "1000";
/** Thousands of products are megabytes, and lineage changes rarely. */
export const LINEAGE_EVERY_MS = 60_000; // ms

export interface ReadLineage {
  graph: LineageGraph;
  products: ReadonlyMap<string, Product>;
  /** There are more steps than were read. */
  cut: boolean;
}

/** All lineage that may be seen, with the products it is between. */
export async function readLineage(signal?: AbortSignal): Promise<ReadLineage> {
  const [edges, products] = await Promise.all([readEdges(signal), readProducts(signal)]);
  return { graph: lineageGraph(edges.items), products, cut: edges.cut };
}

async function readEdges(signal: AbortSignal | undefined): Promise<{ items: LineageEdge[]; cut: boolean }> {
  const items: LineageEdge[] = [];
  let page = await mesh.lineage(new URLSearchParams({ limit: PAGE }), signal);
  items.push(...page.items);
  for (let read = 1; read < MOST_PAGES && page.next !== undefined; read++) {
    page = await mesh.more<LineageEdge>(page.next, signal);
    items.push(...page.items);
  }
  return { items, cut: page.next !== undefined };
}

async function readProducts(signal: AbortSignal | undefined): Promise<ReadonlyMap<string, Product>> {
  const products = new Map<string, Product>();
  let page = await mesh.products(new URLSearchParams({ limit: PAGE }), signal);
  const put = (): void => {
    for (const product of page.items) products.set(product.id, product);
  };
  put();
  for (let read = 1; read < MOST_PAGES && page.next !== undefined; read++) {
    page = await mesh.more<Product>(page.next, signal);
    put();
  }
  return products;
}
