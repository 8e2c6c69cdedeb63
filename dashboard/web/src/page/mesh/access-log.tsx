import { useSignal } from "@preact/signals";
import { mesh } from "../../mesh/api.js";
import type { AccessEntry } from "../../mesh/types.js";
import { fullTime, timeText } from "../../model/times.js";
import { seconds } from "../../server-clock.js";
import { Badge } from "../../view/badge.js";
import { Check, Cross } from "../../view/icons.js";
import { MoreRow, useFurther } from "../../view/more.js";
import { Read } from "../../view/read.js";
import { Table } from "../../view/table.js";
import { useRead } from "../../view/use-read.js";

/** Who did what with a product, and who was refused, the newest first. `changes`: read anew when it is another. */
export function AccessLog({ product, changes }: { product: string; changes: number }) {
  const refusals = useSignal(false);
  const only = refusals.value;
  const key = `log ${product} ${only}`;
  const reading = useRead(`${key} ${changes}`, (signal) => mesh.accessLog(product, only, signal));
  return (
    <section class="card" aria-labelledby="access-log">
      <div class="card-head">
        <h2 id="access-log">Access log</h2>
        <label class="check check-inline">
          <input
            type="checkbox"
            checked={only}
            onChange={(event) => (refusals.value = event.currentTarget.checked)}
          />
          Only refusals
        </label>
      </div>
      <Read reading={reading} missing="This registry keeps no access log.">
        {({ items, next }) =>
          items.length === 0 ? (
            <p class="empty-line">{only ? "Nobody was refused." : "Nothing was done with it yet."}</p>
          ) : (
            <Entries key={key} newest={items} next={next} />
          )
        }
      </Read>
    </section>
  );
}

function Entries({ newest, next }: { newest: readonly AccessEntry[]; next: string | undefined }) {
  const older = useFurther(next, (address) => mesh.more<AccessEntry>(address));
  const now = seconds.value;
  const known = new Set(newest.map(entryKey));
  const entries = [...newest, ...older.items.filter((entry) => !known.has(entryKey(entry)))];
  return (
    <>
      <Table
        class="stacked"
        columns={[
          { label: "When" },
          { label: "Who" },
          { label: "What" },
          { label: "Allowed" },
          { label: "Why" },
        ]}
      >
        {entries.map((entry) => (
          <tr key={entryKey(entry)} data-access={entry.allowed ? "allowed" : "refused"}>
            <th scope="row">
              <time title={fullTime(entry.lastAt)}>{timeText(entry.lastAt, now)}</time>
              {entry.count > 1 && <span class="quiet"> {entry.count} times</span>}
            </th>
            <td data-label="Who">{entry.who}</td>
            <td data-label="What">
              {entry.what} <span class="quiet">at the {entry.via}</span>
            </td>
            <td data-label="Allowed">
              {entry.allowed ? (
                <Badge tone="ok">
                  <Check /> Allowed
                </Badge>
              ) : (
                <Badge tone="critical">
                  <Cross /> Refused
                </Badge>
              )}
            </td>
            <td data-label="Why" class="wide-cell break">
              {entry.reason}
            </td>
          </tr>
        ))}
      </Table>
      {older.more !== undefined && <MoreRow label="Earlier" action={older.action} more={older.more} />}
    </>
  );
}

function entryKey({ who, what, at, via, allowed }: AccessEntry): string {
  return `${at} ${who} ${what} ${via} ${allowed}`;
}
