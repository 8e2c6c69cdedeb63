import { useMemo } from "preact/hooks";
import { LINEAGE_EVERY_MS, type ReadLineage, readLineage } from "../../mesh/lineage.js";
import { around, downstreamOf } from "../../mesh/lineage-graph.js";
import type { LineageEdge } from "../../mesh/types.js";
import { search, setSearch } from "../../router.js";
import { Cross } from "../../view/icons.js";
import { LineageGraphView } from "../../view/lineage-graph.js";
import { MeshTabs } from "../../view/mesh-tabs.js";
import { PageTitle } from "../../view/page-title.js";
import { Read } from "../../view/read.js";
import { useRead } from "../../view/use-read.js";
import { Downstream, drawnEdges, drawnNodes, productsOf, StepsTable } from "./lineage-parts.js";

/** More would be a grey cloud: the table has them, and the graph those around one product. */
const MOST_DRAWN = 400;

type View = "graph" | "table";

/** What data is made of what, and what feels the trouble of one product. */
export function LineagePage() {
  const asked = new URLSearchParams(search.value);
  const centre = asked.get("around") ?? undefined;
  const selected = asked.get("product") ?? centre;
  const given = asked.get("view");
  // On a phone the table is what can be read.
  const view: View =
    given === "graph" || given === "table"
      ? given
      : matchMedia("(width < 720px)").matches
        ? "table"
        : "graph";
  const change = (change: {
    around?: string | undefined;
    product?: string | undefined;
    view?: View;
  }): void => {
    const next = new URLSearchParams(search.peek());
    for (const [name, value] of Object.entries(change)) {
      if (value === undefined) next.delete(name);
      else next.set(name, value);
    }
    setSearch(next.size === 0 ? "" : `?${next}`, "push");
  };
  const reading = useRead("lineage", readLineage, LINEAGE_EVERY_MS);
  return (
    <>
      <div class="page-head">
        <PageTitle title="Lineage" />
        <MeshTabs at="lineage" />
      </div>
      <div class="toolbar">
        <fieldset class="segments">
          <legend class="visually-hidden">Show as</legend>
          {(["graph", "table"] as const).map((one) => (
            <label key={one} class="segment">
              <input
                type="radio"
                name="lineage-view"
                checked={view === one}
                onChange={() => change({ view: one })}
              />
              <span>{one === "graph" ? "Graph" : "Table"}</span>
            </label>
          ))}
        </fieldset>
        {centre !== undefined && (
          <button
            type="button"
            class="button button-on"
            aria-label={`Around ${centre}: show everything`}
            onClick={() => change({ around: undefined })}
          >
            <span class="clip">Around {centre}</span> <Cross />
          </button>
        )}
      </div>
      <Read reading={reading}>
        {(lineage) => (
          <Shown
            lineage={lineage}
            centre={centre}
            selected={selected}
            view={view}
            onSelect={(product) => change({ product })}
            onAround={(product) => change({ around: product, product: undefined })}
          />
        )}
      </Read>
    </>
  );
}

function Shown({
  lineage,
  centre,
  selected,
  view,
  onSelect,
  onAround,
}: {
  lineage: ReadLineage;
  centre: string | undefined;
  selected: string | undefined;
  view: View;
  onSelect: (product: string | undefined) => void;
  onAround: (product: string) => void;
}) {
  const { graph, products, cut } = lineage;
  const edges: readonly LineageEdge[] = useMemo(
    () => (centre === undefined ? graph.edges : around(graph, centre)),
    [graph, centre],
  );
  const names = productsOf(edges, centre);
  const felt = selected === undefined ? [] : downstreamOf(graph, selected);
  if (names.length === 0)
    return (
      <section class="card" aria-label="Lineage">
        <p class="empty-line">
          No product is made of another yet: lineage comes from the input ports of products, or is registered.
        </p>
      </section>
    );
  return (
    <>
      {cut && (
        <p class="notice" role="status">
          There is more lineage than can be shown: look at what is around one product.
        </p>
      )}
      <div class="lineage">
        <section class="card lineage-main" aria-label={view === "graph" ? "Graph" : "Table"}>
          {view === "table" ? (
            <StepsTable edges={edges} selected={selected} onSelect={onSelect} />
          ) : names.length > MOST_DRAWN ? (
            <p class="empty-line">
              {names.length} products are too many for one picture. Choose one in the table, and look around
              it.
            </p>
          ) : (
            <LineageGraphView
              nodes={drawnNodes(names, products)}
              edges={drawnEdges(edges)}
              emphasis={{ selected, downstream: felt.map(({ product }) => product) }}
              onSelect={onSelect}
              label={`${names.length} products and ${edges.length} steps between them. Arrow keys move it, + and − zoom, Home shows all.`}
            />
          )}
        </section>
        <Downstream
          selected={selected}
          felt={felt}
          names={names}
          products={products}
          onSelect={onSelect}
          {...(selected === undefined || selected === centre ? {} : { onAround: () => onAround(selected) })}
        />
      </div>
    </>
  );
}
