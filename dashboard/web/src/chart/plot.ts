import { Chart, Filler, LinearScale, LineController, LineElement, PointElement } from "chart.js";
import type { EventMark } from "../model/alarms.js";
import { type Decimated, decimate, emptyDecimated, type Point } from "../model/decimate.js";
import type { LimitLine } from "../model/rules.js";
import { axisFor, type Extent, type Fit } from "../model/scale.js";
import { firstAfter, type Series } from "../model/window.js";
import { Axes } from "./axes.js";
import type { OutageMark } from "./outages.js";
import { type LineOverlay, type Overlay, overlayPlugin } from "./overlay.js";
import type { Palette } from "./palette.js";

Chart.register(LineController, LineElement, PointElement, LinearScale, Filler);

/** One stream's line. */
export interface Line {
  series: Series;
  /** See {@link decimate}. */
  gapMs: number;
  markedUntil?: number;
  /** Of rollups the lowest and the highest value of each row of `series`, NaN where there is none. */
  band?: { low: readonly number[]; high: readonly number[] } | undefined;
  /** Absent: the theme's own. */
  colour?: string;
  stale: boolean;
}

/** What one chart shows; read anew at every drawing. */
export interface Subject {
  lines: readonly Line[];
  from: number;
  to: number;
  limits: readonly LimitLine[];
  marks: readonly EventMark[];
  outages: readonly OutageMark[];
  /** What the sensor can measure. */
  bounds: { min?: number; max?: number };
  /** Booleans: lines go in steps, and hold their last value up to the right edge while `holds`. */
  stepped: boolean;
  /** The right edge is now: the last value still stands. */
  holds: boolean;
  fit: Fit;
  valueText: (value: number) => string;
}

/** What is kept of one line between drawings. */
interface Drawn {
  data: Point[];
  decimated: Decimated;
}

/** Points of a tile, and of a large chart, from which its line is thin. */
const DENSE_POINTS = 360;
const DENSE_LARGE_POINTS = 1_200;

/** Room around 0 and 1. */
const BOOLEAN_AXIS = { min: -0.15, max: 1.15, step: 1 };

/** One chart on one canvas: Chart.js draws the line and the axes, and `overlay.ts` what is around them. */
export class Plot {
  readonly #chart: Chart<"line", Point[]>;
  readonly #large: boolean;
  readonly #drawn: Drawn[] = [];
  #palette: Palette;
  #overlay: Overlay;
  readonly #axes: Axes;
  #cursor: { x: number; ys: readonly number[] } | undefined;

  /**
   * `large`: with axes; else for a tile. `wideAxis`: the vertical one takes the same room in every chart, so that
   * moments stand under one another.
   */
  constructor(
    canvas: HTMLCanvasElement,
    palette: Palette,
    { large, wideAxis = false }: { large: boolean; wideAxis?: boolean },
  ) {
    this.#large = large;
    this.#palette = palette;
    this.#overlay = this.#emptyOverlay();
    this.#axes = new Axes({ large, wideAxis, palette });
    this.#chart = new Chart<"line", Point[]>(canvas, {
      type: "line",
      data: { datasets: [] },
      options: {
        animation: false,
        parsing: false,
        normalized: true,
        responsive: true,
        maintainAspectRatio: false,
        // The page's own crosshair reads the window, not the points drawn.
        events: [],
        layout: { padding: large ? { top: 4, right: 8 } : { top: 2, bottom: 2 } },
        elements: {
          point: { radius: 0, hitRadius: 0, hoverRadius: 0 },
          line: { tension: 0, borderJoinStyle: "bevel", borderCapStyle: "butt" },
        },
        scales: this.#axes.options(),
      },
      plugins: [overlayPlugin(() => this.#overlay)],
    });
  }

  /** Width of the plotting area, CSS pixels. */
  get width(): number {
    return this.#chart.chartArea?.width ?? this.#chart.width;
  }

  /** Left edge of the plotting area within the canvas, CSS pixels. */
  get left(): number {
    return this.#chart.chartArea?.left ?? 0;
  }

  get palette(): Palette {
    return this.#palette;
  }

  set palette(palette: Palette) {
    this.#palette = palette;
    for (const axis of ["x", "y"] as const) {
      const scale = this.#chart.options.scales?.[axis];
      if (scale?.grid !== undefined) scale.grid.color = palette.grid;
      if (scale?.ticks !== undefined) scale.ticks.color = palette.text;
    }
  }

  /** The moment under the crosshair, and the value of each line there. */
  set cursor(cursor: { x: number; ys: readonly number[] } | undefined) {
    this.#cursor = cursor;
  }

