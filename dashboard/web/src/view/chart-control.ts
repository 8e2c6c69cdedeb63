import type { HistoryEvent, LossEntry } from "@fieldmesh/protocol";
import type { ReadonlySignal } from "@preact/signals";
import { paletteOf } from "../chart/palette.js";
import { Plot } from "../chart/plot.js";
import { longPixelMs, pixelMs } from "../chart/redraw.js";
import { pastOf } from "../history/histories.js";
import { type AlarmBook, type EventMark, marksOf } from "../model/alarms.js";
import { lossesIn } from "../model/losses.js";
import { limitLines } from "../model/rules.js";
import { valueText } from "../model/units.js";
import { nearest } from "../model/window.js";
import { fit, isDark, pausedAt } from "../preferences.js";
import { book, hello, streams } from "../state.js";
import type { TimeAxis } from "../time-axis.js";
import { lossesOf, outagesOf, type Pointed, type Shown, shownOf } from "./chart-figures.js";
import { listenForGestures } from "./chart-gestures.js";
import { drawnCharts } from "./drawn-charts.js";
import { sharedScheduler } from "./schedule.js";
import { type ChartLine, StreamLine } from "./stream-line.js";

export interface Subjects {
  lines: readonly ChartLine[];
  /** With limits, alarms and outages: of the one stream. */
  detailed: boolean;
  onShown: (shown: Shown) => void;
  onPointed: (pointed: Pointed | undefined) => void;
}

interface Options {
  element: HTMLCanvasElement;
  axis: TimeAxis;
  subjects: { readonly current: Subjects };
  /** A gap that has the focus in the list beside the chart. */
  named: ReadonlySignal<LossEntry | undefined>;
}

/** Figures beside a chart are read, not watched. */
const TOLD_EVERY_MS = 1_000; // ms
/** While someone moves the axis they follow. */
const MOVED_EVERY_MS = 120; // ms
/** Half a triangle's width: that near one means it. */
const MARK_PX = 8;
/** A stretch that stands changes when something late comes. */
const STANDS_MS = 15_000; // ms

