import type { NodeView, SensorView } from "@fieldmesh/protocol";
import type { Line } from "../chart/plot.js";
import type { HistorianState } from "../history/client.js";
import { pastOf } from "../history/histories.js";
import { emptyJoined, join, jointOf, summariseJoined } from "../history/join.js";
import { isAway } from "../model/catalogue.js";
import { gapAfter } from "../model/decimate.js";
import type { Range } from "../model/time-view.js";
import { type Flag, type Series, type Summary, summarise } from "../model/window.js";
import { hello, streams } from "../state.js";

/** A stream on a chart. */
export interface ChartLine {
  node: NodeView;
  sensor: SensorView;
  /** Where there are several: which of the theme's colours for them. */
  colour?: number;
}

/** One row of what is drawn. */
export interface Row {
  t: number;
  /** NaN where nothing was read, or what was read is bad. */
  v: number;
  /** Of a rollup. */
  low: number;
  high: number;
  /** Length of time that it stands for, ms; 0 for one reading. */
  stepMs: number;
  /** Sequence number of a live reading. */
  seq: number | undefined;
  flag: Flag | undefined;
}

interface Look {
  range: Range;
  /** Of the plotting area, CSS pixels. */
  widthPx: number;
  /** Right edge of a live view, ms. */
  now: number;
  pausedAt: number | undefined;
  colour: string | undefined;
}

/** One stream on one time axis: the live window, and left of it what the historian has. */
export class StreamLine {
  readonly stream: string;
  readonly #joined = emptyJoined();
  #frozen: { at: number; series: Series } | undefined;
  #series: Series = this.#joined;
  #range: Range = { from: 0, to: 1 };
  /** Right of it the live window has everything, ms. */
  joint = Number.POSITIVE_INFINITY;

  constructor(stream: string) {
    this.stream = stream;
  }

  /** What is drawn, rows in order of time. */
  get series(): Series {
    return this.#series;
  }

  get banded(): boolean {
    return this.#series === this.#joined && this.#joined.banded;
  }

  /** Time that one row stands for when not every reading is there, ms. */
  get thinnedMs(): number {
    return this.#series === this.#joined ? this.#joined.thinnedMs : 0;
  }

  /** How the historian stands, as far as this view needs it. */
  get historian(): HistorianState {
    if (this.#series !== this.#joined) return "here";
    return hello.peek()?.history === false ? "none" : pastOf(this.stream).readings.state.peek();
  }

  /** Makes the rows for a view ready; `pausedAt` keeps the live ones as they were then. */
  prepare({ node, sensor }: ChartLine, { range, widthPx, now, pausedAt, colour }: Look): Line {
    const store = streams.store(this.stream);
    const live = this.#live(pausedAt);
    const gapMs = gapAfter(sensor);
    this.#range = range;
    this.joint = jointOf(live, {
      now,
      windowMs: hello.peek()?.windowMs ?? 300_000,
      cut: store.window.cut,
      intervalMs: sensor.intervalMs,
    });
    const { readings } = pastOf(this.stream);
    const look = { gapMs, stale: isAway(node, sensor), ...(colour === undefined ? {} : { colour }) };
    if (range.from >= this.joint) {
      readings.rest();
      this.#series = live;
      return { series: live, ...look };
    }
    if (hello.peek()?.history !== false) readings.want(range, widthPx, this.joint);
    const joined = join(readings.pieces(), live, { range, joint: this.joint, gapMs }, this.#joined);
    this.#series = joined;
    return {
      series: joined,
      markedUntil: joined.markedUntil,
      band: joined.banded ? joined : undefined,
      ...look,
    };
  }

  /** What is on the screen in figures; of thinned rows and of rollups `count` are rows, and the mean is near. */
  summary(intervalMs: number): Summary | undefined {
    if (this.#series === this.#joined) return summariseJoined(this.#joined, this.#range, intervalMs);
    return summarise(this.#series, this.#range.from, this.#range.to);
  }

  row(index: number): Row | undefined {
    const series = this.#series;
    const t = series.t[index];
    if (t === undefined || index < series.head) return undefined;
    const ofHistory = series === this.#joined;
    const n = series.n[index] ?? -1;
    return {
      t,
      v: series.v[index] ?? Number.NaN,
      low: ofHistory ? (this.#joined.low[index] ?? Number.NaN) : Number.NaN,
      high: ofHistory ? (this.#joined.high[index] ?? Number.NaN) : Number.NaN,
      stepMs: ofHistory ? (this.#joined.step[index] ?? 0) : 0,
      seq: n < 0 ? undefined : series.seq[index],
      flag: series.flags.get(n),
    };
  }

  /** The rows on the screen, for tests. */
  rows(): Row[] {
    const rows = [];
    for (let i = this.#series.head; i < this.#series.t.length; i++) {
      const row = this.row(i);
      if (row !== undefined && row.t >= this.#range.from && row.t <= this.#range.to) rows.push(row);
    }
    return rows;
  }

  #live(pausedAt: number | undefined): Series {
    const { window } = streams.store(this.stream);
    if (pausedAt === undefined) {
      this.#frozen = undefined;
      return window;
    }
    if (this.#frozen?.at !== pausedAt || this.#frozen.series.t.length === 0) {
      this.#frozen = { at: pausedAt, series: window.copy() };
    }
    return this.#frozen.series;
  }
}
