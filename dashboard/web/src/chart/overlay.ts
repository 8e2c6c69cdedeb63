import type { Chart, Plugin } from "chart.js";
import type { EventMark } from "../model/alarms.js";
import type { Point } from "../model/decimate.js";
import type { LimitLine } from "../model/rules.js";
import type { Series } from "../model/window.js";
import { drawBand } from "./band.js";
import { frameOf } from "./frame.js";
import { drawOutages, type OutageMark } from "./outages.js";
import { CHART_FONT, type Palette } from "./palette.js";

/** What is drawn around one line. */
export interface LineOverlay {
  colour: string;
  series: Series;
  band: { low: readonly number[]; high: readonly number[] } | undefined;
  bad: readonly number[];
  uncertain: readonly number[];
  alone: readonly Point[];
}

/** What is drawn around the lines: limits, alarms, events, outages, readings that are not good, the crosshair. */
export interface Overlay {
  palette: Palette;
  limits: readonly LimitLine[];
  /** In order of time; all of the stream's, also those left of the axis. */
  marks: readonly EventMark[];
  outages: readonly OutageMark[];
  lines: readonly LineOverlay[];
  limitText: (value: number) => string;
  /** Its moment, and the value of each line there. */
  cursor: { x: number; ys: readonly number[] } | undefined;
  large: boolean;
}

/** Draws under and over Chart.js's line, with nothing of it per reading. */
export function overlayPlugin(read: () => Overlay): Plugin<"line"> {
  return {
    id: "overlay",
    beforeDatasetsDraw(chart) {
      const overlay = read();
      inArea(chart, (context) => {
        const frame = frameOf(chart);
        if (frame === undefined) return;
        drawOutages(context, frame, overlay.outages, overlay.palette);
        drawBands(chart, context, overlay);
        for (const { series, band, colour } of overlay.lines) {
          if (band !== undefined) drawBand(context, frame, { series, ...band, colour });
        }
        drawLimits(chart, context, overlay);
      });
    },
    afterDatasetsDraw(chart) {
      const overlay = read();
      for (const line of overlay.lines) {
        drawFlags(chart, line.bad, overlay.palette.severity.critical);
        drawFlags(chart, line.uncertain, overlay.palette.severity.warning);
        drawAlone(chart, line, overlay.large);
      }
      drawEvents(chart, overlay);
      drawLimitLabels(chart, overlay);
      drawCursor(chart, overlay);
    },
  };
}

function inArea(chart: Chart, draw: (context: CanvasRenderingContext2D) => void): void {
  const { ctx, chartArea } = chart;
  ctx.save();
  ctx.beginPath();
  ctx.rect(chartArea.left, chartArea.top, chartArea.width, chartArea.height);
  ctx.clip();
  draw(ctx);
  ctx.restore();
}

/** The time during which an alarm stood, from its raise to its clear or to now. */
function drawBands(chart: Chart, context: CanvasRenderingContext2D, overlay: Overlay): void {
  const frame = frameOf(chart);
  if (frame === undefined) return;
  const open = new Map<string, EventMark>();
  const fill = (mark: EventMark, end: number): void => {
    if (end < frame.from || mark.t > frame.to) return;
    const left = Math.max(frame.left, frame.x(mark.t));
    const right = Math.min(frame.right, frame.x(end));
    context.fillStyle = overlay.palette.band[mark.severity];
    context.fillRect(left, frame.top, Math.max(1, right - left), frame.bottom - frame.top);
  };
  for (const mark of overlay.marks) {
    if (mark.state === "raised") {
      if (!open.has(mark.rule)) open.set(mark.rule, mark);
      continue;
    }
    const raise = open.get(mark.rule);
    if (raise !== undefined) fill(raise, mark.t);
    open.delete(mark.rule);
  }
  for (const raise of open.values()) fill(raise, frame.to);
}

function drawLimits(chart: Chart, context: CanvasRenderingContext2D, overlay: Overlay): void {
  const frame = frameOf(chart);
  if (frame === undefined) return;
  context.lineWidth = 1;
  context.setLineDash([5, 4]);
  for (const limit of overlay.limits) {
    if (limit.value < frame.min || limit.value > frame.max) continue;
    const y = Math.round(frame.y(limit.value)) + 0.5;
    context.strokeStyle = overlay.palette.severity[limit.severity];
    context.globalAlpha = 0.85;
    context.beginPath();
    context.moveTo(frame.left, y);
    context.lineTo(frame.right, y);
    context.stroke();
  }
}

