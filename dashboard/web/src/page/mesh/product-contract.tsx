import { useSignal } from "@preact/signals";
import { mesh } from "../../mesh/api.js";
import { mayTend } from "../../mesh/rights.js";
import { schemaFields } from "../../mesh/schema-fields.js";
import type { AccessPolicy, Version } from "../../mesh/types.js";
import { fullTime } from "../../model/times.js";
import { search, setSearch } from "../../router.js";
import { Read } from "../../view/read.js";
import { Table } from "../../view/table.js";
import { useRead } from "../../view/use-read.js";
import type { ProductProps } from "./product.js";
import { PublishDialog } from "./product-publish.js";
import { Differences } from "./version-differences.js";

/** What a payload of the product looks like, of the newest version and of those before. */
export function ProductContract({ product }: ProductProps) {
  const reading = useRead(`versions ${product.id}`, (signal) => mesh.versions(product.id, signal));
  const domain = useRead(`domain ${product.domain}`, (signal) => mesh.domain(product.domain, signal));
  const publishing = useSignal(false);
  const asked = new URLSearchParams(search.value).get("version");
  return (
    <>
      {mayTend(product, domain.data?.value) && product.status !== "retired" && (
        <div class="toolbar">
          <button type="button" class="button" onClick={() => (publishing.value = true)}>
            Publish a version
          </button>
        </div>
      )}
      <Read reading={reading}>
        {({ items }) => {
          const shown = items.find(({ version }) => version === asked) ?? items[0];
          if (shown === undefined)
            return (
              <section class="card" aria-label="Contract">
                <p class="empty-line">
                  No version is published yet, so nothing is promised of what a payload looks like.
                </p>
              </section>
            );
          return (
            <>
              <Contract version={shown} newest={shown === items[0]} />
              <Versions versions={items} shown={shown.version} />
              {items.length > 1 && <Differences versions={items} />}
            </>
          );
        }}
      </Read>
      {publishing.value && (
        <PublishDialog
          product={product.id}
          newest={reading.data?.items[0]}
          onClose={() => (publishing.value = false)}
          onPublished={reading.reload}
        />
      )}
    </>
  );
}

function Contract({ version, newest }: { version: Version; newest: boolean }) {
  const fields = schemaFields(version.schema);
  const open = version.schema["additionalProperties"] !== false;
  return (
    <section class="card" aria-labelledby="contract">
      <div class="card-head">
        <h2 id="contract">
          Contract {version.version} {!newest && <span class="quiet">not the newest</span>}
        </h2>
        <span class="quiet">
          {version.accessPolicy !== undefined && `${accessText(version.accessPolicy)} · `}
          {open ? "other fields may come with these" : "no other fields"}
        </span>
      </div>
      {fields.length === 0 ? (
        <p>
          The schema names no fields. As it was published:{" "}
          <code class="break">{JSON.stringify(version.schema)}</code>
        </p>
      ) : (
        <Table
          class="contract stacked"
          columns={[
            { label: "Field" },
            { label: "Type" },
            { label: "Unit" },
            { label: "Range" },
            { label: "Required" },
            { label: "Description" },
          ]}
        >
          {fields.map(({ path, type, unit, range, required, description }) => (
            <tr key={path} data-field={path}>
              <th scope="row">
                <code>{path}</code>
              </th>
              <td data-label="Type">{type}</td>
              <td data-label="Unit">{unit || <None />}</td>
              <td data-label="Range" class="wide-cell">
                {range || <None />}
              </td>
              <td data-label="Required">{required ? "required" : <span class="quiet">optional</span>}</td>
              <td data-label="Description" class="wide-cell">
                {description || <None />}
              </td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}

/** Who is named by an access policy, and whether that is enough. */
function accessText({ consumers, roles, domains, autoApprove }: AccessPolicy): string {
  const who = [
    ...consumers,
    ...roles.map((role) => `role ${role}`),
    ...domains.map((domain) => `domain ${domain}`),
  ];
  return `for ${who.join(", ")}${autoApprove ? ", who need not wait" : ""}`;
}

/** Nothing is said; screen readers pass over it. */
function None() {
  return (
    <span class="quiet nothing" aria-hidden="true">
      –
    </span>
  );
}

function Versions({ versions, shown }: { versions: readonly Version[]; shown: string }) {
  return (
    <section class="card" aria-labelledby="versions">
      <h2 id="versions">Versions</h2>
      <Table
        class="stacked"
        columns={[
          { label: "Version" },
          { label: "Published" },
          { label: "By" },
          { label: "Promises" },
          { label: "What is new" },
        ]}
      >
        {versions.map((version) => (
          <tr key={version.version} data-version={version.version}>
            <th scope="row">
              <button
                type="button"
                class="link-button"
                aria-current={version.version === shown ? "true" : undefined}
                onClick={() => setSearch(`?version=${version.version}`, "push")}
              >
                {version.version}
              </button>
            </th>
            <td data-label="Published">
              <time>{fullTime(version.publishedAt)}</time>
            </td>
            <td data-label="By">{version.publishedBy}</td>
            <td data-label="Promises">
              {COMPATIBILITY_WORD[version.compatibility]}
              {version.strict ? ", strictly" : ""}
            </td>
            <td data-label="What is new" class="wide-cell">
              {version.changelog || <None />}
            </td>
          </tr>
        ))}
      </Table>
    </section>
  );
}

const COMPATIBILITY_WORD = {
  BACKWARD: "readers of it read older data",
  FORWARD: "older readers read its data",
  FULL: "both ways",
} as const;
