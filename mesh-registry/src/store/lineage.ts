import { StoreAwayError } from "@fieldmesh/storage";
import {
  type Impact,
  LineageGraph,
  type LineageStatistics,
  type Relation,
} from "../lineage/lineage-graph.js";
import type { LineageEdge, LineageInput } from "../resources/lineage-edge.js";
import type { Collections } from "./collections.js";
import { edgeId, edgeKey, productKey } from "./keys.js";
import { circular, createPortSteps, type PortSteps } from "./port-steps.js";
import { RegistryError } from "./registry-error.js";
import type { StoreParts } from "./store-parts.js";
import type { Kept, Slice, SliceQuery } from "./table.js";

export interface Lineage {
  list(query: SliceQuery<LineageEdge>): Slice<LineageEdge>;
  /** @throws RegistryError not_found */
  get(source: string, target: string): Kept<LineageEdge>;
  /** Steps that begin or end at a product. */
  of(product: string): LineageEdge[];
  /** @throws RegistryError unknown_reference, exists, cycle, conflict, too_many */
  create(input: LineageInput): Promise<Kept<LineageEdge>>;
  /** @throws RegistryError not_found; conflict while an input port makes it */
  remove(source: string, target: string): Promise<void>;
  /** Where a product comes from, nearest first. @throws RegistryError not_found */
  upstream(product: string, depth?: number): Relation[];
  /** What is made of a product, nearest first. @throws RegistryError not_found */
  downstream(product: string, depth?: number): Relation[];
  /** What feels what happens to products, nearest first; not these themselves. */
  impact(products: readonly string[]): Impact[];
  statistics(): LineageStatistics;
  /** Steps that input ports make. */
  readonly ports: PortSteps;
  /** Removes all steps of a product; asked for by whoever has it alone. */
  endAll(product: string): Promise<void>;
}

export async function createLineage(
  { products, edges: table }: Pick<Collections, "products" | "edges">,
  { turns, clock, limits }: StoreParts,
): Promise<Lineage> {
  /** Also steps that are on their way into the store: two callers cannot close a cycle together. */
  const graph = new LineageGraph();
  for (const { value } of table.values()) graph.add(value);

  const removeEdge = async (source: string, target: string): Promise<void> => {
    await table.remove(edgeId(source, target));
    graph.remove(source, target);
  };
  const endAll = async (product: string): Promise<void> => {
    await Promise.all(graph.stepsOf(product).map(({ source, target }) => removeEdge(source, target)));
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

  const ports = createPortSteps({ graph, edges: table, products, clock, limits });
  await ports.mend();

  const get = (source: string, target: string): Kept<LineageEdge> => {
    const kept = table.get(edgeId(source, target));
    if (kept !== undefined) return kept;
    throw new RegistryError("not_found", `there is no step of lineage from "${source}" to "${target}"`);
  };

  return {
    list: (query) => table.slice(query),
    get,
    of: (product) =>
      graph.stepsOf(product).flatMap(({ source, target }) => table.get(edgeId(source, target))?.value ?? []),
    create: (input) => {
      const { source, target } = input;
      const claims = { alone: [edgeKey(source, target)], shared: [productKey(source), productKey(target)] };
      return turns.run(claims, async () => {
        checkEnd("source", source);
        checkEnd("target", target);
        if (table.get(edgeId(source, target)) !== undefined) throw edgeExists(source, target);
        if (graph.size >= limits.edges) {
          throw new RegistryError("too_many", `there are ${graph.size} steps of lineage: no more are kept`);
        }
        const added = graph.add(input);
        if (!added.ok) throw circular(added.cycle, target, { pointer: "/target" });
        try {
          const made = await table.insert(edgeId(source, target), { ...input, createdAt: clock() });
          if (made !== undefined) return made;
        } catch (error) {
          // A store that went away may have it: until that is known, nothing may close a circle with it.
          if (!(error instanceof StoreAwayError)) graph.remove(source, target);
          throw error;
        }
        throw edgeExists(source, target);
      });
    },
    remove: (source, target) => {
      const claims = { alone: [edgeKey(source, target)], shared: [productKey(source), productKey(target)] };
      return turns.run(claims, async () => {
        const { byPort } = get(source, target).value;
        const ports = products.get(target)?.value.inputPorts ?? [];
        if (byPort === true || ports.some(({ product }) => product === source)) {
          const detail = `"${source}" is an input port of "${target}": take it out there`;
          throw new RegistryError("conflict", detail, [{ pointer: "/inputPorts", value: source }]);
        }
        await removeEdge(source, target);
      });
    },
    upstream: (product, depth) => {
      checkProduct(product);
      return graph.upstream(product, depth);
    },
    downstream: (product, depth) => {
      checkProduct(product);
      return graph.downstream(product, depth);
    },
    impact: (ids) => graph.impact(...ids),
    statistics: () => graph.statistics(),
    ports,
    endAll,
  };
}

function edgeExists(source: string, target: string): RegistryError {
  return new RegistryError("exists", `there is a step of lineage from "${source}" to "${target}" already`);
}