/** One large chart: draws what its axis shows, and moves the axis. Ends when the function returned is called. */
export function startChart({ element, axis, subjects, named }: Options): () => void {
  const schedule = sharedScheduler();
  const plot = new Plot(element, paletteOf(isDark.peek()), {
    large: true,
    wideAxis: !subjects.current.detailed,
  });
  const lines = new Map<string, StreamLine>();
  const unhook = new Map<string, () => void>();
  let range = axis.range();
  let toldAt = Number.NEGATIVE_INFINITY;
  let tellTimer: ReturnType<typeof setTimeout> | undefined;
  let themeChanged = false;
  let pointing = false;
  let shownMarks: readonly EventMark[] = [];

  const lineOf = (stream: string): StreamLine => {
    const line = lines.get(stream) ?? new StreamLine(stream);
    if (!lines.has(stream)) {
      lines.set(stream, line);
      unhook.set(
        stream,
        hook(line, () => schedule.soon(redrawn)),
      );
    }
    return line;
  };

  const pointed = (): Pointed | undefined => {
    const t = axis.cursor.peek();
    if (t === undefined || t < range.from || t > range.to) return undefined;
    const shown = subjects.current.lines.map(({ sensor }) => lineOf(sensor.stream));
    const rows = shown.map((line) => line.row(nearest(line.series, t)));
    // On a single line the crosshair goes from reading to reading.
    const at = rows.length === 1 ? (rows[0]?.t ?? t) : t;
    return {
      t: at,
      x: plot.left + ((at - range.from) / (range.to - range.from)) * plot.width,
      width: element.clientWidth,
      rows,
      losses: subjects.current.detailed ? lossesIn(lossesOf(subjects.current.lines), t, t) : [],
      marks: shownMarks.filter(
        (mark) => Math.abs(mark.t - t) < ((range.to - range.from) * MARK_PX) / plot.width,
      ),
    };
  };

  const tell = (): void => {
    clearTimeout(tellTimer);
    tellTimer = undefined;
    toldAt = performance.now();
    subjects.current.onShown(shownOf(subjects.current, lineOf, range, axis.view.peek().kind === "live"));
  };
  const tellWithin = (ms: number): void => {
    const waitMs = toldAt + ms - performance.now();
    if (waitMs <= 0) tell();
    else tellTimer ??= setTimeout(tell, waitMs);
  };

  const redrawn = {
    get everyMs() {
      if (pausedAt.peek() !== undefined) return TOLD_EVERY_MS;
      const spanMs = range.to - range.from;
      if (axis.view.peek().kind === "fixed") {
        return range.to > axis.now() - (hello.peek()?.windowMs ?? 0) ? TOLD_EVERY_MS : STANDS_MS;
      }
      const inWindow = spanMs <= (hello.peek()?.windowMs ?? spanMs);
      return inWindow ? pixelMs(spanMs, plot.width) : longPixelMs(spanMs, plot.width);
    },
    redraw: () => {
      const { lines: shown, detailed } = subjects.current;
      const [first] = shown;
      if (first === undefined) return;
      if (themeChanged) plot.palette = paletteOf(isDark.peek());
      themeChanged = false;
      const view = axis.view.peek();
      range = axis.range();
      const now = axis.now();
      const prepared = shown.map((line) =>
        lineOf(line.sensor.stream).prepare(line, {
          range,
          widthPx: plot.width,
          now,
          pausedAt: pausedAt.peek(),
          colour: line.colour === undefined ? undefined : plot.palette.series[line.colour],
        }),
      );
      const { sensor } = first;
      const past = pastOf(sensor.stream).annotations;
      shownMarks = detailed ? marks(book.peek(), sensor.stream, past.events) : [];
      const point = pointed();
      plot.cursor =
        point === undefined ? undefined : { x: point.t, ys: point.rows.map((row) => row?.v ?? Number.NaN) };
      if (detailed && hello.peek()?.history !== false) past.want(range);
      plot.draw({
        lines: prepared,
        from: range.from,
        to: range.to,
        limits: detailed ? limitLines(sensor.rules) : [],
        marks: shownMarks,
        outages: detailed ? outagesOf(past.losses, range, named.peek(), point?.losses ?? []) : [],
        bounds: sensor.range ?? {},
        fit: detailed ? fit.peek() : "data",
        stepped: sensor.valueType === "boolean",
        holds: view.kind === "live",
        valueText: (value) => valueText(value, sensor, "round"),
      });
      for (const { sensor: drawn } of shown) streams.store(drawn.stream).redraws += 1;
      if (point !== undefined || pointing) subjects.current.onPointed(point);
      pointing = point !== undefined;
      tellWithin(TOLD_EVERY_MS);
    },
  };
  const marks = remembered(marksOf);

  const step = (by: number): void => {
    const [first] = subjects.current.lines;
    if (first === undefined) return;
    const { series } = lineOf(first.sensor.stream);
    const cursor = axis.cursor.peek();
    const here = cursor === undefined ? series.t.length : nearest(series, cursor);
    const t = series.t[Math.min(series.t.length - 1, Math.max(series.head, here + by))];
    if (t === undefined) return;
    axis.cursor.value = t;
    const spanMs = range.to - range.from;
    if (t < range.from || t > range.to) axis.pan(Math.sign(by) * spanMs * 0.25);
  };

  const remove = schedule.add(redrawn);
  const soon = (): void => schedule.soon(redrawn);
  const ends = [
    remove,
    listenForGestures({ element, axis, place: () => ({ left: plot.left, width: plot.width }), onStep: step }),
    axis.view.subscribe(() => {
      soon();
      tellWithin(MOVED_EVERY_MS);
    }),
    axis.cursor.subscribe(soon),
    named.subscribe(soon),
    isDark.subscribe(() => {
      // The style sheet follows the theme before the next animation frame, not before this call.
      themeChanged = true;
      soon();
    }),
    fit.subscribe(soon),
    pausedAt.subscribe(soon),
    book.subscribe(soon),
    hello.subscribe(soon),
  ];
  return () => {
    clearTimeout(tellTimer);
    for (const end of ends) end();
    for (const end of unhook.values()) end();
    plot.destroy();
  };
}

/** Draws a stream's line again when something came for it, the first readings at once. */
function hook(line: StreamLine, soon: () => void): () => void {
  const { stream } = line;
  const { readings, annotations } = pastOf(stream);
  const store = streams.store(stream);
  let empty = store.window.size === 0;
  readings.onChange.add(soon);
  annotations.onChange.add(soon);
  const unsubscribe = store.latest.subscribe(() => {
    if (!empty) return;
    empty = store.window.size === 0;
    soon();
  });
  drawnCharts.set(stream, line);
  return () => {
    unsubscribe();
    readings.onChange.delete(soon);
    annotations.onChange.delete(soon);
    readings.rest();
    annotations.rest();
    if (drawnCharts.get(stream) === line) drawnCharts.delete(stream);
  };
}

/** The same answer for the same arguments: alarms change more seldom than a chart is drawn. */
function remembered(
  find: typeof marksOf,
): (book: AlarmBook, stream: string, past: readonly HistoryEvent[]) => ReturnType<typeof marksOf> {
  let last: { book: AlarmBook; past: readonly HistoryEvent[]; marks: ReturnType<typeof marksOf> } | undefined;
  return (now, stream, past) => {
    if (last?.book !== now || last.past !== past) last = { book: now, past, marks: find(now, stream, past) };
    return last.marks;
  };
}
