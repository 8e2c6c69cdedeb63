import { StoreAwayError } from "@fieldmesh/storage";
import type { LineageGraph } from "../lineage/lineage-graph.js";
import type { LineageEdge } from "../resources/lineage-edge.js";
import type { Product } from "../resources/product.js";
import type { Collections, EdgeDocument } from "./collections.js";
import { edgeId } from "./keys.js";
import type { RegistryLimits } from "./limits.js";
import { type Fault, RegistryError } from "./registry-error.js";
import type { Table } from "./table.js";

type Ports = Product["inputPorts"];

/** What a change of input ports makes of the lineage: it holds from when the product is written. */
export interface PortChange {
  commit(): Promise<void>;
  /** The product was not written. */
  cancel(): void;
}

/** Steps of lineage that input ports make: they come and go with the ports. Steps that somebody declared stay. */
export interface PortSteps {
  /**
   * Asked for by whoever has the target alone and shares its sources.
   * @throws RegistryError cycle, naming the port; too_many
   */
  prepare(target: string, ports: Ports): PortChange;
  /** Of a process that was killed between a product and its steps. */
  mend(): Promise<void>;
}

export function createPortSteps({
  graph,
  edges,
  products,
  clock,
  limits,
}: {
  graph: LineageGraph;
  edges: Table<LineageEdge, EdgeDocument>;
  products: Collections["products"];
  clock: () => number;
  limits: Pick<RegistryLimits, "edges">;
}): PortSteps {
  const stepOf = (source: string, target: string, description = ""): Omit<LineageEdge, "createdAt"> => ({
    source,
    target,
    transformation: description.slice(0, MAX_TRANSFORMATION),
    type: "direct",
    confidence: 1,
    metadata: {},
    byPort: true,
  });
  const isThere = (source: string, target: string): boolean =>
    edges.get(edgeId(source, target)) !== undefined;

  const prepare = (target: string, ports: Ports): PortChange => {
    const wanted = new Set(ports.map(({ product }) => product));
    const gone = graph
      .stepsOf(target)
      .filter((step) => step.target === target && !wanted.has(step.source))
      .filter(({ source }) => edges.get(edgeId(source, target))?.value.byPort === true);
    const added: Omit<LineageEdge, "createdAt">[] = [];
    const cancel = (): void => {
      for (const { source } of added) graph.remove(source, target);
    };
    for (const [i, { product, description }] of ports.entries()) {
      if (graph.get(product, target) !== undefined) continue;
      if (products.get(product)?.value.status === "retired") continue;
      try {
        if (graph.size >= limits.edges) {
          throw new RegistryError("too_many", `there are ${graph.size} steps of lineage: no more are kept`);
        }
        const step = stepOf(product, target, description);
        const { ok, ...refused } = graph.add(step);
        if (!ok && "cycle" in refused)
          throw circular(refused.cycle, target, { pointer: `/inputPorts/${i}/product` });
        added.push(step);
      } catch (error) {
        cancel();
        throw error;
      }
    }
    return {
      cancel,
      async commit() {
        await Promise.all([
          ...added.map(async (step) => {
            try {
              await edges.insert(edgeId(step.source, target), { ...step, createdAt: clock() });
            } catch (error) {
              // A store that went away may have it: until that is known, nothing may close a circle with it.
              if (!(error instanceof StoreAwayError)) graph.remove(step.source, target);
              throw error;
            }
          }),
          ...gone.map(async ({ source }) => {
            await edges.remove(edgeId(source, target));
            graph.remove(source, target);
          }),
        ]);
      },
    };
  };

  return {
    prepare,
    async mend() {
      for (const { value } of products.values()) {
        const { id, status, inputPorts } = value;
        const isWhole =
          status === "retired" ||
          inputPorts.every(({ product }) => isThere(product, id) || isRetired(product));
        const hasMore = graph.stepsOf(id).some(({ source, target }) => {
          const step = edges.get(edgeId(source, target))?.value;
          return (
            target === id && step?.byPort === true && inputPorts.every((port) => port.product !== source)
          );
        });
        if (isWhole && !hasMore) continue;
        try {
          await prepare(id, inputPorts).commit();
        } catch (error) {
          // Somebody closed a circle meanwhile: whoever changes the product next is told so.
          if (!(error instanceof RegistryError)) throw error;
        }
      }
    },
  };

  function isRetired(product: string): boolean {
    return products.get(product)?.value.status === "retired";
  }
}

/** As long as a transformation may be. */
const MAX_TRANSFORMATION = 2_000;

/** What would be made from itself. */
export function circular(cycle: readonly string[], target: string, at: Fault): RegistryError {
  const circle = cycle.map((id) => `"${id}"`).join(" → ");
  const field = at.pointer.split("/")[1] ?? "";
  const detail = `${field}: "${target}" would be made from itself: ${circle}`;
  return new RegistryError("cycle", detail, [{ value: target, ...at }]);
}
