/** Which product flows into which: the steps of lineage without what is said of them. */
export class Flow {
  readonly #targets = new Map<string, Set<string>>();
  readonly #sources = new Map<string, Set<string>>();
  #size = 0;

  /** Steps. */
  get size(): number {
    return this.#size;
  }

  add(source: string, target: string): void {
    if (this.#targets.get(source)?.has(target) === true) return;
    join(this.#targets, source, target);
    join(this.#sources, target, source);
    this.#size += 1;
  }

  remove(source: string, target: string): void {
    if (this.#targets.get(source)?.has(target) !== true) return;
    part(this.#targets, source, target);
    part(this.#sources, target, source);
    this.#size -= 1;
  }

  sourcesOf(product: string): string[] {
    return [...(this.#sources.get(product) ?? [])];
  }

  targetsOf(product: string): string[] {
    return [...(this.#targets.get(product) ?? [])];
  }

  /** A shortest way with the flow, both ends in it; undefined when there is none. */
  way(from: string, to: string): string[] | undefined {
    const cameFrom = new Map<string, string | undefined>([[from, undefined]]);
    for (const at of cameFrom.keys()) {
      if (at === to) {
        const way: string[] = [];
        for (let step: string | undefined = to; step !== undefined; step = cameFrom.get(step)) way.push(step);
        return way.reverse();
      }
      for (const next of this.targetsOf(at)) if (!cameFrom.has(next)) cameFrom.set(next, at);
    }
    return undefined;
  }

  /** What is reached by going on from a product, nearest first and each once; the product itself is left out. */
  reach(
    from: string,
    next: (product: string) => readonly string[],
    maxDepth = Number.POSITIVE_INFINITY,
  ): { product: string; depth: number }[] {
    const depths = new Map<string, number>([[from, 0]]);
    for (const [product, depth] of depths) {
      if (depth >= maxDepth) break; // in the order of their depth
      for (const each of next(product)) if (!depths.has(each)) depths.set(each, depth + 1);
    }
    depths.delete(from);
    return [...depths].map(([product, depth]) => ({ product, depth }));
  }
}

function join(map: Map<string, Set<string>>, key: string, value: string): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, new Set([value]));
  else values.add(value);
}

function part(map: Map<string, Set<string>>, key: string, value: string): void {
  const values = map.get(key);
  values?.delete(value);
  if (values?.size === 0) map.delete(key);
}
