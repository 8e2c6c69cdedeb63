import type { NodeView, SensorView } from "@fieldmesh/protocol";
import { type ReadonlySignal, type signal, useComputed, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { paletteOf } from "../chart/palette.js";
import { Plot } from "../chart/plot.js";
import { pixelMs, RedrawScheduler } from "../chart/redraw.js";
import { marksOf } from "../model/alarms.js";
import { sensorTitle } from "../model/catalogue.js";
import { gapAfter } from "../model/decimate.js";
import { limitLines, ruleText } from "../model/rules.js";
import { durationText } from "../model/times.js";
import { valueText } from "../model/units.js";
import { nearest, type Series, type Summary, summarise } from "../model/window.js";
import { fit, isDark, pausedAt, windowMs } from "../preferences.js";
import { serverNow } from "../server-clock.js";
import { book, streams } from "../state.js";

let scheduler: RedrawScheduler | undefined;
function sharedScheduler(): RedrawScheduler {
  if (scheduler === undefined) {
    const made = new RedrawScheduler();
    streams.onFed = () => made.fed();
    scheduler = made;
  }
  return scheduler;
}

/** What the chart shows at present in figures; renewed when it is drawn, at most once a second. */
export interface Drawn {
  summary: Summary | undefined;
  /** Length of time that the window really covers, when the count of readings cut it, ms. */
  cutToMs: number | undefined;
}
export const NOTHING_DRAWN: Drawn = { summary: undefined, cutToMs: undefined };

export interface Cursor {
  /** The reading under it. */
  series: Series;
  index: number;
  /** Place in the canvas and width of that, CSS pixels. */
  x: number;
  width: number;
}

interface Props {
  node: NodeView;
  sensor: SensorView;
  stale: boolean;
  large?: boolean;
  onDrawn: (drawn: Drawn) => void;
  onCursor?: (cursor: Cursor | undefined) => void;
}

/** The chart of one stream. It asks the server for the stream's readings as long as it is there. */
export function LiveChart(props: Props) {
  const { sensor, large = false, onCursor } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const marks = useComputed(() => marksOf(book.value, sensor.stream));
  const label = useSignal("");
  const control = useRef<Control>(null);

  useEffect(() => streams.show(sensor.stream), [sensor.stream]);
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const made = startChart(element, large, sensor.stream, latest, marks, label);
    control.current = made;
    return () => {
      control.current = null;
      made.end();
    };
  }, [sensor.stream, large, marks, label]);

  const move = (x: number | undefined): void => onCursor?.(control.current?.pointAt(x));
  const step = (by: number): void => onCursor?.(control.current?.step(by));
  const pointer =
    onCursor === undefined
      ? {}
      : {
          tabIndex: 0,
          onPointerMove: (event: PointerEvent) => move(event.offsetX),
          onPointerLeave: () => move(undefined),
          onBlur: () => move(undefined),
          onKeyDown: (event: KeyboardEvent) => {
            const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: -20, PageDown: 20 }[event.key];
            if (by === undefined) {
              if (event.key === "Escape") move(undefined);
              return;
            }
            event.preventDefault();
            step(by);
          },
        };
  return (
    <div class={large ? "chart chart-large" : "chart"}>
      <canvas ref={canvas} role="img" aria-label={label} {...pointer} />
    </div>
  );
}

interface Control {
  pointAt: (x: number | undefined) => Cursor | undefined;
  step: (by: number) => Cursor | undefined;
  end: () => void;
}

/** A label that changes with every reading would never be read to its end. */
const LABEL_EVERY_MS = 5_000; // ms
const DRAWN_EVERY_MS = 1_000; // ms

function startChart(
  element: HTMLCanvasElement,
  large: boolean,
  stream: string,
  latest: { readonly current: Props },
  marks: ReadonlySignal<ReturnType<typeof marksOf>>,
  label: ReturnType<typeof signal<string>>,
): Control {
  const schedule = sharedScheduler();
  const plot = new Plot(element, large, paletteOf(isDark.peek()));
  const store = streams.store(stream);
  let frozen: { at: number; series: Series } | undefined;
  let from = 0;
  let to = 1;
  let cursor: number | undefined; // time under the crosshair, ms
  let toldAt = 0;
  let labelledAt = 0;
  let themeChanged = false;

  const placeOf = (t: number): number => plot.left + ((t - from) / (to - from)) * plot.width;
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
      to = pausedAt.peek() ?? serverNow();
      from = to - windowMs.peek();
      const at = cursor === undefined ? -1 : nearest(series, cursor);
      plot.cursor = at < 0 ? undefined : { x: series.t[at] ?? 0, y: series.v[at] ?? Number.NaN };
      plot.draw({
        series,
        from,
        to,
        gapMs: gapAfter(sensor),
        limits: limitLines(sensor.rules),
        marks: marks.peek(),
        bounds: sensor.range ?? {},
        fit: large ? fit.peek() : "limits",
        stepped: sensor.valueType === "boolean",
        stale,
        valueText: (value) => valueText(value, sensor, "round"),
      });
      store.redraws += 1;
      // The chart has moved on under a pointer that rests.
      if (at >= 0)
        latest.current.onCursor?.({
          series,
          index: at,
          x: placeOf(series.t[at] ?? 0),
          width: element.clientWidth,
        });
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
    fit.subscribe(redrawSoon),
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
  const cursorAt = (index: number): Cursor | undefined => {
    const series = subjectSeries();
    const time = series.t[index];
    if (time === undefined || index < series.head) return undefined;
    cursor = time;
    redrawSoon();
    return { series, index, x: placeOf(time), width: element.clientWidth };
  };
  return {
    pointAt: (x) => {
      if (x === undefined) {
        cursor = undefined;
        redrawSoon();
        return undefined;
      }
      return cursorAt(nearest(subjectSeries(), from + ((x - plot.left) / plot.width) * (to - from)));
    },
    step: (by) => {
      const series = subjectSeries();
      const last = series.t.length - 1;
      const here = cursor === undefined ? last + 1 : nearest(series, cursor);
      return cursorAt(Math.min(last, Math.max(series.head, here + by)));
    },
    end: () => {
      remove();
      for (const end of unsubscribe) end();
      plot.destroy();
    },
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
