export type LineageType = "direct" | "derived" | "aggregated";

/** A step: what `target` is made of. There is one from a source to a target. */
export interface LineageStep {
  source: string;
  target: string;
  type: LineageType;
  /** 0 to 1: how sure it is that the step is there. */
  confidence: number;
}

/** `cycle`: the products that would lead back to themselves, first and last the same; of a self-loop twice the one. */
export type StepAdded =
  | { ok: true; replaced: boolean }
  | { ok: false; cause: "self" | "cycle"; cycle: string[] };

/** A product that another is connected to, and the fewest steps between the two. */
export interface Relation {
  product: string;
  depth: number;
}

/** A product that feels what happens to another. */
export interface Impact extends Relation {
  /** The product before it on a shortest way: followed back, it is that way. */
  via: string;
  /** Of the most certain way (which may be a longer one): the product of its steps' confidences. */
  confidence: number;
}

export interface LineageStatistics {
  products: number;
  steps: number;
  byType: Record<LineageType, number>;
  /** Mean; `null` without steps. */
  confidence: number | null;
  /** Products made of no other, and such that no other is made of. */
  origins: number;
  ends: number;
  /** Steps of the longest way. */
  longest: number;
}

/**
 * The lineage of all products: a graph without cycles, at any time. Steps are added and removed one by one; what
 * is asked takes time in proportion to the part of the graph that it is about, without recursion.
 */
export class LineageGraph<Step extends LineageStep = LineageStep> {
  readonly #targets = new Map<string, Map<string, Step>>();
  readonly #sources = new Map<string, Map<string, Step>>();
  #size = 0;

  /** How many steps there are. */
  get size(): number {
    return this.#size;
  }

