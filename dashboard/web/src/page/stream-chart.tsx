import type { LossEntry, NodeView, SensorView } from "@fieldmesh/protocol";
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { download, fileName, pictureOf } from "../chart/picture.js";
import { csvHref } from "../history/client.js";
import { nodeTitle, sensorTitle } from "../model/catalogue.js";
import { lossText, lossTimeText } from "../model/losses.js";
import { limitLines } from "../model/rules.js";
import type { Fit } from "../model/scale.js";
import { durationText, fullTime } from "../model/times.js";
import { valueText } from "../model/units.js";
import { fit } from "../preferences.js";
import { seconds } from "../server-clock.js";
import { hello } from "../state.js";
import type { TimeAxis } from "../time-axis.js";
import { ActionButton, OutcomeText, useAction } from "../view/action.js";
import { AxisControls, AxisText } from "../view/axis-controls.js";
import type { Pointed, Shown } from "../view/chart-figures.js";
import { HistorianNote } from "../view/historian-note.js";
import { HistoryChart } from "../view/history-chart.js";
import { Download } from "../view/icons.js";
import { rowText } from "../view/row-text.js";
import { NoDataSince, PresentValue } from "../view/tile.js";
import { Outages } from "./stream-outages.js";

interface Props {
  node: NodeView;
  sensor: SensorView;
  away: boolean;
  axis: TimeAxis;
}

/** The stream's chart, from now back into history, with what it shows in figures. */
export function StreamChart({ node, sensor, away, axis }: Props) {
  const shown = useSignal<Shown | undefined>(undefined);
  const pointed = useSignal<Pointed | undefined>(undefined);
  const named = useSignal<LossEntry | undefined>(undefined);
  const place = useRef<HTMLDivElement>(null);
  const now = shown.value;
  return (
    <section class={`card live ${away ? "live-away" : ""}`} aria-label="Readings">
      <div class="live-head">
        <PresentValue sensor={sensor} />
        <Figures sensor={sensor} shown={now} />
        <div class="live-controls">
          {limitLines(sensor.rules).length > 0 && <FitControl />}
          <Exports node={node} sensor={sensor} axis={axis} place={place} />
        </div>
      </div>
      <AxisControls axis={axis} />
      <div class="chart-head">
        <AxisText axis={axis} />
        <HistorianNote state={now?.historian ?? "here"} streams={[sensor.stream]} />
      </div>
      <div class="chart-place" ref={place}>
        <HistoryChart
          lines={[{ node, sensor }]}
          axis={axis}
          detailed
          named={named}
          onShown={(next) => (shown.value = next)}
          onPointed={(next) => (pointed.value = next)}
        />
        {pointed.value !== undefined && <Tooltip pointed={pointed.value} sensor={sensor} />}
      </div>
      {away && <NoDataSince since={sensor.latest?.t ?? node.since} />}
      {now?.cutToMs !== undefined && hello.value?.history === false && (
        <p class="quiet">
          The server keeps a limited count of readings of each stream, which reaches back{" "}
          {durationText(now.cutToMs)} here.
        </p>
      )}
      <Outages losses={now?.losses ?? []} axis={axis} named={named} />
      <Legend sensor={sensor} shown={now} />
    </section>
  );
}

