import type { HistoryReadings } from "@fieldmesh/protocol";
import type { Range } from "../model/time-view.js";
import { type Flag, firstAfter, type Series, type Summary } from "../model/window.js";

/** History and live readings on one axis. Rows of history have `n` -1 and the boot 0. */
export interface JoinedSeries extends Series {
  readonly t: number[];
  readonly v: number[];
  readonly boot: number[];
  readonly seq: number[];
  readonly n: number[];
  flags: ReadonlyMap<number, Flag>;
  /** Of rollups the lowest and the highest value of the row, NaN elsewhere. */
  readonly low: number[];
  readonly high: number[];
  /** Length of the time that a row stands for, ms; 0 for a single reading. */
  readonly step: number[];
  /** Breaks in the line are marked with NaN up to here; behind it readings are numbered. */
  markedUntil: number;
  /** Whether any row is of a rollup. */
  banded: boolean;
  /** Time between the columns that the readings were thinned out to, ms; 0 when every reading is there. */
  thinnedMs: number;
}

export function emptyJoined(): JoinedSeries {
  return {
    t: [],
    v: [],
    boot: [],
    seq: [],
    n: [],
    head: 0,
    flags: new Map(),
    low: [],
    high: [],
    step: [],
    markedUntil: Number.NEGATIVE_INFINITY,
    banded: false,
    thinnedMs: 0,
  };
}

/** Rows of history for one stretch of the axis. */
export interface Piece extends Range {
  rows: Pick<HistoryReadings, "t" | "v" | "min" | "max" | "stepMs">;
  /** Time between columns when they were thinned out, else 0, ms. */
  thinnedMs: number;
}

/** Taken for the interval of who declares none, where its readings are not closer, ms. */
const UNDECLARED_MS = 1_000;

/**
 * From when on the live window holds every reading, ms: infinite when it holds none. The window is kept by time of
 * arrival, so a reading of an hour ago that came just now is in it, but not those around it.
 */
export function jointOf(
  live: Series,
  options: { now: number; windowMs: number; cut: boolean; intervalMs: number },
): number {
  const { now, windowMs, cut, intervalMs } = options;
  let first = firstAfter(live.t, now - windowMs - 1, live.head);
  if (cut) {
    // What came before the oldest arrival is not there; what it tells of may be older still.
    let oldest = first;
    for (let i = first; i < live.n.length; i++) if ((live.n[i] ?? 0) < (live.n[oldest] ?? 0)) oldest = i;
    first = oldest;
  }
  const t = live.t[first];
  if (t === undefined) return Number.POSITIVE_INFINITY;
  // Both measure the node's clock for themselves and differ by some ms: half an interval tells readings apart. One
  // without a declared interval is often of the older forms, whose time is that of its arrival at each.
  const spacingMs = Math.min(UNDECLARED_MS, (live.t[first + 1] ?? Number.POSITIVE_INFINITY) - t);
  return t - (intervalMs > 0 ? intervalMs : spacingMs) / 2;
}

interface JoinOptions {
  range: Range;
  joint: number;
  /** A step in time above this is a gap, ms. */
  gapMs: number;
}

/**
 * Puts what the historian has left of `joint` and the live window right of it behind one another. A step in time
 * that is longer than `gapMs`, and than the distance to which readings were thinned out, becomes a row with NaN.
 * One row before the left edge is kept, so that the line comes in from outside.
 */
