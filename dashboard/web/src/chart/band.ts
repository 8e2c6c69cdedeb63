import { firstAfter, type Series } from "../model/window.js";
import type { Frame } from "./frame.js";

interface Band {
  series: Series;
  /** Of each row of `series`; NaN where there is no band. */
  low: readonly number[];
  high: readonly number[];
  colour: string;
}

/** The line above it is the mean: the band is light enough to see the grid through it. */
const OPACITY = 0.22;

/** Fills what lies between the lowest and the highest values, stretch by stretch. */
export function drawBand(context: CanvasRenderingContext2D, frame: Frame, band: Band): void {
  const { series, low, high, colour } = band;
  const start = Math.max(series.head, firstAfter(series.t, frame.from - 1, series.head) - 1);
  context.save();
  context.fillStyle = colour;
  context.globalAlpha = OPACITY;
  let first = -1;
  for (let i = start; i <= series.t.length; i++) {
    const inBand = !Number.isNaN(low[i] ?? Number.NaN) && !Number.isNaN(high[i] ?? Number.NaN);
    if (inBand && first < 0) first = i;
    const over = (series.t[i - 1] ?? 0) > frame.to;
    if (first >= 0 && (!inBand || over)) {
      fillStretch(context, frame, band, first, i - 1);
      first = -1;
    }
    if (over) break;
  }
  context.restore();
}

function fillStretch(
  context: CanvasRenderingContext2D,
  frame: Frame,
  { series, low, high }: Band,
  first: number,
  last: number,
): void {
  // A single row has no width: it is drawn as wide as a line.
  const room = first === last ? 1 : 0;
  context.beginPath();
  for (let i = first; i <= last; i++) context.lineTo(frame.x(series.t[i] ?? 0) - room, frame.y(high[i] ?? 0));
  if (room > 0) context.lineTo(frame.x(series.t[first] ?? 0) + room, frame.y(high[first] ?? 0));
  for (let i = last; i >= first; i--) context.lineTo(frame.x(series.t[i] ?? 0) + room, frame.y(low[i] ?? 0));
  if (room > 0) context.lineTo(frame.x(series.t[first] ?? 0) - room, frame.y(low[first] ?? 0));
  context.closePath();
  context.fill();
}
