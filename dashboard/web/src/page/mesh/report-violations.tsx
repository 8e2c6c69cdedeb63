import type { MeshReport } from "../../mesh/governance-types.js";
import { productHref } from "../../mesh/place.js";
import { Check } from "../../view/icons.js";
import { Table } from "../../view/table.js";

/** Shown here; the files have all that the registry lists. */
const SHOWN = 100;

/** Rules that fail. */
export function ReportViolations({ report: { violations, moreViolations } }: { report: MeshReport }) {
  const beyond = violations.length - SHOWN + moreViolations;
  return (
    <section class="card" aria-labelledby="violations">
      <h2 id="violations">Violations</h2>
      {violations.length === 0 ? (
        <p class="empty-line">
          <Check /> No rule fails.
        </p>
      ) : (
        <Table
          class="stacked"
          columns={[
            { label: "Product" },
            { label: "Owner" },
            { label: "Policy" },
            { label: "Rule" },
            { label: "Why" },
          ]}
        >
          {violations.slice(0, SHOWN).map(({ product, version, domain, owner, policy, rule, reason }) => (
            <tr key={`${product} ${policy} ${rule}`} data-violation={product}>
              <th scope="row">
                <a class="break" href={productHref(product, "quality")}>
                  {product}
                </a>{" "}
                {version !== null && <span class="quiet">{version}</span>}
              </th>
              <td data-label="Owner">
                {owner} <span class="quiet">of {domain}</span>
              </td>
              <td data-label="Policy">{policy === "sla" ? "its own promise" : policy}</td>
              <td data-label="Rule">
                <code>{rule}</code>
              </td>
              <td data-label="Why" class="wide-cell">
                {reason}
              </td>
            </tr>
          ))}
        </Table>
      )}
      {beyond > 0 && <p class="quiet">And {beyond} more.</p>}
    </section>
  );
}

const WHY = { weaker: "it asks for less", contrary: "both can never pass" } as const;

/** Policies that a mandatory one of all takes back; nothing where there are none. */
export function ReportConflicts({ report: { conflicts } }: { report: MeshReport }) {
  if (conflicts.length === 0) return null;
  return (
    <section class="card" aria-labelledby="policy-conflicts">
      <h2 id="policy-conflicts">Rules that do not count</h2>
      <p class="quiet">A mandatory policy of all holds in their place.</p>
      <Table
        class="stacked"
        columns={[{ label: "Policy" }, { label: "Rule" }, { label: "What holds" }, { label: "Why" }]}
      >
        {conflicts.slice(0, SHOWN).map(({ policy, rule, mandatory, mandatoryRule, why }) => (
          <tr key={`${policy} ${rule} ${mandatory} ${mandatoryRule}`} data-policy-conflict={policy}>
            <th scope="row">{policy}</th>
            <td data-label="Rule">
              <code>{rule}</code>
            </td>
            <td data-label="What holds">
              <code>{mandatoryRule}</code> <span class="quiet">of {mandatory}</span>
            </td>
            <td data-label="Why">{WHY[why]}</td>
          </tr>
        ))}
      </Table>
    </section>
  );
}
