import type { NodeView, SensorView } from "@fieldmesh/protocol";
import { type ReadonlySignal, type signal, useComputed, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { paletteOf } from "../chart/palette.js";
import { Plot } from "../chart/plot.js";
import { pixelMs } from "../chart/redraw.js";
import { marksOf } from "../model/alarms.js";
import { sensorTitle } from "../model/catalogue.js";
import { gapAfter } from "../model/decimate.js";
import { limitLines, ruleText } from "../model/rules.js";
import { durationText } from "../model/times.js";
import { valueText } from "../model/units.js";
import { type Series, type Summary, summarise } from "../model/window.js";
import { isDark, pausedAt, windowMs } from "../preferences.js";
import { serverNow } from "../server-clock.js";
import { book, streams } from "../state.js";
import { sharedScheduler } from "./schedule.js";

/** What the chart shows at present in figures; renewed when it is drawn, at most once a second. */
export interface Drawn {
  summary: Summary | undefined;
  /** Length of time that the window really covers, when the count of readings cut it, ms. */
  cutToMs: number | undefined;
}
export const NOTHING_DRAWN: Drawn = { summary: undefined, cutToMs: undefined };

interface Props {
  node: NodeView;
  sensor: SensorView;
  stale: boolean;
  onDrawn: (drawn: Drawn) => void;
}

/** The small chart of one stream. It asks the server for the stream's readings as long as it is there. */
export function LiveChart(props: Props) {
  const { sensor } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const marks = useComputed(() => marksOf(book.value, sensor.stream));
  const label = useSignal("");

  useEffect(() => streams.show(sensor.stream), [sensor.stream]);
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    return startChart(element, sensor.stream, latest, marks, label);
  }, [sensor.stream, marks, label]);
  return (
    <div class="chart">
      <canvas ref={canvas} role="img" aria-label={label} />
    </div>
  );
}

/** A label that changes with every reading would never be read to its end. */
const LABEL_EVERY_MS = 5_000; // ms
const DRAWN_EVERY_MS = 1_000; // ms

function startChart(
  element: HTMLCanvasElement,
  stream: string,
  latest: { readonly current: Props },
  marks: ReadonlySignal<ReturnType<typeof marksOf>>,
  label: ReturnType<typeof signal<string>>,
): () => void {
  const schedule = sharedScheduler();
  const plot = new Plot(element, paletteOf(isDark.peek()), { large: false });
  const store = streams.store(stream);
  let frozen: { at: number; series: Series } | undefined;
  let toldAt = 0;
  let labelledAt = 0;
  let themeChanged = false;

  const subjectSeries = (): Series => {
    const at = pausedAt.peek();
    if (at === undefined) frozen = undefined;
    else if (frozen?.at !== at || frozen.series.t.length === 0) frozen = { at, series: store.window.copy() };
    return frozen?.series ?? store.window;
  };
  const redrawn = {
    get everyMs() {
      return pausedAt.peek() === undefined ? pixelMs(windowMs.peek(), plot.width) : 1_000;
    },
    redraw: () => {
      const { sensor, stale, onDrawn } = latest.current;
      const series = subjectSeries();
      if (themeChanged) plot.palette = paletteOf(isDark.peek());
      themeChanged = false;
      const to = pausedAt.peek() ?? serverNow();
      const from = to - windowMs.peek();
      plot.draw({
        lines: [{ series, gapMs: gapAfter(sensor), stale }],
        from,
        to,
        limits: limitLines(sensor.rules),
        marks: marks.peek(),
        outages: [],
        bounds: sensor.range ?? {},
        fit: "limits",
        stepped: sensor.valueType === "boolean",
        holds: true,
        valueText: (value) => valueText(value, sensor, "round"),
      });
      store.redraws += 1;
      const now = performance.now();
      if (now - toldAt < DRAWN_EVERY_MS && toldAt !== 0) return;
      toldAt = now;
      const summary = summarise(series, from, to);
      const oldest = series.t[series.head] ?? to;
      onDrawn({ summary, cutToMs: store.window.cut && oldest > from + 1_000 ? to - oldest : undefined });
      if (labelledAt === 0 || summary === undefined || now - labelledAt > LABEL_EVERY_MS) {
        labelledAt = summary === undefined ? 0 : now;
        label.value = chartLabel(latest.current, summary);
      }
    },
  };
  const remove = schedule.add(redrawn);
  const redrawSoon = (): void => schedule.soon(redrawn);
  const unsubscribe = [
    isDark.subscribe(() => {
      // The style sheet follows the theme before the next animation frame, not before this call.
      themeChanged = true;
      redrawSoon();
    }),
    windowMs.subscribe(redrawSoon),
    pausedAt.subscribe(redrawSoon),
    marks.subscribe(redrawSoon),
  ];
  // The first readings are drawn at once, whenever they come.
  let empty = store.window.size === 0;
  unsubscribe.push(
    store.latest.subscribe(() => {
      if (!empty) return;
      empty = store.window.size === 0;
      toldAt = 0;
      redrawSoon();
    }),
  );
  return () => {
    remove();
    for (const end of unsubscribe) end();
    plot.destroy();
  };
}

function chartLabel({ node, sensor }: Props, summary: Summary | undefined): string {
  const what = `${sensorTitle(sensor)} of ${node.label ?? node.node}, last ${durationText(windowMs.peek())}`;
  if (summary === undefined) return `${what}: no readings.`;
  const v = (value: number): string => valueText(value, sensor);
  const rules = sensor.rules.map((rule) => `${rule.id}: ${ruleText(rule, sensor)}`).join("; ");
  return `${what}: lowest ${v(summary.min)}, mean ${v(summary.mean)}, highest ${v(summary.max)}, ${summary.count} readings.${
    rules === "" ? "" : ` Alarms: ${rules}.`
  }`;
}
