import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { mesh } from "../../mesh/api.js";
import {
  asksForUnclaimed,
  type CatalogueQuery,
  catalogueSearch,
  readCatalogueQuery,
  toParams,
  UNCLAIMED_STREAMS,
} from "../../mesh/catalogue-query.js";
import type { ComplianceState, Product } from "../../mesh/types.js";
import { search, setSearch } from "../../router.js";
import { Search } from "../../view/icons.js";
import { MeshTabs } from "../../view/mesh-tabs.js";
import { MoreRow, useFurther } from "../../view/more.js";
import { PageTitle } from "../../view/page-title.js";
import { Read } from "../../view/read.js";
import { useRead } from "../../view/use-read.js";
import { CatalogueFacets } from "./catalogue-facets.js";
import { Conflicts } from "./conflicts.js";
import { ProductRow } from "./product-row.js";

const PAGE = 50;
const whole = new Intl.NumberFormat();

/** All data products that may be seen, by words and by facets. */
export function CataloguePage() {
  const query = readCatalogueQuery(search.value);
  const change = (change: CatalogueQuery): void =>
    setSearch(catalogueSearch({ ...query, ...change }), "replace");
  return (
    <>
      <div class="page-head">
        <PageTitle title="Data products" />
        <MeshTabs at="catalogue" />
      </div>
      <search class="toolbar">
        <SearchField words={query.q ?? ""} onWords={(q) => change({ q })} />
        <nav class="tabs" aria-label="What to list">
          <a href="/mesh" aria-current={asksForUnclaimed(query) ? undefined : "page"}>
            Products
          </a>
          <a
            href={`/mesh${catalogueSearch(UNCLAIMED_STREAMS)}`}
            aria-current={asksForUnclaimed(query) ? "page" : undefined}
          >
            Unclaimed streams
          </a>
        </nav>
      </search>
      <Conflicts />
      <div class="catalogue">
        <CatalogueFacets query={query} onChange={change} />
        <Found query={query} />
      </div>
    </>
  );
}

/** Typing rests for so long before it is searched. */
const REST_MS = 200; // ms

function SearchField({ words, onWords }: { words: string; onWords: (words: string) => void }) {
  const typed = useSignal(words);
  // The address changed by a link or by "back".
  useEffect(() => {
    if (typed.peek().trim() !== words) typed.value = words;
  }, [words, typed]);
  const text = typed.value;
  useEffect(() => {
    if (text.trim() === words) return;
    const timer = setTimeout(() => onWords(text.trim()), REST_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <label class="search">
      <Search />
      <span class="visually-hidden">Search data products</span>
      <input
        id="search"
        type="search"
        placeholder="Search names, fields, tags, owners"
        maxLength={200}
        value={text}
        onInput={(event) => {
          typed.value = event.currentTarget.value;
        }}
      />
    </label>
  );
}

function Found({ query }: { query: CatalogueQuery }) {
  const params = toParams(query);
  params.set("limit", String(PAGE));
  const key = params.toString();
  const reading = useRead(key, (signal) => mesh.products(params, signal));
  const narrowed = complianceParams(query);
  const compliance = useRead(`compliance ${narrowed}`, async (signal) => {
    const { items } = await mesh.compliances(narrowed, signal);
    return new Map(items.map((report) => [report.product, report.state]));
  });
  return (
    <section class="card" aria-label="Data products">
      <Read reading={reading}>
        {({ items, total, next }) => (
          <>
            <p class="quiet catalogue-count" role="status" data-total={total}>
              {total === 0
                ? noneText(query)
                : countText(total, asksForUnclaimed(query) ? "stream" : "product")}
            </p>
            {total === 0 && !isNarrowed(query) && (
              <a class="button" href={`/mesh${catalogueSearch(UNCLAIMED_STREAMS)}`}>
                Unclaimed streams
              </a>
            )}
            <ul class="products">
              {items.map((product) => (
                <ProductRow
                  key={product.id}
                  product={product}
                  compliance={compliance.data?.get(product.id)}
                  onClaimed={reading.reload}
                />
              ))}
            </ul>
            {next !== undefined && <More key={key} next={next} compliance={compliance.data} />}
          </>
        )}
      </Read>
    </section>
  );
}

/** As far as compliance is listed by the same: of many products those are told that are looked for. */
function complianceParams({ domain, owner, status }: CatalogueQuery): URLSearchParams {
  const params = toParams({ domain, owner, status });
  params.set("limit", "1000");
  return params;
}

function countText(count: number, what: string): string {
  return `${whole.format(count)} ${what}${count === 1 ? "" : "s"}`;
}

function noneText(query: CatalogueQuery): string {
  if (asksForUnclaimed(query)) return "Every stream that was seen has an owner.";
  return isNarrowed(query)
    ? "No data product fits the search."
    : "There is no data product yet. What the sensors send is there to be claimed:";
}

function isNarrowed(query: CatalogueQuery): boolean {
  return Object.values(query).some((value) => value !== undefined);
}

/** The pages after the first, on request. */
function More({
  next,
  compliance,
}: {
  next: string;
  compliance: ReadonlyMap<string, ComplianceState> | undefined;
}) {
  const further = useFurther(next, (address) => mesh.more<Product>(address));
  return (
    <>
      <ul class="products">
        {further.items.map((product) => (
          <ProductRow
            key={product.id}
            product={product}
            compliance={compliance?.get(product.id)}
            onClaimed={async () => further.drop(({ id }) => id === product.id)}
          />
        ))}
      </ul>
      {further.more !== undefined && (
        <MoreRow label="More products" action={further.action} more={further.more} />
      )}
    </>
  );
}
