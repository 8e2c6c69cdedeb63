import type { NodeView, SensorView } from "@fieldmesh/protocol";
import { useSignal } from "@preact/signals";
import { api } from "../api.js";
import { sensorTitle, standingOf } from "../model/catalogue.js";
import { durationText } from "../model/times.js";
import { valueText } from "../model/units.js";
import { streamHref } from "../router.js";
import { may, streams, worst } from "../state.js";
import { ActionButton, OutcomeText, useAction } from "../view/action.js";
import { StandingBadge } from "../view/badge.js";
import { Dialog } from "../view/dialog.js";
import { type Column, Table } from "../view/table.js";

const COLUMNS: readonly Column[] = [
  { label: "Sensor" },
  { label: "State" },
  { label: "Value", number: true },
  { label: "Interval", number: true },
  { label: "Driver" },
  { label: "Readings", number: true },
  { label: "Dropped", number: true },
  { label: "Held", number: true },
  { label: "Unknown", number: true },
  { label: "Restarts", number: true },
];

/** All sensors of a node in one table, with what became of their readings. */
export function NodeSensors({ node }: { node: NodeView }) {
  return (
    <section class="card" aria-labelledby="sensors">
      <h2 id="sensors">Sensors</h2>
      <Table columns={may("admin") ? [...COLUMNS, { label: "Remove", unlabelled: true }] : COLUMNS}>
        {node.sensors.map((sensor) => (
          <SensorRow key={sensor.id} node={node} sensor={sensor} />
        ))}
      </Table>
    </section>
  );
}

const whole = new Intl.NumberFormat();

function SensorRow({ node, sensor }: { node: NodeView; sensor: SensorView }) {
  const alarm = worst.value.get(sensor.stream);
  const { account } = sensor;
  const v = streams.store(sensor.stream).latest.value?.v ?? sensor.latest?.v;
  const count = (n: number | undefined) => (n === undefined ? "–" : whole.format(n));
  return (
    <tr>
      <th scope="row">
        <a href={streamHref(sensor.stream)}>{sensorTitle(sensor)}</a>
      </th>
      <td>
        <StandingBadge
          standing={standingOf(node, sensor, alarm !== undefined)}
          severity={alarm?.event.severity}
        />
        {sensor.reason !== undefined && <span class="quiet"> {sensor.reason}</span>}
      </td>
      <td class="number">{v === undefined ? "–" : valueText(v, sensor)}</td>
      <td class="number">{sensor.intervalMs > 0 ? durationText(sensor.intervalMs) : "–"}</td>
      <td>{sensor.driver}</td>
      <td class="number">{count(account?.lastSeq)}</td>
      <td class="number">{count(account?.dropped)}</td>
      <td class="number">{count(account?.held)}</td>
      <td class="number">{count(account?.unknown)}</td>
      <td class="number">{count(sensor.restarts ?? 0)}</td>
      {may("admin") && (
        <td>
          <RemoveSensor node={node} sensor={sensor} />
        </td>
      )}
    </tr>
  );
}

function RemoveSensor({ node, sensor }: { node: NodeView; sensor: SensorView }) {
  const open = useSignal(false);
  const action = useAction();
  return (
    <>
      <button
        type="button"
        class="button button-plain button-small"
        aria-label={`Remove ${sensorTitle(sensor)}`}
        onClick={() => (open.value = true)}
      >
        Remove
      </button>
      {open.value && (
        <Dialog title={`Remove ${sensorTitle(sensor)}?`} onClose={() => (open.value = false)}>
          <div class="stack">
            <p>
              Its window, alarms and retained messages are removed. If the node still has this sensor, it
              comes back with the next reading.
            </p>
            <OutcomeText outcome={action.outcome} />
            <div class="button-row">
              <ActionButton
                action={action}
                class="button-danger"
                work={async () => {
                  await api.removeSensor(node.domain, node.node, sensor.id);
                  open.value = false;
                  return "Removed.";
                }}
              >
                Remove sensor
              </ActionButton>
              <button type="button" class="button button-plain" onClick={() => (open.value = false)}>
                Keep
              </button>
            </div>
          </div>
        </Dialog>
      )}
    </>
  );
}