  /** Adds a step, or puts it in the place of the one between the same two; refused when it closes a cycle. */
  add(step: Step): StepAdded {
    const { source, target } = step;
    if (source === target) return { ok: false, cause: "self", cycle: [source, target] };
    const replaced = this.get(source, target) !== undefined;
    if (!replaced && this.#reaches(target, source)) {
      return { ok: false, cause: "cycle", cycle: [...(this.path(target, source) ?? []), target] };
    }
    put(this.#targets, source, target, step);
    put(this.#sources, target, source, step);
    if (!replaced) this.#size++;
    return { ok: true, replaced };
  }

  /** Answers whether it was there. */
  remove(source: string, target: string): boolean {
    if (!take(this.#targets, source, target)) return false;
    take(this.#sources, target, source);
    this.#size--;
    return true;
  }

  get(source: string, target: string): Step | undefined {
    return this.#targets.get(source)?.get(target);
  }

  /** Steps into and out of a product. */
  stepsOf(product: string): Step[] {
    return [...(this.#sources.get(product)?.values() ?? []), ...(this.#targets.get(product)?.values() ?? [])];
  }

  /** What a product is made of, nearest first. */
  upstream(product: string, maxDepth = Number.POSITIVE_INFINITY): Relation[] {
    return reached(this.#sources, product, maxDepth);
  }

  /** What is made of a product, nearest first. */
  downstream(product: string, maxDepth = Number.POSITIVE_INFINITY): Relation[] {
    return reached(this.#targets, product, maxDepth);
  }

  /** A shortest way down from one product to another, both in it; `undefined` when there is none. */
  path(from: string, to: string): string[] | undefined {
    const cameFrom = new Map<string, string>([[from, from]]);
    for (const at of cameFrom.keys()) {
      if (at === to) return wayBack(cameFrom, to);
      for (const next of keysOf(this.#targets, at)) if (!cameFrom.has(next)) cameFrom.set(next, at);
    }
    return undefined;
  }

  /** Everything that feels what happens to products, nearest first: each once, and these themselves not. */
  impact(...products: string[]): Impact[] {
    const found = new Map<string, Impact>();
    const steps = new Map<string, number>(products.map((product) => [product, 0]));
    const pending = new Map<string, number>(); // steps into each product that lie within the impact
    for (const [at, depth] of steps) {
      for (const next of keysOf(this.#targets, at)) {
        pending.set(next, (pending.get(next) ?? 0) + 1);
        if (steps.has(next)) continue;
        steps.set(next, depth + 1);
        found.set(next, { product: next, depth: depth + 1, via: at, confidence: 0 });
      }
    }
    // Each product after all that come before it: its most certain way is known when its own steps are followed.
    const ready = [...new Set(products)];
    for (let at = ready.pop(); at !== undefined; at = ready.pop()) {
      const certain = found.get(at)?.confidence ?? 1;
      for (const { target, confidence } of this.#targets.get(at)?.values() ?? []) {
        const impact = found.get(target);
        if (impact !== undefined) impact.confidence = Math.max(impact.confidence, certain * confidence);
        const left = (pending.get(target) ?? 0) - 1;
        pending.set(target, left);
        if (left === 0 && impact !== undefined) ready.push(target);
      }
    }
    return [...found.values()];
  }

  statistics(): LineageStatistics {
    const products = new Set([...this.#targets.keys(), ...this.#sources.keys()]);
    const byType = { direct: 0, derived: 0, aggregated: 0 };
    let confidence = 0;
    for (const steps of this.#targets.values()) {
      for (const step of steps.values()) {
        byType[step.type]++;
        confidence += step.confidence;
      }
    }
    return {
      products: products.size,
      steps: this.#size,
      byType,
      confidence: this.#size === 0 ? null : confidence / this.#size,
      origins: products.size - this.#sources.size,
      ends: products.size - this.#targets.size,
      longest: this.#longest(),
    };
  }

  #longest(): number {
    let longest = -1;
    const left = new Map([...this.#sources].map(([product, steps]) => [product, steps.size]));
    let level = [...this.#targets.keys()].filter((product) => !left.has(product));
    for (; level.length > 0; longest++) {
      const next: string[] = [];
      for (const at of level) {
        for (const target of keysOf(this.#targets, at)) {
          const more = (left.get(target) ?? 0) - 1;
          left.set(target, more);
          if (more === 0) next.push(target);
        }
      }
      level = next;
    }
    return Math.max(0, longest);
  }

  /** Looks from both ends in turn, so that it costs no more than twice the smaller of the two sides. */
  #reaches(from: string, to: string): boolean {
    const down = walk(this.#targets, from);
    const up = walk(this.#sources, to);
    for (;;) {
      const below = down.next();
      if (below.done === true) return false;
      if (below.value === to) return true;
      const above = up.next();
      if (above.done === true) return false;
      if (above.value === from) return true;
    }
  }
}

type Steps<Step> = Map<string, Map<string, Step>>;

function put<Step>(steps: Steps<Step>, from: string, to: string, step: Step): void {
  const there = steps.get(from);
  if (there === undefined) steps.set(from, new Map([[to, step]]));
  else there.set(to, step);
}

function take<Step>(steps: Steps<Step>, from: string, to: string): boolean {
  const there = steps.get(from);
  if (there?.delete(to) !== true) return false;
  if (there.size === 0) steps.delete(from);
  return true;
}

function keysOf<Step>(steps: Steps<Step>, product: string): Iterable<string> {
  return steps.get(product)?.keys() ?? [];
}

/** Gives what is reached, one product at a time. */
function* walk<Step>(steps: Steps<Step>, from: string): Generator<string> {
  const seen = new Set([from]);
  for (const at of seen) {
    for (const next of keysOf(steps, at)) {
      if (seen.has(next)) continue;
      seen.add(next);
      yield next;
    }
  }
}

function reached<Step>(steps: Steps<Step>, product: string, maxDepth: number): Relation[] {
  const depths = new Map<string, number>([[product, 0]]);
  for (const [at, depth] of depths) {
    if (depth >= maxDepth) break; // they come in the order of their depth
    for (const next of keysOf(steps, at)) if (!depths.has(next)) depths.set(next, depth + 1);
  }
  depths.delete(product);
  return [...depths].map(([reachedProduct, depth]) => ({ product: reachedProduct, depth }));
}

function wayBack(cameFrom: ReadonlyMap<string, string>, to: string): string[] {
  const way = [to];
  for (let at = to; cameFrom.get(at) !== at; ) {
    const before = cameFrom.get(at);
    if (before === undefined) break;
    way.push(before);
    at = before;
  }
  return way.reverse();
}
