import { useSignal } from "@preact/signals";
import { mesh } from "../../mesh/api.js";
import { governance } from "../../mesh/governance.js";
import type { Policy } from "../../mesh/governance-types.js";
import { domainHref, productHref } from "../../mesh/place.js";
import { SCOPE_KINDS, type ScopeKind, scopeText } from "../../mesh/policy-form.js";
import type { List, Tagged } from "../../mesh/request.js";
import { mayTendDomain } from "../../mesh/rights.js";
import type { Domain } from "../../mesh/types.js";
import { may, session } from "../../state.js";
import { OutcomeText, useAction } from "../../view/action.js";
import { Badge } from "../../view/badge.js";
import { Critical, Info, Plus } from "../../view/icons.js";
import { Read } from "../../view/read.js";
import { type Reading, useRead } from "../../view/use-read.js";
import { PolicyDialog, RemovePolicyDialog } from "./policy-edit.js";

/** What owners of domains may make: the others are for products of every domain. */
const OWNERS_SCOPES: readonly ScopeKind[] = ["domain", "product"];

/** All policies with their rules. */
export function PoliciesCard({
  reading,
  domains,
  onChanged,
}: {
  reading: Reading<List<Policy>>;
  domains: readonly Domain[];
  onChanged: () => Promise<void>;
}) {
  const making = useSignal(false);
  const editing = useSignal<Tagged<Policy> | undefined>(undefined);
  const removing = useSignal<Policy | undefined>(undefined);
  const action = useAction();
  const tended = domains.filter(mayTendDomain).map(({ id }) => id);
  const user = session.value.state === "signed-in" ? session.value.name : "";
  const { data: own } = useRead(`owned by ${user}`, (signal) =>
    mesh.products(new URLSearchParams({ owner: user, limit: "1000" }), signal),
  );
  const owned = own?.items.map(({ id }) => id) ?? [];
  const scopes = may("admin") ? SCOPE_KINDS : OWNERS_SCOPES;
  const edit = (id: string): void =>
    void action.run(async () => {
      editing.value = await governance.policy(id);
      return "";
    });
  return (
    <section class="card" aria-labelledby="policies">
      <div class="card-head">
        <h2 id="policies">Policies</h2>
        {(may("admin") || tended.length + owned.length > 0) && (
          <button type="button" class="button button-small" onClick={() => (making.value = true)}>
            <Plus /> Make a policy
          </button>
        )}
      </div>
      {action.outcome.state === "failed" && <OutcomeText outcome={action.outcome} />}
      <Read reading={reading}>
        {({ items }) =>
          items.length === 0 ? (
            <p class="empty-line">There is no policy yet: products are held to their own promises only.</p>
          ) : (
            <ul class="products">
              {items.map((policy) => (
                <PolicyRow
                  key={policy.id}
                  policy={policy}
                  changes={mayChange(policy, tended, owned)}
                  onEdit={() => edit(policy.id)}
                  onRemove={() => (removing.value = policy)}
                />
              ))}
            </ul>
          )
        }
      </Read>
      {making.value && (
        <PolicyDialog
          scopes={scopes}
          domains={tended}
          onClose={() => (making.value = false)}
          onSaved={onChanged}
        />
      )}
      {editing.value !== undefined && (
        <PolicyDialog
          seen={editing.value}
          scopes={scopes}
          domains={tended}
          onClose={() => (editing.value = undefined)}
          onSaved={onChanged}
        />
      )}
      {removing.value !== undefined && (
        <RemovePolicyDialog
          policy={removing.value}
          onClose={() => (removing.value = undefined)}
          onRemoved={onChanged}
        />
      )}
    </section>
  );
}

/** As the registry decides, which has the last word: of which domain a policy's product is, only it knows here. */
function mayChange({ scope }: Policy, tended: readonly string[], owned: readonly string[]): boolean {
  if (may("admin")) return true;
  if (scope.kind === "domain") return tended.includes(scope.domain);
  return scope.kind === "product" && (owned.includes(scope.product) || tended.length > 0);
}

function PolicyRow({
  policy: { id, name, type, scope, enforcement, rules, description },
  changes,
  onEdit,
  onRemove,
}: {
  policy: Policy;
  changes: boolean;
  onEdit: () => void;
  onRemove: () => void;
}) {
  return (
    <li class="product-row" data-policy-row={id}>
      <div class="product-what">
        <h3 class="product-name break">
          {name} {name !== id && <code class="quiet">{id}</code>}
        </h3>
        <p class="product-badges">
          <Badge tone={enforcement === "mandatory" ? "info" : "quiet"}>
            {enforcement === "mandatory" ? <Critical /> : <Info />} {enforcement}
          </Badge>
          <Badge tone="quiet">{type}</Badge>
        </p>
        {description !== "" && <p class="product-description">{description}</p>}
        <ul class="rule-list" aria-label="Rules">
          {rules.map((rule, i) => (
            <li key={`${i} ${rule}`}>
              <code class="rule-text">{rule}</code>
            </li>
          ))}
        </ul>
        <p class="product-meta quiet">
          <span>
            for{" "}
            {scope.kind === "domain" ? (
              <a href={domainHref(scope.domain)}>{scopeText(scope)}</a>
            ) : scope.kind === "product" ? (
              <a href={productHref(scope.product)}>{scopeText(scope)}</a>
            ) : (
              scopeText(scope)
            )}
          </span>
        </p>
      </div>
      {changes && (
        <div class="product-side button-row">
          <button
            type="button"
            class="button button-small"
            aria-label={`Edit policy ${name}`}
            onClick={onEdit}
          >
            Edit
          </button>
          <button
            type="button"
            class="button button-small button-danger"
            aria-label={`Delete policy ${name}`}
            onClick={onRemove}
          >
            Delete…
          </button>
        </div>
      )}
    </li>
  );
}
