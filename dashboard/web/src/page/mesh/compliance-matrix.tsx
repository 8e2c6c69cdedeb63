import type { Policy } from "../../mesh/governance-types.js";
import { productHref } from "../../mesh/place.js";
import type { ComplianceSummary } from "../../mesh/types.js";
import { ComplianceBadge, VerdictBadge } from "../../view/mesh-badges.js";
import { Table } from "../../view/table.js";

/** The policy that a product's own promises are. */
const SLA_POLICY = "sla";

/** How each product stands against each policy that is for it; every cell leads to the product's rules. */
export function ComplianceMatrix({
  products,
  policies,
}: {
  products: readonly ComplianceSummary[];
  policies: readonly Policy[];
}) {
  const columns = columnsOf(products, policies);
  return (
    <Table
      class="stacked matrix"
      columns={[
        { label: "Product" },
        { label: "In all" },
        ...columns.map(({ word, advisory }) => ({ label: advisory ? `${word} (advisory)` : word })),
      ]}
    >
      {products.map(({ product, owner, state, reason, policies: judged }) => (
        <tr key={product} data-judged={product} data-state={state}>
          <th scope="row">
            <a class="break" href={productHref(product, "quality")}>
              {product}
            </a>
            <span class="matrix-owner quiet">{owner}</span>
          </th>
          <td data-label="In all" title={reason}>
            <ComplianceBadge state={state} />
          </td>
          {columns.map(({ id, word, advisory }) => {
            const found = judged.find(({ policy }) => policy === id);
            return (
              <td key={id} data-label={word} data-policy={id} data-verdict={found?.state}>
                {found === undefined ? (
                  <span class="quiet nothing">
                    <span aria-hidden="true">–</span>
                    <span class="visually-hidden">not for it</span>
                  </span>
                ) : (
                  <a class="matrix-cell" href={productHref(product, "quality")}>
                    <VerdictBadge verdict={found.state} />
                    {advisory && <span class="matrix-advisory quiet">advisory</span>}
                  </a>
                )}
              </td>
            );
          })}
        </tr>
      ))}
    </Table>
  );
}

interface PolicyColumn {
  id: string;
  word: string;
  advisory: boolean;
}

/** Those that are for one of the products: its own promises first, then mandatory before advisory. */
function columnsOf(products: readonly ComplianceSummary[], policies: readonly Policy[]): PolicyColumn[] {
  const columns = new Map<string, PolicyColumn>();
  for (const { policies: judged } of products) {
    for (const { policy: id, enforcement } of judged) {
      if (columns.has(id)) continue;
      const name = policies.find((policy) => policy.id === id)?.name ?? id;
      columns.set(id, {
        id,
        word: id === SLA_POLICY ? "Own promises" : name,
        advisory: enforcement === "advisory",
      });
    }
  }
  const rank = ({ id, advisory }: PolicyColumn): number => (id === SLA_POLICY ? 0 : advisory ? 2 : 1);
  return [...columns.values()].sort((a, b) => rank(a) - rank(b) || a.word.localeCompare(b.word, "en"));
}
