import type { SensorView } from "@fieldmesh/protocol";
import { useSignal } from "@preact/signals";
import { timeText } from "../model/times.js";
import { valueText } from "../model/units.js";
import { seconds } from "../server-clock.js";
import { streams } from "../state.js";
import { type Column, Table } from "../view/table.js";

/** Rows of the table: as many as one can take in. */
const ROWS = 20;

/** The chart in figures: for screen readers, and for who wants to read a value exactly. */
export function LatestReadings({ sensor }: { sensor: SensorView }) {
  const open = useSignal(false);
  return (
    <section class="card" aria-labelledby="readings">
      <h2 id="readings">Readings</h2>
      <details onToggle={(event) => (open.value = event.currentTarget.open)}>
        <summary>The newest {ROWS} as a table</summary>
        {open.value && <Newest sensor={sensor} />}
      </details>
    </section>
  );
}

const COLUMNS: readonly Column[] = [
  { label: "Time" },
  { label: "Value", number: true },
  { label: "Number", number: true },
  { label: "Quality" },
];

function Newest({ sensor }: { sensor: SensorView }) {
  const now = seconds.value;
  const { window } = streams.store(sensor.stream);
  const indices = [];
  for (let i = window.t.length - 1; i >= window.head && indices.length < ROWS; i--) indices.push(i);
  return (
    <Table columns={COLUMNS}>
      {indices.map((i) => {
        const flag = window.flags.get(window.n[i] ?? -1);
        return (
          <tr key={window.n[i]}>
            <td>{timeText(window.t[i] ?? 0, now)}</td>
            <td class="number">{valueText(window.v[i] ?? null, sensor, "fine")}</td>
            <td class="number">{window.seq[i]}</td>
            <td>{flag === undefined ? "good" : `${flag.quality}: ${flag.reason}`}</td>
          </tr>
        );
      })}
    </Table>
  );
}
