import type { HistoryGaps, LossEntry, QualityReport } from "@fieldmesh/protocol";
import { useSignal } from "@preact/signals";
import { measured } from "../history/measured.js";
import { effectText } from "../model/ledger-effect.js";
import { ledgerText, whenText } from "../model/ledger-words.js";
import { lossTone } from "../model/losses.js";
import { durationText, fullTime } from "../model/times.js";
import { seconds } from "../server-clock.js";
import type { TimeAxis } from "../time-axis.js";
import { useAction } from "../view/action.js";
import { Check } from "../view/icons.js";
import { MoreRow } from "../view/more.js";

/** As many as one takes in at a glance; each press on "Earlier" shows as many more again. */
const SHOWN = 6;
/** Room left and right of a gap that is looked at closely, as a share of its length. */
const AROUND = 1.5;
const LEAST_AROUND_MS = 30_000; // ms

const whole = new Intl.NumberFormat();

interface Props {
  stream: string;
  /** The newest page, which grows and changes. */
  gaps: HistoryGaps;
  report: QualityReport | undefined;
  axis: TimeAxis;
}

/** What did not come when it should, why, what became of it and what that cost: the newest first, in words. */
export function StreamLedger({ stream, gaps, report, axis }: Props) {
  const older = useSignal<{ entries: LossEntry[]; next: string | undefined } | undefined>(undefined);
  const shown = useSignal(SHOWN);
  const action = useAction();
  const entries = merged(gaps.entries, older.value?.entries ?? []);
  const next = older.value === undefined ? gaps.next : older.value.next;
  const look = ({ fromAt, toAt }: LossEntry): void => {
    const to = toAt ?? axis.now();
    const room = Math.max(LEAST_AROUND_MS, (to - fromAt) * AROUND);
    axis.show({ from: fromAt - room, to: Math.min(axis.now(), to + room) });
    document.querySelector("canvas")?.scrollIntoView({ block: "center" });
  };
  const earlier = async (): Promise<string> => {
    if (next !== undefined && entries.length < shown.peek() + SHOWN) {
      const page = await measured.ledger(stream, next);
      older.value = { entries: [...(older.peek()?.entries ?? []), ...page.entries], next: page.next };
    }
    shown.value += SHOWN;
    return "";
  };
  return (
    <>
      <Sums account={gaps.account} />
      {entries.length === 0 ? (
        <p class="empty-line">
          <Check /> Nothing is missing and nothing was late.
        </p>
      ) : (
        <ul class="ledger">
          {entries.slice(0, shown.value).map((entry) => (
            <Entry key={entry.id} entry={entry} report={report} look={look} />
          ))}
        </ul>
      )}
      {(next !== undefined || entries.length > shown.value) && (
        <MoreRow label="Earlier" action={action} more={earlier} />
      )}
    </>
  );
}

function Entry({
  entry,
  report,
  look,
}: Pick<Props, "report"> & { entry: LossEntry; look: (entry: LossEntry) => void }) {
  const now = seconds.value;
  const { fromAt, toAt, explanation } = entry;
  const effect = report === undefined ? undefined : effectText(entry, report, now);
  const length = toAt === null ? now - fromAt : toAt - fromAt;
  return (
    <li class={`ledger-entry ledger-${lossTone(entry)}`} data-entry={explanation}>
      <p>
        <time
          class="ledger-when"
          dateTime={new Date(fromAt).toISOString()}
          title={`${fullTime(fromAt)}${length < 1_000 ? "" : `, ${durationText(length)}`}`}
        >
          {whenText(entry, now)}
        </time>
        {": "}
        {ledgerText(entry, now)}
      </p>
      <p class="ledger-effect quiet">
        {effect !== undefined && <span data-effect>{effect.charAt(0).toUpperCase() + effect.slice(1)}</span>}
        <button
          type="button"
          class="link-button"
          aria-label={`Show in the chart: ${whenText(entry, now)}`}
          onClick={() => look(entry)}
        >
          Show in the chart
        </button>
      </p>
    </li>
  );
}

/** The identity of the present boot in a sentence. */
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
    [held, "waiting at the node"],
    [dropped, "lost for good"],
    [unknown, "missing"],
  ];
  return (
    <p data-sums>
      Of <strong class="tabular">{whole.format(lastSeq - countedFrom + 1)}</strong> readings since the node's
      last start:{" "}
      {terms
        .filter(([count], i) => count > 0 || i === 0)
        .map(([count, word]) => `${whole.format(count)} ${word}`)
        .join(", ")}
      .
    </p>
  );
}

function merged(newest: readonly LossEntry[], older: readonly LossEntry[]): LossEntry[] {
  const ids = new Set(newest.map(({ id }) => id));
  return [...newest, ...older.filter(({ id }) => !ids.has(id))];
}
