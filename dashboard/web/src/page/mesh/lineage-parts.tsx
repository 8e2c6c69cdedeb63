import { productHref } from "../../mesh/place.js";
import type { LineageEdge, Product, Relation } from "../../mesh/types.js";
import type { DrawnEdge, DrawnNode } from "../../view/lineage-drawing.js";
import { StatusBadge } from "../../view/mesh-badges.js";
import { Table } from "../../view/table.js";

/** All products of these steps, by name. */
export function productsOf(edges: readonly LineageEdge[], also?: string): string[] {
  const names = new Set(edges.flatMap(({ source, target }) => [source, target]));
  if (also !== undefined) names.add(also);
  return [...names].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

export function drawnNodes(names: readonly string[], products: ReadonlyMap<string, Product>): DrawnNode[] {
  return names.map((id) => {
    const product = products.get(id);
    return { id, owner: product?.owner ?? "", retired: product?.status === "retired" };
  });
}

export function drawnEdges(edges: readonly LineageEdge[]): DrawnEdge[] {
  return edges.map(({ source, target, confidence }) => ({ source, target, confidence }));
}

const percent = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 0 });

/** Each step as a row: the same as the graph, for whoever reads rather than looks. */
export function StepsTable({
  edges,
  selected,
  onSelect,
}: {
  edges: readonly LineageEdge[];
  selected?: string | undefined;
  onSelect?: (product: string) => void;
}) {
  const name = (product: string) =>
    onSelect === undefined ? (
      <a class="break" href={productHref(product)}>
        {product}
      </a>
    ) : (
      <button
        type="button"
        class="link-button break"
        aria-pressed={product === selected}
        onClick={() => onSelect(product)}
      >
        {product}
      </button>
    );
  return (
    <Table
      class="stacked"
      columns={[
        { label: "From" },
        { label: "To" },
        { label: "How" },
        { label: "Kind" },
        { label: "Sure", number: true },
      ]}
    >
      {edges.map(({ source, target, transformation, type, confidence }) => (
        <tr key={`${source} ${target}`} data-step={`${source} ${target}`}>
          <th scope="row">{name(source)}</th>
          <td data-label="To">{name(target)}</td>
          <td data-label="How" class="wide-cell">
            {transformation || <span class="quiet">–</span>}
          </td>
          <td data-label="Kind">{type}</td>
          <td data-label="Sure" class="number">
            {percent.format(confidence)}
          </td>
        </tr>
      ))}
    </Table>
  );
}

/** What feels the trouble of the product chosen, with who answers for it; without one, all to choose from. */
export function Downstream({
  selected,
  felt,
  names,
  products,
  onSelect,
  onAround,
}: {
  selected: string | undefined;
  felt: readonly Relation[];
  names: readonly string[];
  products: ReadonlyMap<string, Product>;
  onSelect: (product: string | undefined) => void;
  onAround?: () => void;
}) {
  if (selected === undefined)
    return (
      <section class="card lineage-side" aria-labelledby="choose">
        <h2 id="choose">Impact</h2>
        <p class="quiet">Choose a product: what is made of it is highlighted, with its owners.</p>
        <ul class="lineage-list">
          {names.map((product) => (
            <li key={product}>
              <button type="button" class="link-button break" onClick={() => onSelect(product)}>
                {product}
              </button>
            </li>
          ))}
        </ul>
      </section>
    );
  return (
    <section class="card lineage-side" aria-labelledby="impact" data-impact={selected}>
      <h2 id="impact" class="break">
        Impact of <a href={productHref(selected)}>{selected}</a>
      </h2>
      <p role="status">
        {felt.length === 0
          ? "Nothing is made of it."
          : `${felt.length} ${felt.length === 1 ? "product feels" : "products feel"} its trouble.`}
      </p>
      <ul class="lineage-list">
        {felt.map(({ product, depth }) => {
          const told = products.get(product);
          return (
            <li key={product} data-felt={product}>
              <a class="break" href={productHref(product)}>
                {product}
              </a>
              <span class="quiet">
                {told === undefined ? "" : `${told.owner}, ${told.domain} · `}
                {depth === 1 ? "directly" : `${depth} steps away`}
              </span>
              {told !== undefined && told.status !== "active" && <StatusBadge status={told.status} />}
            </li>
          );
        })}
      </ul>
      <div class="button-row">
        {onAround !== undefined && (
          <button type="button" class="button button-small" onClick={onAround}>
            Only what is around it
          </button>
        )}
        <button type="button" class="button button-small button-plain" onClick={() => onSelect(undefined)}>
          Choose another
        </button>
      </div>
    </section>
  );
}
