import { LINEAGE_EVERY_MS, readLineage } from "../../mesh/lineage.js";
import { around, downstreamOf, upstreamOf } from "../../mesh/lineage-graph.js";
import { lineageHref, productHref } from "../../mesh/place.js";
import type { Product, Relation } from "../../mesh/types.js";
import { navigate } from "../../router.js";
import { LineageGraphView } from "../../view/lineage-graph.js";
import { Read } from "../../view/read.js";
import { useRead } from "../../view/use-read.js";
import { drawnEdges, drawnNodes, productsOf, StepsTable } from "./lineage-parts.js";
import type { ProductProps } from "./product.js";

/** Steps from the product that are drawn here; the lineage page goes further. On a phone the lists say the same. */
const NEAR = 2;
const MOST_DRAWN = 60;

/** What a product is made of, and what is made of it. */
export function ProductLineage({ product: { id } }: ProductProps) {
  const reading = useRead("lineage", readLineage, LINEAGE_EVERY_MS);
  return (
    <Read reading={reading}>
      {({ graph, products }) => {
        const up = upstreamOf(graph, id);
        const down = downstreamOf(graph, id);
        if (up.length + down.length === 0)
          return (
            <section class="card" aria-label="Lineage">
              <p class="empty-line">It is made of no other product, and no other is made of it.</p>
            </section>
          );
        const near = around(graph, id, NEAR);
        const names = productsOf(near, id);
        return (
          <>
            <section class="card" aria-labelledby="near">
              <div class="card-head">
                <h2 id="near">Around it</h2>
                <a href={lineageHref(id)}>All of it, with impact</a>
              </div>
              {names.length <= MOST_DRAWN && matchMedia("(width >= 720px)").matches && (
                <LineageGraphView
                  movable={false}
                  nodes={drawnNodes(names, products)}
                  edges={drawnEdges(near)}
                  emphasis={{
                    selected: id,
                    downstream: down.map(({ product }) => product),
                    kept: up.map(({ product }) => product),
                  }}
                  onSelect={(chosen) => {
                    if (chosen !== undefined && chosen !== id) navigate(productHref(chosen, "lineage"));
                  }}
                  label={`${names.length} products around ${id}; the tables below have the same.`}
                />
              )}
            </section>
            <div class="columns columns-wide">
              <Relatives
                title="Made of"
                none="It is made of no other product."
                list={up}
                products={products}
              />
              <Relatives
                title="Made of it"
                none="No other product is made of it."
                list={down}
                products={products}
              />
            </div>
            <section class="card" aria-labelledby="steps">
              <h2 id="steps">Steps</h2>
              <StepsTable edges={near} />
            </section>
          </>
        );
      }}
    </Read>
  );
}

function Relatives({
  title,
  none,
  list,
  products,
}: {
  title: string;
  none: string;
  list: readonly Relation[];
  products: ReadonlyMap<string, Product>;
}) {
  return (
    <section class="card" aria-label={title}>
      <h2>{title}</h2>
      {list.length === 0 ? (
        <p class="empty-line">{none}</p>
      ) : (
        <ul class="lineage-list">
          {list.map(({ product, depth }) => (
            <li key={product}>
              <a class="break" href={productHref(product, "lineage")}>
                {product}
              </a>
              <span class="quiet">
                {[products.get(product)?.owner, depth === 1 ? "directly" : `${depth} steps away`]
                  .filter(Boolean)
                  .join(" · ")}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
