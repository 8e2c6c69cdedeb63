import type { AlarmView, NodeView, SensorView } from "@fieldmesh/protocol";
import { useComputed, useSignal } from "@preact/signals";
import { memo } from "preact/compat";
import { useRef } from "preact/hooks";
import { isAway, sensorTitle, standingOf } from "../model/catalogue.js";
import { agoText, durationText, timeText } from "../model/times.js";
import { valueParts, valueText } from "../model/units.js";
import { streamHref } from "../router.js";
import { seconds } from "../server-clock.js";
import { streams } from "../state.js";
import { SEVERITY_ICON, StandingBadge } from "./badge.js";
import { type Drawn, LiveChart, NOTHING_DRAWN } from "./live-chart.js";
import { useVisible } from "./visible.js";

interface Props {
  node: NodeView;
  sensor: SensorView;
  alarm: AlarmView | undefined;
}

/** One sensor on the overview. Off screen it is a link and nothing else: two thousand of them cost little. */
export const Tile = memo(function Tile({ node, sensor, alarm }: Props) {
  const item = useRef<HTMLLIElement>(null);
  const visible = useVisible(item);
  const standing = standingOf(node, sensor, alarm !== undefined);
  const tone = alarm === undefined ? standing : `alarm-${alarm.event.severity}`;
  const away = isAway(node, sensor);
  return (
    <li ref={item} class={`tile tile-${tone} ${away ? "tile-away" : ""}`} data-stream={sensor.stream}>
      <div class="tile-head">
        <h3 class="tile-name">
          <a href={streamHref(sensor.stream)}>{sensorTitle(sensor)}</a>
        </h3>
        {visible && (
          <span class="tile-badges">
            {standing === "alarm" && away && <StandingBadge standing="stale" />}
            <StandingBadge standing={standing} severity={alarm?.event.severity} />
          </span>
        )}
      </div>
      {visible && <TileBody node={node} sensor={sensor} alarm={alarm} />}
    </li>
  );
});

function TileBody({ node, sensor, alarm }: Props) {
  const drawn = useSignal<Drawn>(NOTHING_DRAWN);
  const away = isAway(node, sensor);
  return (
    <>
      <PresentValue sensor={sensor} />
      <LiveChart
        node={node}
        sensor={sensor}
        stale={away}
        onDrawn={(now) => {
          drawn.value = now;
        }}
      />
      <TileFoot node={node} sensor={sensor} alarm={alarm} away={away} drawn={drawn.value} />
    </>
  );
}

/** The number that lives: only these two text nodes change with a reading. */
export function PresentValue({ sensor }: { sensor: SensorView }) {
  const store = streams.store(sensor.stream);
  const { type, unit, valueType } = sensor;
  const fallback = sensor.latest;
  const parts = useComputed(() => {
    const latest = store.latest.value;
    const v = latest === undefined || Number.isNaN(latest.v) ? fallback?.v : latest.v;
    const measured = { type, unit, ...(valueType === undefined ? {} : { valueType }) };
    return v === undefined ? undefined : valueParts(v, measured);
  });
  const value = useComputed(() => parts.value?.value ?? "–");
  const label = useComputed(() => parts.value?.unit ?? "");
  return (
    <p class="present">
      <span class="present-value" data-value>
        {value}
      </span>
      <span class="present-unit">{label}</span>
    </p>
  );
}

function TileFoot({ node, sensor, alarm, away, drawn }: Props & { away: boolean; drawn: Drawn }) {
  const latest = streams.store(sensor.stream).latest;
  const flag = useComputed(() => {
    const now = latest.value;
    return now?.quality === undefined
      ? ""
      : `${now.quality === "bad" ? "Bad reading" : "Uncertain"}: ${now.reason ?? ""}`;
  });
  if (alarm !== undefined) {
    const Icon = SEVERITY_ICON[alarm.event.severity];
    return (
      <p class={`tile-foot tile-foot-${alarm.event.severity}`} title={alarm.event.message}>
        <Icon /> <span class="clip">{alarm.event.message}</span>
      </p>
    );
  }
  if (sensor.state !== "ok") {
    return (
      <p class="tile-foot tile-foot-critical" title={sensor.reason}>
        <span class="clip">
          Sensor {sensor.state}
          {sensor.reason === undefined ? "" : `: ${sensor.reason}`}
        </span>
      </p>
    );
  }
  if (away) return <NoDataSince since={sensor.latest?.t ?? node.since} />;
  if (flag.value !== "") {
    return (
      <p class="tile-foot tile-foot-warning" title={flag.value}>
        <span class="clip">{flag}</span>
      </p>
    );
  }
  const { summary, cutToMs } = drawn;
  if (summary === undefined)
    return <p class="tile-foot">{sensor.latest === undefined ? "No reading yet" : ""}</p>;
  const least = valueText(summary.min, sensor);
  const greatest = valueText(summary.max, sensor);
  return (
    <p class="tile-foot">
      {sensor.valueType === "boolean" ? (
        <Changed at={summary.changedAt} />
      ) : (
        <span>{least === greatest ? `steady at ${least}` : `${least} to ${greatest}`}</span>
      )}
      {cutToMs !== undefined && (
        <span title="The server keeps only the newest readings of each stream: their count cut the window first.">
          newest {durationText(cutToMs)}
        </span>
      )}
    </p>
  );
}

function Changed({ at }: { at: number | undefined }) {
  const now = seconds.value;
  return <span>{at === undefined ? "no change in this time" : `since ${timeText(at, now)}`}</span>;
}

export function NoDataSince({ since }: { since: number }) {
  return (
    <p class="tile-foot tile-foot-quiet">
      <span class="clip">
        No data since {timeText(since, seconds.value)} ({agoText(since, seconds.value)})
      </span>
    </p>
  );
}
