import type { NodeView, SensorView } from "@fieldmesh/protocol";
import { useComputed } from "@preact/signals";
import { alarmStream, raiseId } from "../model/alarms.js";
import { findStream, isAway, nodeTitle, sensorTitle, standingOf } from "../model/catalogue.js";
import { eventSearch } from "../model/event-query.js";
import { liveView } from "../model/time-view.js";
import { compareSearch } from "../model/view-address.js";
import { windowMs } from "../preferences.js";
import { nodeHref } from "../router.js";
import { book, hello, nodes, worst } from "../state.js";
import { StandingBadge } from "../view/badge.js";
import { Lines } from "../view/icons.js";
import { PageTitle } from "../view/page-title.js";
import { useTimeAxis } from "../view/use-time-axis.js";
import { AlarmRow } from "./alarms.js";
import { PastStream } from "./past-stream.js";
import { Accounting } from "./stream-accounting.js";
import { StreamChart } from "./stream-chart.js";
import { StreamQuality } from "./stream-quality.js";
import { LatestReadings } from "./stream-readings.js";
import { Rules } from "./stream-rules.js";
import { SensorSettings } from "./stream-settings.js";

export function StreamPage({ stream }: { stream: string }) {
  const axis = useTimeAxis(() => liveView(windowMs.value));
  const placed = useComputed(() => findStream(nodes.value ?? new Map(), stream));
  if (placed.value === undefined) {
    if (nodes.value !== undefined) return <PastStream stream={stream} axis={axis} />;
    return (
      <>
        <PageTitle title={stream} />
        <p class="empty">Loading…</p>
      </>
    );
  }
  const { node, sensor } = placed.value;
  const alarm = worst.value.get(stream);
  const away = isAway(node, sensor);
  return (
    <>
      <div class="page-head" data-stream={stream}>
        <nav class="crumbs" aria-label="Where you are">
          <a href="/">Overview</a> <span aria-hidden="true">/</span>{" "}
          <a href={nodeHref(node)}>{nodeTitle(node)}</a>
        </nav>
        <PageTitle title={sensorTitle(sensor)} />
        <StandingBadge
          standing={standingOf(node, sensor, alarm !== undefined)}
          severity={alarm?.event.severity}
        />
        <a class="button page-head-end" href={`/compare${compareSearch([stream], axis.view.value)}`}>
          <Lines /> Compare
        </a>
      </div>
      <StreamChart node={node} sensor={sensor} away={away} axis={axis} />
      <StreamQuality stream={stream} axis={axis} />
      <div class="columns columns-wide">
        <div class="stack">
          <Rules node={node} sensor={sensor} />
          <LatestReadings sensor={sensor} />
        </div>
        <SensorSettings node={node} sensor={sensor} />
        <Accounting node={node} sensor={sensor} />
      </div>
      <StreamAlarms node={node} sensor={sensor} />
    </>
  );
}

/** As many of this stream's past alarms as its own page shows. */
const MAX_PAST = 20;

function StreamAlarms({ node, sensor }: { node: NodeView; sensor: SensorView }) {
  const { stream } = sensor;
  const standing = [...book.value.standing.values()].filter((alarm) => alarmStream(alarm) === stream);
  const ids = new Set(standing.map(raiseId));
  const past = book.value.history
    .filter((alarm) => alarmStream(alarm) === stream && !ids.has(raiseId(alarm)))
    .slice(0, MAX_PAST);
  return (
    <section class="card" aria-labelledby="stream-alarms">
      <div class="card-head">
        <h2 id="stream-alarms">Alarms of this sensor</h2>
        {hello.value?.history !== false && (
          <a href={`/events${eventSearch({ domain: node.domain, node: node.node, sensor: sensor.id })}`}>
            All its events
          </a>
        )}
      </div>
      {standing.length + past.length === 0 ? (
        <p class="empty-line">No alarm so far.</p>
      ) : (
        <ul class="alarms">
          {standing.map((alarm) => (
            <AlarmRow key={raiseId(alarm)} alarm={alarm} standing />
          ))}
          {past.map((alarm) => (
            <AlarmRow key={`${raiseId(alarm)} ${alarm.event.state}`} alarm={alarm} standing={false} />
          ))}
        </ul>
      )}
    </section>
  );
}
