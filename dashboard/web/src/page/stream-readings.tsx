import type { SensorView } from "@fieldmesh/protocol";
import { useSignal } from "@preact/signals";
import { timeText } from "../model/times.js";
import { valueText } from "../model/units.js";
import { seconds } from "../server-clock.js";
import { streams } from "../state.js";

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
        {open.value && <Table sensor={sensor} />}
      </details>
    </section>
  );
}

function Table({ sensor }: { sensor: SensorView }) {
  const now = seconds.value;
  const { window } = streams.store(sensor.stream);
  const indices = [];
  for (let i = window.t.length - 1; i >= window.head && indices.length < ROWS; i--) indices.push(i);
  return (
    <div class="table-place">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col" class="number">
              Value
            </th>
            <th scope="col" class="number">
              Number
            </th>
            <th scope="col">Quality</th>
          </tr>
        </thead>
        <tbody>
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
        </tbody>
      </table>
    </div>
  );
}
