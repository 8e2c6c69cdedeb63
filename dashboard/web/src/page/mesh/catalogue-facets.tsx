import { useSignal } from "@preact/signals";
import { mesh } from "../../mesh/api.js";
import { type CatalogueQuery, toParams } from "../../mesh/catalogue-query.js";
import { FACETS, type FacetName, type Facets } from "../../mesh/types.js";
import { Cross } from "../../view/icons.js";
import { useRead } from "../../view/use-read.js";

const TITLE: Record<FacetName, string> = {
  domain: "Domain",
  tag: "Tag",
  owner: "Owner",
  status: "Status",
  visibility: "Visibility",
};
/** Values shown at first: the most frequent ones. */
const FEW = 6;
const whole = new Intl.NumberFormat();

interface Props {
  query: CatalogueQuery;
  onChange: (change: CatalogueQuery) => void;
}

/** What the products found are like, with their counts; each value narrows the search. */
export function CatalogueFacets({ query, onChange }: Props) {
  const params = toParams(query);
  const { data } = useRead(`facets ${params}`, (signal) => mesh.facets(params, signal));
  const chosen = FACETS.filter((name) => query[name] !== undefined);
  return (
    <aside class="facets" aria-label="Narrow the search">
      {chosen.length > 0 && (
        <ul class="chosen" aria-label="Chosen">
          {chosen.map((name) => (
            <li key={name}>
              <button
                type="button"
                class="button button-small button-on"
                aria-label={`${TITLE[name]} ${query[name]}: take away`}
                onClick={() => onChange({ [name]: undefined })}
              >
                {query[name]} <Cross />
              </button>
            </li>
          ))}
        </ul>
      )}
      {data !== undefined && (
        <details class="facet-fold" open={matchMedia("(width >= 720px)").matches}>
          <summary class="button narrow-facets">Filters</summary>
          {FACETS.map((name) => (
            <Facet key={name} name={name} counts={data} chosen={query[name]} onChange={onChange} />
          ))}
        </details>
      )}
    </aside>
  );
}

function Facet({
  name,
  counts,
  chosen,
  onChange,
}: {
  name: FacetName;
  counts: Facets;
  /** Its others are counted as if it was not. */
  chosen: string | undefined;
  onChange: Props["onChange"];
}) {
  const all = useSignal(false);
  const values = Object.entries(counts[name] ?? {}).sort(
    ([a, more], [b, most]) => most - more || a.localeCompare(b),
  );
  if (values.length === 0) return null;
  const shown = all.value ? values : values.slice(0, FEW);
  return (
    <fieldset class="facet" data-facet={name}>
      <legend>{TITLE[name]}</legend>
      {shown.map(([value, count]) => (
        <button
          key={value}
          type="button"
          class="facet-value"
          aria-pressed={value === chosen}
          onClick={() => onChange({ [name]: value === chosen ? undefined : value })}
        >
          <span class="clip">{value}</span> <span class="counter">{whole.format(count)}</span>
        </button>
      ))}
      {values.length > FEW && (
        <button
          type="button"
          class="link-button facet-more"
          aria-expanded={all.value}
          onClick={() => (all.value = !all.value)}
        >
          {all.value ? "Fewer" : `${values.length - FEW} more`}
        </button>
      )}
    </fieldset>
  );
}