function Figures({ sensor, shown }: { sensor: SensorView; shown: Shown | undefined }) {
  const summary = shown?.lines[0]?.summary;
  const thinnedMs = shown?.thinnedMs ?? 0;
  const figure = (v: number | undefined) =>
    v === undefined || sensor.valueType === "boolean" ? "–" : valueText(v, sensor, "fine");
  return (
    <dl class="figures">
      <div>
        <dt>Lowest</dt>
        <dd>{figure(summary?.min)}</dd>
      </div>
      <div>
        <dt>{thinnedMs > 0 ? "Mean, about" : "Mean"}</dt>
        <dd>{figure(summary?.mean)}</dd>
      </div>
      <div>
        <dt>Highest</dt>
        <dd>{figure(summary?.max)}</dd>
      </div>
      {thinnedMs > 0 ? (
        <div class="wide-only">
          <dt>Resolution</dt>
          <dd>{durationText(thinnedMs)}</dd>
        </div>
      ) : (
        <div>
          <dt>Readings</dt>
          <dd>{summary?.count ?? 0}</dd>
        </div>
      )}
      {summary !== undefined && summary.flagged > 0 && (
        <div>
          <dt>Not good</dt>
          <dd>{summary.flagged}</dd>
        </div>
      )}
    </dl>
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

interface ExportsProps {
  node: NodeView;
  sensor: SensorView;
  axis: TimeAxis;
  place: { readonly current: HTMLDivElement | null };
}

function Exports({ node, sensor, axis, place }: ExportsProps) {
  const action = useAction();
  // A live view moves: the address is made when it is about to be used.
  const renew = (event: { currentTarget: HTMLAnchorElement }): void => {
    const range = axis.range();
    event.currentTarget.href = csvHref(sensor.stream, range);
    event.currentTarget.download = fileName(sensor.stream, range, "csv");
  };
  return (
    <div class="button-row">
      {hello.value?.history !== false && (
        <a
          class="button"
          href={csvHref(sensor.stream, axis.range())}
          download
          title="Every reading of the time shown, as a CSV file"
          onPointerDown={renew}
          onFocus={renew}
          onClick={renew}
        >
          <Download /> CSV
        </a>
      )}
      <ActionButton
        action={action}
        label="Save the chart as a PNG picture"
        work={async () => {
          const canvas = place.current?.querySelector("canvas");
          if (canvas === null || canvas === undefined) throw new Error("The chart is not there.");
          const range = axis.range();
          const blob = await pictureOf({
            title: `${sensorTitle(sensor)}, ${nodeTitle(node)}`,
            subtitle: `${fullTime(range.from)} – ${fullTime(range.to)} · ${sensor.stream}`,
            charts: [{ canvas, legend: [] }],
          });
          download(blob, fileName(sensor.stream, range, "png"));
          return "";
        }}
      >
        <Download /> PNG
      </ActionButton>
      {action.outcome.state === "failed" && <OutcomeText outcome={action.outcome} />}
    </div>
  );
}

function Tooltip({ pointed, sensor }: { pointed: Pointed; sensor: SensorView }) {
  const [row] = pointed.rows;
  if (row === undefined) return null;
  const now = seconds.value;
  const text = rowText(row, sensor, now);
  return (
    <div
      class={`tooltip ${pointed.x > pointed.width / 2 ? "tooltip-before" : ""}`}
      role="status"
      style={{ "--x": `${pointed.x}px` }}
    >
      <strong>{text.value}</strong>
      {text.spread !== undefined && <span>{text.spread}</span>}
      <span>{text.time}</span>
      {row.seq !== undefined && <span class="quiet">reading {row.seq}</span>}
      {row.flag !== undefined && (
        <span>
          {row.flag.quality}: {row.flag.reason}
        </span>
      )}
      {pointed.marks.map(({ rule, state, severity, t }) => (
        <span key={`${rule} ${state} ${t}`} class={`tooltip-mark tooltip-${severity}`}>
          {rule} {state}
        </span>
      ))}
      {pointed.losses.map((loss) => (
        <span key={loss.id} class="tooltip-loss">
          {lossText(loss)}
          <br />
          <span class="quiet">{lossTimeText(loss, now)}</span>
        </span>
      ))}
    </div>
  );
}

function Legend({ sensor, shown }: { sensor: SensorView; shown: Shown | undefined }) {
  const banded = shown?.banded === true;
  return (
    <p class="legend">
      <span class="legend-line">{banded ? "mean" : "reading"}</span>
      {banded && <span class="legend-band">from the lowest to the highest</span>}
      {sensor.rules.length > 0 && <span class="legend-limit">limit</span>}
      <span class="legend-raise">alarm raised</span>
      <span class="legend-clear">alarm cleared</span>
      <span class="legend-bad">bad or uncertain reading</span>
      {(shown?.losses.length ?? 0) > 0 && <span class="legend-outage">outage</span>}
      <span class="legend-gap">a break in the line: readings are missing</span>
    </p>
  );
}
