import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { paletteOf } from "../chart/palette.js";
import { download, fileName, pictureOf } from "../chart/picture.js";
import { comparisonOf } from "../model/comparison.js";
import { liveView } from "../model/time-view.js";
import { fullTime } from "../model/times.js";
import { readStreams } from "../model/view-address.js";
import { isDark, windowMs } from "../preferences.js";
import { search } from "../router.js";
import { nodes } from "../state.js";
import type { TimeAxis } from "../time-axis.js";
import { ActionButton, OutcomeText, useAction } from "../view/action.js";
import { AxisControls, AxisText } from "../view/axis-controls.js";
import type { Pointed, Shown } from "../view/chart-figures.js";
import { HistorianNote } from "../view/historian-note.js";
import { HistoryChart } from "../view/history-chart.js";
import { Download } from "../view/icons.js";
import { PageTitle } from "../view/page-title.js";
import { useTimeAxis } from "../view/use-time-axis.js";
import { AddStream } from "./compare-add.js";
import { ComparedTable } from "./compare-table.js";

/** Up to eight streams on one time axis: those of one unit in one chart, the others below. */
export function ComparePage() {
  const axis = useTimeAxis(() => liveView(windowMs.value));
  const names = readStreams(new URLSearchParams(search.value));
  const compared = comparisonOf(nodes.value ?? new Map(), names);
  const shown = useSignal<ReadonlyMap<string, Shown>>(new Map());
  const pointed = useSignal<ReadonlyMap<string, Pointed>>(new Map());
  const place = useRef<HTMLDivElement>(null);
  const historian = compared.charts
    .map((chart) => shown.value.get(chart.key)?.historian)
    .find((state) => state === "none" || state === "away");
  return (
    <>
      <div class="page-head">
        <PageTitle title="Compare" />
        <AddStream names={names} axis={axis} />
      </div>
      {names.length === 0 ? (
        <div class="empty">
          <p>
            <strong>Nothing is compared yet.</strong>
          </p>
          <p>
            Search for a sensor above, or press Compare on a sensor's page. Up to eight share one time axis.
          </p>
        </div>
      ) : (
        <section class="card live" aria-label="Streams on one time axis">
          <ComparedTable compared={compared} names={names} shown={shown} pointed={pointed} axis={axis} />
          <AxisControls axis={axis} />
          <div class="chart-head">
            <AxisText axis={axis} />
            <HistorianNote
              state={historian ?? "here"}
              streams={compared.lines.map(({ sensor }) => sensor.stream)}
            />
            <SavePicture axis={axis} compared={compared} place={place} />
          </div>
          <div ref={place} class={`compare-charts ${compared.charts.length > 1 ? "compare-several" : ""}`}>
            {compared.charts.map((chart) => (
              <div key={chart.key} class="chart-place" data-chart={chart.key}>
                {compared.charts.length > 1 && <h2 class="compare-unit">{chart.title}</h2>}
                <HistoryChart
                  lines={chart.lines}
                  axis={axis}
                  onShown={(next) => (shown.value = new Map(shown.peek()).set(chart.key, next))}
                  onPointed={(next) => {
                    const now = new Map(pointed.peek());
                    if (next === undefined) now.delete(chart.key);
                    else now.set(chart.key, next);
                    pointed.value = now;
                  }}
                />
              </div>
            ))}
          </div>
        </section>
      )}
    </>
  );
}

interface PictureProps {
  axis: TimeAxis;
  compared: ReturnType<typeof comparisonOf>;
  place: { readonly current: HTMLDivElement | null };
}

function SavePicture({ axis, compared, place }: PictureProps) {
  const action = useAction();
  return (
    <div class="button-row chart-head-end">
      {action.outcome.state === "failed" && <OutcomeText outcome={action.outcome} />}
      <ActionButton
        action={action}
        label="Save the charts as a PNG picture"
        work={async () => {
          const canvases = [...(place.current?.querySelectorAll("canvas") ?? [])];
          const { series } = paletteOf(isDark.peek());
          const range = axis.range();
          const blob = await pictureOf({
            title: compared.charts.flatMap((chart) => chart.lines.map(({ name }) => name)).join(" · "),
            subtitle: `${fullTime(range.from)} – ${fullTime(range.to)}`,
            charts: canvases.map((canvas, i) => ({
              canvas,
              legend: (compared.charts[i]?.lines ?? []).map(({ name, colour }) => ({
                text: name,
                colour: series[colour] ?? "",
              })),
            })),
          });
          download(blob, fileName("compare", range, "png"));
          return "";
        }}
      >
        <Download /> PNG
      </ActionButton>
    </div>
  );
}
