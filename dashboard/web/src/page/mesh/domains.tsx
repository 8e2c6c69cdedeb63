import { useSignal } from "@preact/signals";
import { mesh } from "../../mesh/api.js";
import { domainHref } from "../../mesh/place.js";
import { navigate } from "../../router.js";
import { may } from "../../state.js";
import { Plus } from "../../view/icons.js";
import { MeshTabs } from "../../view/mesh-tabs.js";
import { PageTitle } from "../../view/page-title.js";
import { Read } from "../../view/read.js";
import { Table } from "../../view/table.js";
import { useRead } from "../../view/use-read.js";
import { DomainDialog } from "./domain-edit.js";

/** All domains: who answers for what. */
export function DomainsPage() {
  const reading = useRead("domains", mesh.domains);
  const counts = useRead("domain counts", async (signal) => {
    const { domain } = await mesh.facets(new URLSearchParams(), signal);
    return domain;
  });
  const registering = useSignal(false);
  return (
    <>
      <div class="page-head">
        <PageTitle title="Domains" />
        <MeshTabs at="domains" />
        {may("operator") && (
          <button type="button" class="button page-head-end" onClick={() => (registering.value = true)}>
            <Plus /> Register a domain
          </button>
        )}
      </div>
      <section class="card" aria-label="Domains">
        <Read reading={reading}>
          {({ items }) =>
            items.length === 0 ? (
              <p class="empty-line">There is no domain yet.</p>
            ) : (
              <Table
                class="stacked"
                columns={[
                  { label: "Domain" },
                  { label: "Owner" },
                  { label: "Team" },
                  ...(counts.data === undefined ? [] : [{ label: "Products", number: true }]),
                  { label: "Description" },
                ]}
              >
                {items.map(({ id, name, owner, team, description }) => (
                  <tr key={id} data-domain={id}>
                    <th scope="row">
                      <a href={domainHref(id)}>{name}</a> {name !== id && <code class="quiet">{id}</code>}
                    </th>
                    <td data-label="Owner">{owner}</td>
                    <td data-label="Team">
                      {team.length === 0 ? <span class="quiet">–</span> : peopleText(team)}
                    </td>
                    {counts.data !== undefined && (
                      <td data-label="Products" class="number">
                        {counts.data[id] ?? 0}
                      </td>
                    )}
                    <td data-label="Description" class="wide-cell">
                      {description || <span class="quiet">–</span>}
                    </td>
                  </tr>
                ))}
              </Table>
            )
          }
        </Read>
      </section>
      {registering.value && (
        <DomainDialog
          onClose={() => (registering.value = false)}
          onSaved={async (id) => {
            await reading.reload();
            navigate(domainHref(id));
          }}
        />
      )}
    </>
  );
}

function peopleText(team: readonly string[]): string {
  return team.length <= 3 ? team.join(", ") : `${team.slice(0, 2).join(", ")} and ${team.length - 2} more`;
}
