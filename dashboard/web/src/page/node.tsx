import type { NodeView, SensorView } from "@fieldmesh/protocol";
import { useSignal } from "@preact/signals";
import { api } from "../api.js";
import { canSimulate, nodeTitle, sensorTitle, standingOf } from "../model/catalogue.js";
import { agoText, durationText, elapsedText, fullTime } from "../model/times.js";
import { showValue, valueText } from "../model/units.js";
import { navigate, streamHref } from "../router.js";
import { seconds } from "../server-clock.js";
import { may, nodes, streams, worst } from "../state.js";
import { ActionButton, OutcomeText, useAction } from "../view/action.js";
import { PresenceBadge, StandingBadge } from "../view/badge.js";
import { Dialog } from "../view/dialog.js";
import { Fact } from "../view/fact.js";
import { ClockBadge } from "../view/node-card.js";
import { PageTitle } from "../view/page-title.js";
import { Simulate } from "../view/simulate.js";

export function NodePage({ domain, node: name }: { domain: string; node: string }) {
  const node = nodes.value?.get(`${domain}/${name}`);
  if (node === undefined) {
    return (
      <>
        <PageTitle title={name} />
        <div class="empty">
          <p>
            {nodes.value === undefined
              ? "Loading…"
              : `There is no node ${name} in the domain ${domain}. It may have been removed.`}
          </p>
          <a class="button" href="/">
            Overview
          </a>
        </div>
      </>
    );
  }
  return (
    <>
      <div class="page-head">
        <nav class="crumbs" aria-label="Where you are">
          <a href="/">Overview</a>
        </nav>
        <PageTitle title={nodeTitle(node)} />
        <PresenceBadge presence={node.presence} />
        <ClockBadge node={node} />
      </div>
      <div class="columns">
        <About node={node} />
        {may("operator") && canSimulate(node) && (
          <section class="card" aria-labelledby="simulate">
            <h2 id="simulate">Simulate a fault</h2>
            <p class="quiet">The simulated sensors drift out of their limits, and back after a reset.</p>
            <Simulate node={node} />
          </section>
        )}
        {may("operator") && !node.legacy && <ReadAll node={node} />}
      </div>
      <Sensors node={node} />
      {may("admin") && <Remove node={node} />}
    </>
  );
}

function About({ node }: { node: NodeView }) {
  const now = seconds.value;
  const log = node.log === undefined ? undefined : showValue(node.log.bytes, "B");
  return (
    <section class="card" aria-labelledby="about">
      <h2 id="about">About</h2>
      <dl class="facts">
        <Fact term="Domain">{node.domain}</Fact>
        <Fact term="Name">{node.node}</Fact>
        {node.host !== undefined && <Fact term="Host">{node.host}</Fact>}
        {node.version !== undefined && <Fact term="Version">{node.version}</Fact>}
        <Fact term="State">
          {node.presence === "unknown" ? "readings only" : node.presence} for{" "}
          <time title={fullTime(node.since)}>{elapsedText(now - node.since)}</time>
          {node.reason === undefined ? "" : ` (${node.reason})`}
        </Fact>
        {node.startedAt !== undefined && (
          <Fact term="Started">
            <time title={fullTime(node.startedAt)}>{agoText(node.startedAt, now)}</time>, boot {node.boot}
          </Fact>
        )}
        {node.clockOffsetMs !== undefined && (
          <Fact term="Clock">
            {Math.abs(node.clockOffsetMs) < 1
              ? "in step with the server"
              : `${durationText(node.clockOffsetMs)} ${node.clockOffsetMs > 0 ? "ahead of" : "behind"} the server`}
            , taken out of the charts
          </Fact>
        )}
        {log !== undefined && node.log !== undefined && (
          <Fact term="Log on disk">
            {log.value} {log.unit}
            {node.log.oldest !== null && `, back to ${agoText(node.log.oldest, now)}`}
          </Fact>
        )}
        {node.legacy && (
          <Fact term="Kind">Publishes readings only: it has no birth message and no accounting.</Fact>
        )}
      </dl>
    </section>
  );
}

function ReadAll({ node }: { node: NodeView }) {
  const action = useAction();
  return (
    <section class="card" aria-labelledby="commands">
      <h2 id="commands">Commands</h2>
      <p class="quiet">Settings of one sensor are on its own page.</p>
      <div class="button-row">
        <ActionButton
          action={action}
          work={async () => {
            const { sensors } = await api.command(node, "read-now", {});
            return `${sensors.length} ${sensors.length === 1 ? "sensor" : "sensors"} read.`;
          }}
        >
          Read all sensors now
        </ActionButton>
      </div>
      <OutcomeText outcome={action.outcome} />
    </section>
  );
}

function Sensors({ node }: { node: NodeView }) {
  return (
    <section class="card" aria-labelledby="sensors">
      <h2 id="sensors">Sensors</h2>
      <div class="table-place">
        <table class="table">
          <thead>
            <tr>
              <th scope="col">Sensor</th>
              <th scope="col">State</th>
              <th scope="col" class="number">
                Value
              </th>
              <th scope="col" class="number">
                Interval
              </th>
              <th scope="col">Driver</th>
              <th scope="col" class="number">
                Readings
              </th>
              <th scope="col" class="number">
                Dropped
              </th>
              <th scope="col" class="number">
                Held
              </th>
              <th scope="col" class="number">
                Unknown
              </th>
              <th scope="col" class="number">
                Restarts
              </th>
              {may("admin") && (
                <th scope="col">
                  <span class="visually-hidden">Remove</span>
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {node.sensors.map((sensor) => (
              <SensorRow key={sensor.id} node={node} sensor={sensor} />
            ))}
          </tbody>
        </table>
      </div>
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

function Remove({ node }: { node: NodeView }) {
  const open = useSignal(false);
  const action = useAction();
  return (
    <section class="card" aria-labelledby="remove">
      <h2 id="remove">Remove this node</h2>
      <p class="quiet">
        For a node that has been retired: its birth, status, alarms and windows go, from the broker too. A
        node that still runs announces itself again.
      </p>
      <button type="button" class="button button-danger" onClick={() => (open.value = true)}>
        Remove node…
      </button>
      {open.value && (
        <Dialog title={`Remove ${nodeTitle(node)}?`} onClose={() => (open.value = false)}>
          <div class="stack">
            <p>
              {node.presence === "online"
                ? "This node is online. Stop it first, or it comes back at its next connect."
                : `It has been ${node.presence} since ${fullTime(node.since)}.`}
            </p>
            <p>
              {node.sensors.length} {node.sensors.length === 1 ? "sensor" : "sensors"} and their alarms will
              be removed for everyone. This cannot be undone.
            </p>
            <OutcomeText outcome={action.outcome} />
            <div class="button-row">
              <ActionButton
                action={action}
                class="button-danger"
                work={async () => {
                  await api.removeNode(node.domain, node.node);
                  navigate("/");
                  return "Removed.";
                }}
              >
                Remove {node.node}
              </ActionButton>
              <button type="button" class="button button-plain" onClick={() => (open.value = false)}>
                Keep
              </button>
            </div>
          </div>
        </Dialog>
      )}
    </section>
  );
}