export function join(
  pieces: readonly Piece[],
  live: Series,
  { range, joint, gapMs }: JoinOptions,
  into: JoinedSeries,
): JoinedSeries {
  clear(into);
  let last = Number.NEGATIVE_INFINITY;
  let lastGapMs = 0;
  for (const piece of pieces) {
    const { rows, thinnedMs } = piece;
    // A row of a rollup stands for the time around it, and may lie across the edge of its tile.
    const half = rows.stepMs / 2;
    const pieceGapMs = gapOf(piece, gapMs);
    const start = Math.max(0, firstAfter(rows.t, Math.max(piece.from - half, range.from) - 1, 0) - 1);
    for (let i = start; i < rows.t.length; i++) {
      const t = rows.t[i] ?? 0;
      if (t >= joint || t - half >= piece.to || t > range.to + pieceGapMs) break;
      if (half > 0 ? t + half <= piece.from : t < piece.from) continue;
      const v = rows.v[i] ?? Number.NaN;
      const low = rows.min?.[i] ?? Number.NaN;
      const high = rows.max?.[i] ?? Number.NaN;
      if (t <= last) {
        // The tile before has its part of this row.
        if (half > 0) widenLast(into, low, high);
        continue;
      }
      if (t - last > Math.max(pieceGapMs, lastGapMs) && into.t.length > 0) mark(into, (last + t) / 2);
      put(into, t, v, low, high, rows.stepMs);
      if (rows.stepMs > 0) into.banded = true;
      if (t >= range.from) into.thinnedMs = Math.max(into.thinnedMs, thinnedMs, rows.stepMs);
      last = t;
      lastGapMs = pieceGapMs;
    }
  }
  into.markedUntil = last;
  if (joint <= range.to) append(live, joint, into, Math.max(gapMs, lastGapMs));
  into.flags = live.flags;
  return into;
}

/** The time between two rows of a piece above which something is missing between them, ms. */
function gapOf({ rows, thinnedMs }: Piece, gapMs: number): number {
  // The two that are kept of neighbouring columns lie up to two columns apart, give or take how they are cut.
  return gapMs + Math.max(rows.stepMs * 1.5, thinnedMs * 2.1);
}

function append(live: Series, joint: number, into: JoinedSeries, gapMs: number): void {
  for (let i = firstAfter(live.t, joint - 1e-3, live.head); i < live.t.length; i++) {
    const t = live.t[i] ?? 0;
    const end = into.t.at(-1);
    if (end !== undefined && into.markedUntil === end && t - end > gapMs) mark(into, (end + t) / 2);
    into.t.push(t);
    into.v.push(live.v[i] ?? Number.NaN);
    into.boot.push(live.boot[i] ?? 0);
    into.seq.push(live.seq[i] ?? 0);
    into.n.push(live.n[i] ?? -1);
    into.low.push(Number.NaN);
    into.high.push(Number.NaN);
    into.step.push(0);
  }
}

function widenLast(into: JoinedSeries, low: number, high: number): void {
  const end = into.t.length - 1;
  if (low < (into.low[end] ?? Number.NaN)) into.low[end] = low;
  if (high > (into.high[end] ?? Number.NaN)) into.high[end] = high;
}

function mark(into: JoinedSeries, t: number): void {
  put(into, t, Number.NaN, Number.NaN, Number.NaN, 0);
}

function put(into: JoinedSeries, t: number, v: number, low: number, high: number, step: number): void {
  into.t.push(t);
  into.v.push(v);
  into.boot.push(0);
  into.seq.push(0);
  into.n.push(-1);
  into.low.push(low);
  into.high.push(high);
  into.step.push(step);
}

function clear(into: JoinedSeries): void {
  for (const column of [into.t, into.v, into.boot, into.seq, into.n, into.low, into.high, into.step]) {
    column.length = 0;
  }
  into.banded = false;
  into.thinnedMs = 0;
}

/**
 * As {@link summarise}, of joined rows: the extremes are exact, as every row keeps its own. Rows count for the mean
 * by the time that they stand for.
 */
export function summariseJoined(
  series: JoinedSeries,
  { from, to }: Range,
  intervalMs: number,
): Summary | undefined {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let sum = 0;
  let weights = 0;
  let count = 0;
  let flagged = 0;
  for (let i = firstAfter(series.t, from - 1, 0); i < series.t.length; i++) {
    if ((series.t[i] ?? 0) > to) break;
    if (series.flags.size > 0 && series.flags.has(series.n[i] ?? -1)) flagged += 1;
    const v = series.v[i] ?? Number.NaN;
    if (Number.isNaN(v)) continue;
    const step = series.step[i] ?? 0;
    const weight = step > 0 && intervalMs > 0 ? Math.max(1, step / intervalMs) : 1;
    min = Math.min(min, step > 0 ? (series.low[i] ?? v) : v);
    max = Math.max(max, step > 0 ? (series.high[i] ?? v) : v);
    sum += v * weight;
    weights += weight;
    count += 1;
  }
  return count === 0 ? undefined : { min, max, mean: sum / weights, count, flagged };
}
