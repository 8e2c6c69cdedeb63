import { Chart, Filler, LinearScale, LineController, LineElement, PointElement } from "chart.js";
import type { EventMark } from "../model/alarms.js";
import { type Decimated, decimate, emptyDecimated, type Point } from "../model/decimate.js";
import type { LimitLine } from "../model/rules.js";
import { axisFor, type Fit } from "../model/scale.js";
import { tickText, timeTicks } from "../model/times.js";
import type { Series } from "../model/window.js";
import { type Overlay, overlayPlugin } from "./overlay.js";
import { CHART_FONT, type Palette } from "./palette.js";

Chart.register(LineController, LineElement, PointElement, LinearScale, Filler);

/** What one chart shows; read anew at every drawing. */
export interface Subject {
  series: Series;
  from: number;
  to: number;
  /** See {@link decimate}. */
  gapMs: number;
  limits: readonly LimitLine[];
  marks: readonly EventMark[];
  /** What the sensor can measure. */
  bounds: { min?: number; max?: number };
  /** Booleans: the line goes in steps, and holds its last value up to the right edge. */
  stepped: boolean;
  fit: Fit;
  stale: boolean;
  valueText: (value: number) => string;
}

/** Points of a tile from which its line is thin. */
const DENSE_POINTS = 360;

/** Half the width of a time on the axis: nearer to the edge it would push the plot aside. */
const EDGE_PX = 32;

/** Room around 0 and 1. */
const BOOLEAN_AXIS = { min: -0.15, max: 1.15, step: 1 };

/** One chart on one canvas: Chart.js draws the line and the axes, and `overlay.ts` what is around them. */
export class Plot {
  readonly #chart: Chart<"line", Point[]>;
  readonly #large: boolean;
  readonly #data: Point[] = [];
  readonly #decimated: Decimated = emptyDecimated();
  #palette: Palette;
  #overlay: Overlay;
  #valueText: (value: number) => string = String;
  #cursor: { x: number; y: number } | undefined;
  #tickStepMs = 1000;
  /** Where times are written on the axis, ms. */
  #named = { from: 0, to: 0 };

  /** `large`: with axes, for a stream's page; else for a tile. */
  constructor(canvas: HTMLCanvasElement, large: boolean, palette: Palette) {
    this.#large = large;
    this.#palette = palette;
    this.#overlay = this.#emptyOverlay();
    const font = { family: CHART_FONT, size: 12 };
    this.#chart = new Chart<"line", Point[]>(canvas, {
      type: "line",
      data: { datasets: [{ data: this.#data, fill: large ? "start" : false }] },
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
        scales: {
          x: {
            type: "linear",
            display: large,
            min: 0,
            max: 1,
            grid: { color: palette.grid, drawTicks: false },
            border: { display: false },
            afterBuildTicks: (axis) => {
              if (!large) return;
              const { stepMs, ticks } = timeTicks(
                axis.min,
                axis.max,
                Math.max(2, Math.floor(axis.width / 110)),
              );
              this.#tickStepMs = stepMs;
              const edgeMs = ((axis.max - axis.min) * EDGE_PX) / Math.max(1, axis.width);
              this.#named = { from: axis.min + edgeMs, to: axis.max - edgeMs };
              axis.ticks = ticks.map((value) => ({ value }));
            },
            ticks: {
              display: large,
              color: palette.text,
              font,
              maxRotation: 0,
              padding: 8,
              autoSkip: false,
              callback: (value) => this.#timeText(Number(value)),
            },
          },
          y: {
            type: "linear",
            display: large,
            grid: { color: palette.grid, drawTicks: false },
            border: { display: false },
            ticks: {
              display: large,
              color: palette.text,
              font,
              padding: 8,
              includeBounds: false,
              maxTicksLimit: large ? 11 : 2,
              callback: (value) => this.#valueText(Number(value)),
            },
          },
        },
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

  set palette(palette: Palette) {
    this.#palette = palette;
    for (const axis of ["x", "y"] as const) {
      const scale = this.#chart.options.scales?.[axis];
      if (scale?.grid !== undefined) scale.grid.color = palette.grid;
      if (scale?.ticks !== undefined) scale.ticks.color = palette.text;
    }
  }

  set cursor(cursor: { x: number; y: number } | undefined) {
    this.#cursor = cursor;
  }

  draw(subject: Subject): void {
    const width = Math.max(1, this.width);
    decimate(
      subject.series,
      {
        from: subject.from,
        to: subject.to,
        columnMs: (subject.to - subject.from) / width,
        gapMs: subject.gapMs,
      },
      this.#decimated,
    );
    const { points, length, min, max } = this.#decimated;
    // The array stays the same one and is filled by index: Chart.js would watch another anew.
    this.#data.length = 0;
    for (let i = 0; i < length; i++) {
      const point = points[i];
      if (point !== undefined) this.#data[i] = point;
    }
    if (subject.stepped && !subject.stale) this.#holdLast(subject.to);

    const limits = subject.stepped ? [] : subject.limits;
    const axis = subject.stepped
      ? BOOLEAN_AXIS
      : axisFor(
          { min, max },
          limits.map((limit) => limit.value),
          subject.bounds,
          subject.fit,
        );
    this.#valueText = subject.stepped
      ? (value) => (value === 0 || value === 1 ? subject.valueText(value) : "")
      : subject.valueText;
    const { scales } = this.#chart.options;
    if (scales?.["x"] !== undefined) {
      scales["x"].min = subject.from;
      scales["x"].max = subject.to;
    }
    if (scales?.["y"] !== undefined) {
      scales["y"].min = axis.min;
      scales["y"].max = axis.max;
      if (scales["y"].ticks !== undefined) Object.assign(scales["y"].ticks, { stepSize: axis.step });
    }
    const [dataset] = this.#chart.data.datasets;
    if (dataset !== undefined) {
      dataset.borderColor = subject.stale ? this.#palette.stale : this.#palette.line;
      dataset.backgroundColor = this.#palette.fill;
      dataset.stepped = subject.stepped;
      // A dense line is clearer when it is thin, and a thin one is painted much faster.
      dataset.borderWidth = this.#large ? 2 : length > DENSE_POINTS ? 1 : 1.6;
    }
    this.#overlay = {
      palette: this.#palette,
      limits,
      marks: subject.marks,
      bad: this.#decimated.bad,
      uncertain: this.#decimated.uncertain,
      alone: this.#decimated.alone,
      line: subject.stale ? this.#palette.stale : this.#palette.line,
      limitText: subject.valueText,
      cursor: this.#cursor,
      large: this.#large,
    };
    this.#chart.update("none");
  }

  destroy(): void {
    this.#chart.destroy();
  }

  /** Behind the last point, or in place of the break that ends a dash. */
  #holdLast(to: number): void {
    const end = this.#data.length - 1;
    const at = Number.isNaN(this.#data[end]?.y) ? end - 1 : end;
    const last = this.#data[at];
    if (last !== undefined && last.x < to) this.#data[at + 1] = { x: to, y: last.y };
  }

  #timeText(t: number): string {
    return t < this.#named.from || t > this.#named.to ? "" : tickText(t, this.#tickStepMs);
  }

  #emptyOverlay(): Overlay {
    return {
      palette: this.#palette,
      limits: [],
      marks: [],
      bad: [],
      uncertain: [],
      alone: [],
      line: this.#palette.line,
      limitText: String,
      cursor: undefined,
      large: this.#large,
    };
  }
}
