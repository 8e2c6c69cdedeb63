import { useSignal } from "@preact/signals";
import { fieldChanges } from "../../mesh/schema-difference.js";
import type { Version } from "../../mesh/types.js";
import { Badge } from "../../view/badge.js";
import { SelectField } from "../../view/form.js";
import { Check, Minus, Plus, Warning } from "../../view/icons.js";
import { Table } from "../../view/table.js";

/** What was added, removed and changed between two versions. */
export function Differences({ versions }: { versions: readonly Version[] }) {
  const numbers = versions.map(({ version }) => version);
  // Until somebody chooses: the newest against the one before it, also when another one is published.
  const chosen = useSignal<{ from?: string; to?: string }>({});
  const { from = numbers[1] ?? "", to = numbers[0] ?? "" } = chosen.value;
  const before = versions.find(({ version }) => version === from);
  const after = versions.find(({ version }) => version === to);
  const choose = (change: { from?: string; to?: string }): void => {
    chosen.value = { ...chosen.peek(), ...change };
  };
  const changes =
    before === undefined || after === undefined ? [] : fieldChanges(before.schema, after.schema);
  return (
    <section class="card" aria-labelledby="differences">
      <h2 id="differences">Differences</h2>
      <div class="difference-choice">
        <SelectField
          label="From"
          value={from}
          values={numbers}
          onValue={(value) => choose({ from: value })}
        />
        <SelectField label="To" value={to} values={numbers} onValue={(value) => choose({ to: value })} />
        <MajorBadge from={from} to={to} />
      </div>
      {changes.length === 0 ? (
        <p class="empty-line">No field differs.</p>
      ) : (
        <Table class="stacked" columns={[{ label: "Field" }, { label: "Change" }, { label: "What" }]}>
          {changes.map(({ path, kind, what }) => (
            <tr key={path} data-change={kind}>
              <th scope="row">
                <code>{path}</code>
              </th>
              <td data-label="Change">
                <ChangeBadge kind={kind} />
              </td>
              <td data-label="What" class="wide-cell">
                {what.join("; ")}
              </td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}

function ChangeBadge({ kind }: { kind: "added" | "removed" | "changed" }) {
  if (kind === "added")
    return (
      <Badge tone="ok">
        <Plus /> Added
      </Badge>
    );
  if (kind === "removed")
    return (
      <Badge tone="critical">
        <Minus /> Removed
      </Badge>
    );
  return <Badge tone="info">Changed</Badge>;
}

/** What breaks readers is published only as a new major version: the registry has seen to that. */
function MajorBadge({ from, to }: { from: string; to: string }) {
  if (from === to) return null;
  return from.split(".")[0] === to.split(".")[0] ? (
    <Badge tone="ok">
      <Check /> Same major version: compatible as promised
    </Badge>
  ) : (
    <Badge tone="warning">
      <Warning /> Another major version: readers may break
    </Badge>
  );
}
