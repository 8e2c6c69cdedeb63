import type { NodeView, SensorView } from "@fieldmesh/protocol";
import { useComputed, useSignal } from "@preact/signals";
import { alarmStream, raiseId } from "../model/alarms.js";
import { findStream, isAway, nodeTitle, sensorTitle, standingOf } from "../model/catalogue.js";
import { limitLines } from "../model/rules.js";
import type { Fit } from "../model/scale.js";
import { durationText, timeText } from "../model/times.js";
import { valueText } from "../model/units.js";
import { fit } from "../preferences.js";
import { nodeHref } from "../router.js";
import { seconds } from "../server-clock.js";
import { book, nodes, worst } from "../state.js";
import { StandingBadge } from "../view/badge.js";
import { type Cursor, type Drawn, LiveChart, NOTHING_DRAWN } from "../view/live-chart.js";
import { PageTitle } from "../view/page-title.js";
import { NoDataSince, PresentValue } from "../view/tile.js";
import { AlarmRow } from "./alarms.js";
import { TimeControls } from "./overview.js";
import { Accounting } from "./stream-accounting.js";
import { LatestReadings } from "./stream-readings.js";
import { Rules } from "./stream-rules.js";
import { SensorSettings } from "./stream-settings.js";

export function StreamPage({ stream }: { stream: string }) {
  const placed = useComputed(() => findStream(nodes.value ?? new Map(), stream));
  if (placed.value === undefined) {
    return (
      <>
        <PageTitle title={stream} />
        <div class="empty">
          <p>
            {nodes.value === undefined
              ? "Loading…"
              : `There is no stream ${stream}. It may have been removed.`}
          </p>
          <a class="button" href="/">
            Overview
          </a>
        </div>
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
      </div>
      <Live node={node} sensor={sensor} away={away} />
      <div class="columns columns-wide">
        <div class="stack">
          <Rules node={node} sensor={sensor} />
          <LatestReadings sensor={sensor} />
        </div>
        <SensorSettings node={node} sensor={sensor} />
        <Accounting node={node} sensor={sensor} />
      </div>
      <StreamAlarms stream={stream} />
    </>
  );
}

function Live({ node, sensor, away }: { node: NodeView; sensor: SensorView; away: boolean }) {
  const drawn = useSignal<Drawn>(NOTHING_DRAWN);
  const cursor = useSignal<Cursor | undefined>(undefined);
  const { summary, cutToMs } = drawn.value;
  const figure = (v: number | undefined) =>
    v === undefined || sensor.valueType === "boolean" ? "–" : valueText(v, sensor, "fine");
  return (
    <section class={`card live ${away ? "live-away" : ""}`} aria-label="Readings">
      <div class="live-head">
        <PresentValue sensor={sensor} />
        <dl class="figures">
          <div>
            <dt>Lowest</dt>
            <dd>{figure(summary?.min)}</dd>
          </div>
          <div>
            <dt>Mean</dt>
            <dd>{figure(summary?.mean)}</dd>
          </div>
          <div>
            <dt>Highest</dt>
            <dd>{figure(summary?.max)}</dd>
          </div>
          <div>
            <dt>Readings</dt>
            <dd>{summary?.count ?? 0}</dd>
          </div>
          {summary !== undefined && summary.flagged > 0 && (
            <div>
              <dt>Not good</dt>
              <dd>{summary.flagged}</dd>
            </div>
          )}
        </dl>
        <div class="live-controls">
          {limitLines(sensor.rules).length > 0 && <FitControl />}
          <TimeControls />
        </div>
      </div>
      <div class="chart-place">
        <LiveChart
          node={node}
          sensor={sensor}
          stale={away}
          large
          onDrawn={(now) => {
            drawn.value = now;
          }}
          onCursor={(now) => {
            cursor.value = now;
          }}
        />
        {cursor.value !== undefined && <Tooltip cursor={cursor.value} sensor={sensor} />}
      </div>
      {away && <NoDataSince since={sensor.latest?.t ?? node.since} />}
      {cutToMs !== undefined && (
        <p class="quiet">
          The server keeps a limited count of readings of each stream, which reaches back{" "}
          {durationText(cutToMs)} here.
        </p>
      )}
      <p class="legend">
        <span class="legend-line">reading</span>
        {sensor.rules.length > 0 && <span class="legend-limit">limit</span>}
        <span class="legend-raise">alarm raised</span>
        <span class="legend-clear">alarm cleared</span>
        <span class="legend-bad">bad or uncertain reading</span>
        <span class="legend-gap">a break in the line: readings are missing</span>
      </p>
    </section>
  );
}

const FITS: { value: Fit; label: string }[] = [
  { value: "limits", label: "Up to limits" },
  { value: "data", label: "Close up" },
];

function FitControl() {
  return (
    <fieldset class="segments">
      <legend class="visually-hidden">Vertical axis</legend>
      {FITS.map(({ value, label }) => (
        <label key={value} class="segment">
          <input type="radio" name="fit" checked={fit.value === value} onChange={() => (fit.value = value)} />
          <span>{label}</span>
        </label>
      ))}
    </fieldset>
  );
}

function Tooltip({ cursor, sensor }: { cursor: Cursor; sensor: SensorView }) {
  const { series, index } = cursor;
  const t = series.t[index];
  if (t === undefined) return null;
  const flag = series.flags.get(series.n[index] ?? -1);
  return (
    <div
      class={`tooltip ${cursor.x > cursor.width / 2 ? "tooltip-before" : ""}`}
      role="status"
      style={{ "--x": `${cursor.x}px` }}
    >
      <strong>{valueText(series.v[index] ?? null, sensor, "fine")}</strong>
      <span>{timeText(t, seconds.value)}</span>
      <span class="quiet">reading {series.seq[index]}</span>
      {flag !== undefined && (
        <span>
          {flag.quality}: {flag.reason}
        </span>
      )}
    </div>
  );
}

/** As many of this stream's past alarms as its own page shows. */
const MAX_PAST = 20;

function StreamAlarms({ stream }: { stream: string }) {
  const standing = [...book.value.standing.values()].filter((alarm) => alarmStream(alarm) === stream);
  const ids = new Set(standing.map(raiseId));
  const past = book.value.history
    .filter((alarm) => alarmStream(alarm) === stream && !ids.has(raiseId(alarm)))
    .slice(0, MAX_PAST);
  return (
    <section class="card" aria-labelledby="stream-alarms">
      <h2 id="stream-alarms">Alarms of this sensor</h2>
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
