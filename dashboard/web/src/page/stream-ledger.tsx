import type { HistoryGaps, LossEntry } from "@fieldmesh/protocol";
import { useSignal } from "@preact/signals";
import { measured } from "../history/measured.js";
import { cameText, LOSS_TONE, lossText, lossTimeText } from "../model/losses.js";
import { fullTime } from "../model/times.js";
import { seconds } from "../server-clock.js";
import type { TimeAxis } from "../time-axis.js";
import { OutcomeText, useAction } from "../view/action.js";
import { Check } from "../view/icons.js";
import { usePolled } from "../view/use-polled.js";

const EVERY_MS = 5_000; // ms
/** Room left and right of a gap that is looked at closely, as a share of its length. */
const AROUND = 1.5;
const LEAST_AROUND_MS = 30_000; // ms

const whole = new Intl.NumberFormat();

/** What did not come when it should, why, and what became of it: the newest first, in words. */
export function StreamLedger({ stream, axis }: { stream: string; axis: TimeAxis }) {
  const polled = usePolled(stream, (signal) => measured.ledger(stream, undefined, signal), EVERY_MS);
  const older = useSignal<{ entries: LossEntry[]; next: string | undefined } | undefined>(undefined);
  const action = useAction();
  const { data, problem } = polled.value;
  const entries = merged(data?.entries ?? [], older.value?.entries ?? []);
  const next = older.value === undefined ? data?.next : older.value.next;
  const look = ({ fromAt, toAt }: LossEntry): void => {
    const to = toAt ?? axis.now();
    const room = Math.max(LEAST_AROUND_MS, (to - fromAt) * AROUND);
    axis.show({ from: fromAt - room, to: Math.min(axis.now(), to + room) });
    document.querySelector("canvas")?.scrollIntoView({ block: "center" });
  };
  return (
    <section class="card" aria-labelledby="ledger">
      <h2 id="ledger">Ledger: what did not come on time</h2>
      {data === undefined ? (
        <p class="empty-line">{problem ?? "Loading…"}</p>
      ) : (
        <>
          {problem !== undefined && <p class="quiet">{problem}</p>}
          <Sums account={data.account} />
          {entries.length === 0 ? (
            <p class="empty-line">
              <Check /> Everything came when it should.
            </p>
          ) : (
            <ul class="ledger">
              {entries.map((entry) => (
                <Entry key={entry.id} entry={entry} look={look} />
              ))}
            </ul>
          )}
          {next !== undefined && (
            <div class="button-row">
              <button
                type="button"
                class="button"
                disabled={action.busy}
                onClick={() =>
                  void action.run(async () => {
                    const page = await measured.ledger(stream, next);
                    older.value = {
                      entries: [...(older.peek()?.entries ?? []), ...page.entries],
                      next: page.next,
                    };
                    return "";
                  })
                }
              >
                Earlier
              </button>
              <OutcomeText outcome={action.outcome} />
            </div>
          )}
        </>
      )}
    </section>
  );
}

function Entry({ entry, look }: { entry: LossEntry; look: (entry: LossEntry) => void }) {
  const came = cameText(entry, seconds.value);
  return (
    <li class={`ledger-entry ledger-${LOSS_TONE[entry.explanation]}`} data-entry={entry.explanation}>
      <p>
        {lossText(entry)}
        {came !== undefined && `; ${came}`}
        {entry.open && <span class="quiet"> · may still change</span>}
      </p>
      <p class="ledger-when">
        <time dateTime={new Date(entry.fromAt).toISOString()} title={fullTime(entry.fromAt)}>
          {lossTimeText(entry, seconds.value)}
        </time>{" "}
        <button type="button" class="button button-plain button-small" onClick={() => look(entry)}>
          Show in the chart
        </button>
      </p>
    </li>
  );
}

/** The identity of the present boot in a sentence, and of earlier ones together. */
function Sums({ account }: { account: HistoryGaps["account"] }) {
  const present = account.reduce<HistoryGaps["account"][number] | undefined>(
    (newest, row) => (newest === undefined || row.boot > newest.boot ? row : newest),
    undefined,
  );
  if (present === undefined)
    return <p class="quiet">Its readings are not numbered, so a missing one cannot be seen.</p>;
  const { countedFrom, lastSeq, stored, late, recovered, dropped, held, unknown } = present;
  const terms: [number, string][] = [
    [stored - late - recovered, "on time"],
    [late, "late"],
    [recovered, "sent again"],
    [held, "held by the node"],
    [dropped, "dropped"],
    [unknown, "missing"],
  ];
  return (
    <p data-sums>
      Since the node's last start <strong class="tabular">{whole.format(lastSeq - countedFrom + 1)}</strong>{" "}
      readings were numbered:{" "}
      {terms
        .filter(([count], i) => count > 0 || i === 0)
        .map(([count, word]) => `${whole.format(count)} ${word}`)
        .join(", ")}
      .
    </p>
  );
}

/** The newest page grows and changes; what was fetched behind it is fixed. */
function merged(newest: readonly LossEntry[], older: readonly LossEntry[]): LossEntry[] {
  const ids = new Set(newest.map(({ id }) => id));
  return [...newest, ...older.filter(({ id }) => !ids.has(id))];
}
