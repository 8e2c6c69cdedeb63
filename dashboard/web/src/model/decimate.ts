import { firstAfter, type Series } from "./window.js";

export interface Point {
  x: number;
  /** NaN breaks the line. */
  y: number;
}

export interface Decimated {
  /** The first `length` points count; those behind are kept to be used again. */
  points: Point[];
  length: number;
  /** Of what is drawn; infinite when there is nothing. */
  min: number;
  max: number;
  /** Times of readings that are not good, at most one a column, each once for bad and once for uncertain. */
  bad: number[];
  uncertain: number[];
  /** Readings that stand alone between gaps: a dot makes them seen. */
  alone: Point[];
}

export function emptyDecimated(): Decimated {
  return {
    points: [],
    length: 0,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    bad: [],
    uncertain: [],
    alone: [],
  };
}

export interface DecimateOptions {
  /** Left and right edge, ms. */
  from: number;
  to: number;
  /** Width of a pixel column, ms. */
  columnMs: number;
  /** A step in time above this is a gap even when no sequence number is missing, ms. */
  gapMs: number;
  /** Up to here gaps are rows without a value already, and nothing else is one, ms. */
  markedUntil?: number;
}

/**
 * Reduces a series to what a screen can show and loses no extreme: of each pixel column the first, the least,
 * the greatest and the last reading, in the order of their times. Columns are cut at multiples of `columnMs`
 * since the epoch, not at the left edge, so that a line does not shimmer while it moves.
 *
 * A gap breaks the line where it is wide enough to be seen. There is one where sequence numbers of a boot are
 * missing, where nothing came for longer than `gapMs` (and three times the spacing before it, as the interval
 * may have been changed within the window), and around a bad reading. A reading that stands alone between
 * gaps becomes a dash of one column's width, as a line through one point would be invisible.
 *
 * `into` is filled and returned: a chart that redraws four times a second makes no garbage.
 */
export function decimate(series: Series, options: DecimateOptions, into: Decimated): Decimated {
  const { from, to, columnMs, gapMs, markedUntil = Number.NEGATIVE_INFINITY } = options;
  const { t, v, boot, n, flags } = series;
  into.length = 0;
  into.min = Number.POSITIVE_INFINITY;
  into.max = Number.NEGATIVE_INFINITY;
  into.bad.length = 0;
  into.uncertain.length = 0;
  into.alone.length = 0;

  let column = Number.NaN;
  let first = -1;
  let least = -1;
  let greatest = -1;
  let last = -1;
  let segment = 0; // points put since the line was last broken
  let previous = -1; // the good reading before
  let spacing = 0; // time between the two before, ms
  let broken = false; // a bad reading since `previous`

  const put = (x: number, y: number): void => {
    const point = into.points[into.length];
    if (point === undefined) into.points.push({ x, y });
    else {
      point.x = x;
      point.y = y;
    }
    into.length += 1;
  };
  const putReading = (i: number): void => {
    const y = v[i] ?? 0;
    put(t[i] ?? 0, y);
    if (y < into.min) into.min = y;
    if (y > into.max) into.max = y;
    segment += 1;
  };
  const flush = (): void => {
    if (first < 0) return;
    const earlier = Math.min(least, greatest);
    const later = Math.max(least, greatest);
    putReading(first);
    if (earlier > first && earlier < last) putReading(earlier);
    if (later > earlier && later > first && later < last) putReading(later);
    if (last > first) putReading(last);
    first = -1;
  };
  const breakLine = (): void => {
    flush();
    const end = into.points[into.length - 1];
    if (segment === 0 || end === undefined) return;
    if (segment === 1) {
      const { x, y } = end;
      into.alone.push({ x, y });
      end.x = x - columnMs / 2;
      put(x + columnMs / 2, y);
      put(x + columnMs / 2, Number.NaN);
    } else put(end.x, Number.NaN);
    segment = 0;
  };

  // One reading before the left edge, so that the line comes in from outside.
  const start = Math.max(series.head, firstAfter(t, from - 1, series.head) - 1);
  for (let i = start; i < t.length; i++) {
    const time = t[i] ?? 0;
    if (time > to) break;
    if (flags.size > 0) {
      const flag = flags.get(n[i] ?? -1);
      if (flag !== undefined && time >= from) {
        const marks = flag.quality === "bad" ? into.bad : into.uncertain;
        const mark = marks.at(-1);
        if (mark === undefined || Math.floor(mark / columnMs) !== Math.floor(time / columnMs))
          marks.push(time);
      }
    }
    if (Number.isNaN(v[i] ?? Number.NaN)) {
      broken = true;
      continue;
    }
    const here = Math.floor(time / columnMs);
    if (here !== column) {
      flush();
      if (previous >= 0) {
        const unmarked = (t[previous] ?? 0) > markedUntil;
        if (broken || (unmarked && isGap(series, previous, i, spacing, gapMs))) breakLine();
      }
      column = here;
    }
    broken = false;
    if (first < 0) {
      first = i;
      least = i;
      greatest = i;
    } else {
      if ((v[i] ?? 0) < (v[least] ?? 0)) least = i;
      if ((v[i] ?? 0) > (v[greatest] ?? 0)) greatest = i;
    }
    last = i;
    if (previous >= 0 && boot[previous] === boot[i]) spacing = time - (t[previous] ?? 0);
    previous = i;
  }
  flush();
  if (segment === 1) breakLine();
  return into;
}

function isGap(series: Series, a: number, b: number, spacing: number, gapMs: number): boolean {
  const bootA = series.boot[a] ?? 0;
  const sameBoot = bootA === (series.boot[b] ?? 0);
  // Boot 0: the older forms, whose sequence number is a time.
  if (sameBoot && bootA !== 0 && (series.seq[b] ?? 0) > (series.seq[a] ?? 0) + 1) {
    return !badBetween(series, a, b);
  }
  const step = (series.t[b] ?? 0) - (series.t[a] ?? 0);
  return step > gapMs && step > 3 * spacing;
}

/** Whether the readings between two good ones are there, but bad: the caller has broken the line for those. */
function badBetween(series: Series, a: number, b: number): boolean {
  return b - a === (series.seq[b] ?? 0) - (series.seq[a] ?? 0);
}

/** Of a publisher that says nothing about its interval. */
const UNKNOWN_GAP_MS = 60_000; // ms

/** Time without a reading that is a gap, ms: three intervals, or three times the silence that the sensor may keep. */
export function gapAfter(sensor: { intervalMs: number; maxSilenceMs?: number }): number {
  if (sensor.intervalMs <= 0) return UNKNOWN_GAP_MS;
  return 3 * Math.max(sensor.maxSilenceMs ?? 0, sensor.intervalMs);
}
