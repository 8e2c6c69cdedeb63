import { useSignal } from "@preact/signals";
import { mesh } from "../../mesh/api.js";
import { catalogueSearch } from "../../mesh/catalogue-query.js";
import { mayTendDomain } from "../../mesh/rights.js";
import type { ComplianceState } from "../../mesh/types.js";
import { fullTime } from "../../model/times.js";
import { Fact } from "../../view/fact.js";
import { ComplianceBadge } from "../../view/mesh-badges.js";
import { PageTitle } from "../../view/page-title.js";
import { Read } from "../../view/read.js";
import { useRead } from "../../view/use-read.js";
import { DomainDialog } from "./domain-edit.js";
import { ProductRow } from "./product-row.js";

/** Products of a domain that its page lists; the catalogue has all. */
const MOST = 100;

/** One domain: its people, and its products with how they stand. */
export function DomainPage({ domain }: { domain: string }) {
  const reading = useRead(`domain ${domain}`, (signal) => mesh.domain(domain, signal));
  const editing = useSignal(false);
  const told = reading.data?.value;
  return (
    <>
      <div class="page-head">
        <nav class="crumbs" aria-label="Where you are">
          <a href="/mesh">Data products</a> <span aria-hidden="true">/</span>{" "}
          <a href="/mesh/domains">Domains</a>
        </nav>
        <PageTitle title={told?.name ?? domain} />
        {told !== undefined && mayTendDomain(told) && (
          <button type="button" class="button page-head-end" onClick={() => (editing.value = true)}>
            Edit
          </button>
        )}
      </div>
      <Read reading={reading}>
        {(seen) => (
          <>
            <section class="card" aria-labelledby="about">
              <h2 id="about">About</h2>
              <p class={seen.value.description === "" ? "quiet" : "prose"}>
                {seen.value.description || "Nobody has described it yet."}
              </p>
              <dl class="facts">
                <Fact term="Id">
                  <code>{domain}</code>
                </Fact>
                <Fact term="Owner">{seen.value.owner}</Fact>
                <Fact term="Team">
                  {seen.value.team.length === 0 ? "nobody else" : seen.value.team.join(", ")}
                </Fact>
                <Fact term="Registered">{fullTime(seen.value.createdAt)}</Fact>
              </dl>
            </section>
            {editing.value && (
              <DomainDialog seen={seen} onClose={() => (editing.value = false)} onSaved={reading.reload} />
            )}
          </>
        )}
      </Read>
      {told !== undefined && <Products domain={domain} />}
    </>
  );
}

const STATES: readonly ComplianceState[] = ["fail", "unknown", "pass"];

function Products({ domain }: { domain: string }) {
  const params = new URLSearchParams({ domain, limit: String(MOST) });
  const reading = useRead(`products of ${domain}`, (signal) => mesh.products(params, signal));
  const compliance = useRead(`compliance of ${domain}`, async (signal) => {
    const { items } = await mesh.compliances(new URLSearchParams({ domain, limit: "1000" }), signal);
    return items;
  });
  const states = new Map(compliance.data?.map(({ product, state }) => [product, state]));
  return (
    <section class="card" aria-labelledby="products">
      <div class="card-head">
        <h2 id="products">Products</h2>
        <a href={`/mesh${catalogueSearch({ domain })}`}>In the catalogue</a>
      </div>
      {states.size > 0 && (
        <p class="compliance-counts" data-compliance-counts>
          {STATES.map((state) => {
            const count = [...states.values()].filter((one) => one === state).length;
            return count === 0 ? null : (
              <span key={state}>
                {count} <ComplianceBadge state={state} />
              </span>
            );
          })}
        </p>
      )}
      <Read reading={reading}>
        {({ items, total }) => (
          <>
            {items.length === 0 && <p class="empty-line">It has no products yet.</p>}
            <ul class="products">
              {items.map((product) => (
                <ProductRow
                  key={product.id}
                  product={product}
                  compliance={states.get(product.id)}
                  onClaimed={reading.reload}
                />
              ))}
            </ul>
            {total > items.length && (
              <p class="quiet">
                {total - items.length} more are{" "}
                <a href={`/mesh${catalogueSearch({ domain })}`}>in the catalogue</a>.
              </p>
            )}
          </>
        )}
      </Read>
    </section>
  );
}
