import type { LineageEdge, LineageInput } from "../resources/lineage-edge.js";
import type { Collections } from "./collections.js";
import { Flow } from "./flow.js";
import { edgeId, edgeKey, productKey } from "./keys.js";
import { RegistryError } from "./registry-error.js";
import type { StoreParts } from "./store-parts.js";
import type { Kept, Slice, SliceQuery } from "./table.js";

/** A product that another is connected to, and the fewest steps between the two. */
export interface Relative {
  product: string;
  depth: number;
}

export interface Lineage {
  list(query: SliceQuery<LineageEdge>): Slice<LineageEdge>;
  /** @throws RegistryError not_found */
  get(source: string, target: string): Kept<LineageEdge>;
  /** @throws RegistryError unknown_reference, exists, cycle, conflict, too_many */
  create(input: LineageInput): Promise<Kept<LineageEdge>>;
  /** @throws RegistryError not_found */
  remove(source: string, target: string): Promise<void>;
  /** Where a product comes from, nearest first. @throws RegistryError not_found */
  upstream(product: string, depth?: number): Relative[];
  /** What is made of a product, nearest first. @throws RegistryError not_found */
  downstream(product: string, depth?: number): Relative[];
  /** Removes all steps of a product; asked for by whoever has it alone. */
  endAll(product: string): Promise<void>;
}

export async function createLineage(
  { products, edges: table }: Pick<Collections, "products" | "edges">,
  { turns, clock, limits }: StoreParts,
): Promise<Lineage> {
  /** Also steps that are on their way into the store: two callers cannot close a cycle together. */
  const flow = new Flow();
  for (const { value } of table.values()) flow.add(value.source, value.target);

  const removeEdge = async (source: string, target: string): Promise<void> => {
    await table.remove(edgeId(source, target));
    flow.remove(source, target);
  };
  const endAll = async (product: string): Promise<void> => {
    const [sources, targets] = [flow.sourcesOf(product), flow.targetsOf(product)];
    await Promise.all([
      ...sources.map((source) => removeEdge(source, product)),
      ...targets.map((target) => removeEdge(product, target)),
    ]);
  };
  const checkEnd = (field: "source" | "target", id: string): void => {
    const at = [{ pointer: `/${field}`, value: id }];
    const kept = products.get(id);
    if (kept === undefined) {
      const detail = `${field}: there is no data product "${id}": register it first`;
      throw new RegistryError("unknown_reference", detail, at);
    }
    if (kept.value.status === "retired") {
      throw new RegistryError("conflict", `${field}: data product "${id}" is retired`, at);
    }
  };
  const checkProduct = (id: string): void => {
    if (products.get(id) === undefined) {
      throw new RegistryError("not_found", `there is no data product "${id}"`);
    }
  };

  // A product that was retired when the process was killed, before its steps were ended.
  for (const { value } of products.values()) if (value.status === "retired") await endAll(value.id);

  const get = (source: string, target: string): Kept<LineageEdge> => {
    const kept = table.get(edgeId(source, target));
    if (kept !== undefined) return kept;
    throw new RegistryError("not_found", `there is no step of lineage from "${source}" to "${target}"`);
  };

  return {
    list: (query) => table.slice(query),
    get,
    create: (input) => {
      const { source, target } = input;
      const claims = { alone: [edgeKey(source, target)], shared: [productKey(source), productKey(target)] };
      return turns.run(claims, async () => {
        if (source === target) {
          throw new RegistryError("cycle", `target: "${target}" is not made from itself`, [
            { pointer: "/target", value: target },
          ]);
        }
        checkEnd("source", source);
        checkEnd("target", target);
        if (table.get(edgeId(source, target)) !== undefined) throw edgeExists(source, target);
        if (flow.size >= limits.edges) {
          throw new RegistryError("too_many", `there are ${flow.size} steps of lineage: no more are kept`);
        }
        const way = flow.way(target, source);
        if (way !== undefined) {
          const circle = [source, ...way].map((id) => `"${id}"`).join(" → ");
          const detail = `source: "${source}" is made from "${target}" already: ${circle} would be a circle`;
          throw new RegistryError("cycle", detail, [{ pointer: "/source", value: source }]);
        }
        flow.add(source, target);
        try {
          const made = await table.insert(edgeId(source, target), { ...input, createdAt: clock() });
          if (made !== undefined) return made;
        } catch (error) {
          flow.remove(source, target);
          throw error;
        }
        throw edgeExists(source, target);
      });
    },
    remove: (source, target) => {
      const claims = { alone: [edgeKey(source, target)], shared: [productKey(source), productKey(target)] };
      return turns.run(claims, async () => {
        get(source, target);
        await removeEdge(source, target);
      });
    },
    upstream: (product, depth) => {
      checkProduct(product);
      return flow.reach(product, (id) => flow.sourcesOf(id), depth);
    },
    downstream: (product, depth) => {
      checkProduct(product);
      return flow.reach(product, (id) => flow.targetsOf(id), depth);
    },
    endAll,
  };
}

function edgeExists(source: string, target: string): RegistryError {
  return new RegistryError("exists", `there is a step of lineage from "${source}" to "${target}" already`);
}
