import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { mesh } from "../../mesh/api.js";
import { governance } from "../../mesh/governance.js";
import { type ComplianceState, VERDICTS } from "../../mesh/types.js";
import { search, setSearch } from "../../router.js";
import { MeshTabs } from "../../view/mesh-tabs.js";
import { PageTitle } from "../../view/page-title.js";
import { Read } from "../../view/read.js";
import { useRead } from "../../view/use-read.js";
import { ComplianceMatrix } from "./compliance-matrix.js";
import { PoliciesCard } from "./policies.js";

const STATE_WORD: Record<ComplianceState, string> = {
  pass: "Compliant",
  fail: "Not compliant",
  unknown: "Unknown",
};

/** Products against policies. */
export function GovernancePage() {
  const given = new URLSearchParams(search.value);
  const asked = new URLSearchParams();
  const domain = given.get("domain") ?? "";
  const state = VERDICTS.find((one) => one === given.get("state"));
  if (domain !== "") asked.set("domain", domain);
  if (state !== undefined) asked.set("state", state);
  const change = (name: "domain" | "state", value: string): void => {
    const next = new URLSearchParams(asked);
    if (value === "") next.delete(name);
    else next.set(name, value);
    setSearch(next.size === 0 ? "" : `?${next}`, "replace");
  };
  const policies = useRead("policies", governance.policies);
  const standing = useRead(`standing ${asked}`, (signal) => governance.standing(asked, signal));
  const domains = useRead("domains", mesh.domains);
  const shown = useSignal(ROWS);
  const judged = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(judged.current), []);
  const known = domains.data?.items ?? [];
  return (
    <>
      <div class="page-head">
        <PageTitle title="Governance" />
        <MeshTabs at="governance" />
      </div>
      <search class="toolbar">
        <label class="select">
          <span class="visually-hidden">Domain</span>
          <select value={domain} onChange={(event) => change("domain", event.currentTarget.value)}>
            <option value="">Every domain</option>
            {known.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
            {domain !== "" && !known.some(({ id }) => id === domain) && (
              <option value={domain}>{domain}</option>
            )}
          </select>
        </label>
        <label class="select">
          <span class="visually-hidden">How they stand</span>
          <select value={state ?? ""} onChange={(event) => change("state", event.currentTarget.value)}>
            <option value="">However they stand</option>
            {VERDICTS.map((one) => (
              <option key={one} value={one}>
                {STATE_WORD[one]}
              </option>
            ))}
          </select>
        </label>
      </search>
      <section class="card" aria-labelledby="matrix">
        <h2 id="matrix">Products against policies</h2>
        <Read reading={standing}>
          {({ items, total }) =>
            items.length === 0 ? (
              <p class="empty-line">
                {asked.size === 0 ? "No data product is judged yet." : "No data product fits the filter."}
              </p>
            ) : (
              <>
                <ComplianceMatrix
                  products={items.slice(0, shown.value)}
                  policies={policies.data?.items ?? []}
                />
                {items.length > shown.value && (
                  <button type="button" class="button" onClick={() => (shown.value += ROWS)}>
                    {items.length - shown.value} more products
                  </button>
                )}
                {total > items.length && (
                  <p class="quiet">
                    {total - items.length} products are not listed: choose a domain or how they stand.
                  </p>
                )}
              </>
            )
          }
        </Read>
      </section>
      <PoliciesCard
        reading={policies}
        domains={known}
        onChanged={async () => {
          await Promise.all([policies.reload(), standing.reload()]);
          clearTimeout(judged.current);
          judged.current = setTimeout(() => void standing.reload(), JUDGED_AFTER_MS);
        }}
      />
    </>
  );
}

/** The registry judges by a policy that was changed soon after it has answered. */
const JUDGED_AFTER_MS = 500; // ms

/** Products shown at first, and more at each press. */
const ROWS = 100;