/** The limit's figure on its line; one outside the axis is named at the edge behind which it lies. */
function drawLimitLabels(chart: Chart, overlay: Overlay): void {
  const frame = frameOf(chart);
  if (frame === undefined) return;
  const { ctx } = chart;
  const size = overlay.large ? 12 : 10;
  ctx.save();
  ctx.font = `600 ${size}px ${CHART_FONT}`;
  ctx.textAlign = "right";
  const taken: number[] = [];
  for (const limit of overlay.limits) {
    const outside = limit.value > frame.max ? "↑ " : limit.value < frame.min ? "↓ " : "";
    const line = Math.min(frame.bottom, Math.max(frame.top, frame.y(limit.value)));
    // On the quiet side of the line, so that the excursion stays readable.
    const below = limit.value > frame.max || (outside === "" && limit.bad === "above");
    let y = below ? line + 3 : line - 3;
    ctx.textBaseline = below ? "top" : "bottom";
    y = below ? Math.min(y, frame.bottom - size) : Math.max(y, frame.top + size);
    if (taken.some((other) => Math.abs(other - y) < size)) continue;
    taken.push(y);
    const text = `${outside}${overlay.limitText(limit.value)}`;
    // A patch of ground behind it keeps it readable over the line, for a tenth of what an outline costs.
    const width = ctx.measureText(text).width + 6;
    ctx.globalAlpha = 0.8;
    ctx.fillStyle = overlay.palette.surface;
    ctx.fillRect(frame.right - width - 1, below ? y - 1 : y - size, width, size + 1);
    ctx.globalAlpha = 1;
    ctx.fillStyle = overlay.palette.severity[limit.severity];
    ctx.fillText(text, frame.right - 4, y);
  }
  ctx.restore();
}

/** Ticks along the lower edge where readings were bad or uncertain. */
function drawFlags(chart: Chart, times: readonly number[], colour: string): void {
  const frame = frameOf(chart);
  if (frame === undefined || times.length === 0) return;
  const { ctx } = chart;
  ctx.save();
  ctx.fillStyle = colour;
  for (const t of times) {
    const x = frame.x(t);
    if (x >= frame.left - 1 && x <= frame.right + 1) ctx.fillRect(x - 1, frame.bottom - 7, 2, 7);
  }
  ctx.restore();
}

/** A line through one reading has no length. */
function drawAlone(chart: Chart, { alone, colour }: LineOverlay, large: boolean): void {
  const frame = frameOf(chart);
  if (frame === undefined || alone.length === 0) return;
  const { ctx } = chart;
  ctx.save();
  ctx.fillStyle = colour;
  for (const { x, y } of alone) {
    if (x < frame.from || x > frame.to) continue;
    ctx.beginPath();
    ctx.arc(frame.x(x), frame.y(y), large ? 3 : 2, 0, 2 * Math.PI);
    ctx.fill();
  }
  ctx.restore();
}

/** Of a year of alarms only the triangles are drawn: their lines would hide what was measured. */
const MOST_LINES = 60;

/** A filled triangle for a raise, a hollow one for a clear, at the upper edge; every one of them is drawn. */
function drawEvents(chart: Chart, overlay: Overlay): void {
  const frame = frameOf(chart);
  if (frame === undefined) return;
  const { ctx } = chart;
  const size = overlay.large ? 6 : 4.5;
  ctx.save();
  ctx.lineWidth = 1.5;
  const shown = overlay.marks.filter(({ t }) => t >= frame.from && t <= frame.to);
  for (const mark of shown) {
    const x = frame.x(mark.t);
    const colour = overlay.palette.severity[mark.severity];
    ctx.strokeStyle = colour;
    if (shown.length <= MOST_LINES) {
      ctx.globalAlpha = 0.6;
      ctx.beginPath();
      ctx.moveTo(x, frame.top + 2 * size);
      ctx.lineTo(x, frame.bottom);
      ctx.setLineDash(mark.state === "raised" ? [] : [2, 3]);
      ctx.stroke();
      ctx.setLineDash([]);
      ctx.globalAlpha = 1;
    }
    ctx.beginPath();
    ctx.moveTo(x - size, frame.top + 1);
    ctx.lineTo(x + size, frame.top + 1);
    ctx.lineTo(x, frame.top + 1 + 1.7 * size);
    ctx.closePath();
    ctx.fillStyle = mark.state === "raised" ? colour : overlay.palette.surface;
    ctx.fill();
    ctx.stroke();
  }
  ctx.restore();
}

function drawCursor(chart: Chart, { cursor, palette, lines }: Overlay): void {
  const frame = frameOf(chart);
  if (frame === undefined || cursor === undefined) return;
  if (cursor.x < frame.from || cursor.x > frame.to) return;
  const { ctx } = chart;
  const x = Math.round(frame.x(cursor.x)) + 0.5;
  ctx.save();
  ctx.strokeStyle = palette.text;
  ctx.lineWidth = 1;
  ctx.beginPath();
  ctx.moveTo(x, frame.top);
  ctx.lineTo(x, frame.bottom);
  ctx.stroke();
  for (const [i, y] of cursor.ys.entries()) {
    if (Number.isNaN(y)) continue;
    ctx.beginPath();
    ctx.arc(x, frame.y(y), 4, 0, 2 * Math.PI);
    ctx.fillStyle = lines[i]?.colour ?? palette.line;
    ctx.strokeStyle = palette.surface;
    ctx.lineWidth = 2;
    ctx.fill();
    ctx.stroke();
  }
  ctx.restore();
}