  draw(subject: Subject): void {
    const { from, to, stepped } = subject;
    const columnMs = (to - from) / Math.max(1, this.width);
    const extent: Extent = { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
    this.#chart.data.datasets.length = subject.lines.length;
    const lines = subject.lines.map((line, i) => this.#drawLine(line, i, { ...subject, columnMs }, extent));

    const limits = stepped ? [] : subject.limits;
    const axis = stepped
      ? BOOLEAN_AXIS
      : axisFor(
          extent,
          limits.map((limit) => limit.value),
          subject.bounds,
          subject.fit,
        );
    this.#axes.valueText = stepped
      ? (value) => (value === 0 || value === 1 ? subject.valueText(value) : "")
      : subject.valueText;
    const { scales } = this.#chart.options;
    if (scales?.["x"] !== undefined) {
      scales["x"].min = from;
      scales["x"].max = to;
    }
    if (scales?.["y"] !== undefined) {
      scales["y"].min = axis.min;
      scales["y"].max = axis.max;
      if (scales["y"].ticks !== undefined) Object.assign(scales["y"].ticks, { stepSize: axis.step });
    }
    this.#overlay = {
      palette: this.#palette,
      limits,
      marks: subject.marks,
      outages: subject.outages,
      lines,
      limitText: subject.valueText,
      cursor: this.#cursor,
      large: this.#large,
    };
    this.#chart.update("none");
  }

  /** Fills the dataset of one line, and widens `extent` by what it shows. */
  #drawLine(
    line: Line,
    index: number,
    { from, to, columnMs, stepped, holds }: Subject & { columnMs: number },
    extent: Extent,
  ): LineOverlay {
    const { data, decimated } = this.#drawnOf(index);
    decimate(
      line.series,
      {
        from,
        to,
        columnMs,
        gapMs: line.gapMs,
        ...(line.markedUntil === undefined ? {} : { markedUntil: line.markedUntil }),
      },
      decimated,
    );
    const { points, length } = decimated;
    // The array stays the same one and is filled by index: Chart.js would watch another anew.
    data.length = 0;
    for (let i = 0; i < length; i++) {
      const point = points[i];
      if (point !== undefined) data[i] = point;
    }
    if (stepped && holds && !line.stale) holdLast(data, to);
    extent.min = Math.min(extent.min, decimated.min);
    extent.max = Math.max(extent.max, decimated.max);
    if (line.band !== undefined) widen(extent, line.series, line.band, from, to);

    const colour = line.stale ? this.#palette.stale : (line.colour ?? this.#palette.line);
    const old = this.#chart.data.datasets[index];
    const dataset = old ?? { data };
    dataset.data = data;
    dataset.borderColor = colour;
    dataset.backgroundColor = this.#palette.fill;
    // Under a band, and under several lines, a filled ground would be taken for something that was measured.
    dataset.fill = this.#large && line.colour === undefined && line.band === undefined ? "start" : false;
    dataset.stepped = stepped;
    // A dense line is clearer when it is thin, and a thin one is painted much faster.
    dataset.borderWidth = this.#large
      ? line.colour === undefined && length <= DENSE_LARGE_POINTS
        ? 2
        : 1.5
      : length > DENSE_POINTS
        ? 1
        : 1.6;
    if (old === undefined) this.#chart.data.datasets[index] = dataset;
    return {
      colour,
      series: line.series,
      band: line.band,
      bad: decimated.bad,
      uncertain: decimated.uncertain,
      alone: decimated.alone,
    };
  }

  #drawnOf(index: number): Drawn {
    this.#drawn[index] ??= { data: [], decimated: emptyDecimated() };
    return this.#drawn[index];
  }

  destroy(): void {
    this.#chart.destroy();
  }

  #emptyOverlay(): Overlay {
    return {
      palette: this.#palette,
      limits: [],
      marks: [],
      outages: [],
      lines: [],
      limitText: String,
      cursor: undefined,
      large: this.#large,
    };
  }
}

/** Behind the last point, or in place of the break that ends a dash. */
function holdLast(data: Point[], to: number): void {
  const end = data.length - 1;
  const at = Number.isNaN(data[end]?.y) ? end - 1 : end;
  const last = data[at];
  if (last !== undefined && last.x < to) data[at + 1] = { x: to, y: last.y };
}

function widen(
  extent: Extent,
  series: Series,
  { low, high }: NonNullable<Line["band"]>,
  from: number,
  to: number,
): void {
  for (let i = firstAfter(series.t, from - 1, series.head); i < series.t.length; i++) {
    if ((series.t[i] ?? 0) > to) return;
    // A comparison with NaN is false.
    if ((low[i] ?? Number.NaN) < extent.min) extent.min = low[i] ?? extent.min;
    if ((high[i] ?? Number.NaN) > extent.max) extent.max = high[i] ?? extent.max;
  }
}
