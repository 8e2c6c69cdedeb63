import type { LossEntry } from "@fieldmesh/protocol";
import type { Signal } from "@preact/signals";
import { lossText, lossTimeText, lossTone } from "../model/losses.js";
import { seconds } from "../server-clock.js";
import type { TimeAxis } from "../time-axis.js";

/** As many as one can take in below a chart. */
const MOST_LISTED = 6;
/** Room left and right of an outage that is looked at closely, as a share of its length. */
const AROUND = 1.5;
const LEAST_AROUND_MS = 30_000; // ms

interface Props {
  losses: readonly LossEntry[];
  axis: TimeAxis;
  named: Signal<LossEntry | undefined>;
}

/** The outages of the time shown, the newest first; each marks its stretch in the chart and leads there. */
export function Outages({ losses, axis, named }: Props) {
  if (losses.length === 0) return null;
  const listed = [...losses].reverse().slice(0, MOST_LISTED);
  const now = seconds.value;
  const look = ({ fromAt, toAt }: LossEntry): void => {
    const to = toAt ?? axis.now();
    const room = Math.max(LEAST_AROUND_MS, (to - fromAt) * AROUND);
    axis.show({ from: fromAt - room, to: Math.min(axis.now(), to + room) });
  };
  return (
    <ul class="outages" aria-label="Outages in the time shown">
      {listed.map((loss) => (
        <li key={loss.id}>
          <button
            type="button"
            class={`outage outage-${lossTone(loss)}`}
            data-loss={loss.explanation}
            title="Look at it closely"
            onClick={() => look(loss)}
            onPointerEnter={() => (named.value = loss)}
            onPointerLeave={() => (named.value = undefined)}
            onFocus={() => (named.value = loss)}
            onBlur={() => (named.value = undefined)}
          >
            {lossText(loss)} <span class="quiet">{lossTimeText(loss, now)}</span>
          </button>
        </li>
      ))}
      {losses.length > listed.length && (
        <li class="quiet outages-more">and {losses.length - listed.length} more</li>
      )}
    </ul>
  );
}
