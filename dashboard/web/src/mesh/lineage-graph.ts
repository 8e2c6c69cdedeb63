import type { LineageEdge, Relation } from "./types.js";

/** The lineage as these pages walk through it. The registry keeps it free of circles; one here would do no harm. */
export interface LineageGraph {
  edges: readonly LineageEdge[];
  targets: ReadonlyMap<string, readonly string[]>;
  sources: ReadonlyMap<string, readonly string[]>;
}

export function lineageGraph(edges: readonly LineageEdge[]): LineageGraph {
  const targets = new Map<string, string[]>();
  const sources = new Map<string, string[]>();
  const put = (map: Map<string, string[]>, key: string, value: string): void => {
    const list = map.get(key);
    if (list === undefined) map.set(key, [value]);
    else list.push(value);
  };
  for (const { source, target } of edges) {
    put(targets, source, target);
    put(sources, target, source);
  }
  return { edges, targets, sources };
}

/** What is made of a product, nearest first, with the fewest steps to each. */
export function downstreamOf({ targets }: LineageGraph, product: string, depth?: number): Relation[] {
  return walk(targets, product, depth);
}

/** What a product is made of, nearest first. */
export function upstreamOf({ sources }: LineageGraph, product: string, depth?: number): Relation[] {
  return walk(sources, product, depth);
}

function walk(
  next: ReadonlyMap<string, readonly string[]>,
  from: string,
  most = Number.POSITIVE_INFINITY,
): Relation[] {
  const seen = new Set([from]);
  const found: Relation[] = [];
  let near = [from];
  for (let depth = 1; near.length > 0 && depth <= most; depth++) {
    const further: string[] = [];
    for (const product of near) {
      for (const other of next.get(product) ?? []) {
        if (seen.has(other)) continue;
        seen.add(other);
        found.push({ product: other, depth });
        further.push(other);
      }
    }
    near = further;
  }
  return found;
}

/** The part of the lineage around a product: what it is made of, what is made of it, and the steps between. */
export function around(graph: LineageGraph, product: string, depth?: number): LineageEdge[] {
  const up = new Set([product, ...upstreamOf(graph, product, depth).map((one) => one.product)]);
  const down = new Set([product, ...downstreamOf(graph, product, depth).map((one) => one.product)]);
  const within = (set: ReadonlySet<string>, { source, target }: LineageEdge): boolean =>
    set.has(source) && set.has(target);
  return graph.edges.filter((edge) => within(up, edge) || within(down, edge));
}
