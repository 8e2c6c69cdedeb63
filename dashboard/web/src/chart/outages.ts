import type { LossTone } from "../model/losses.js";
import type { Frame } from "./frame.js";
import type { Palette } from "./palette.js";

/** A stretch of which readings came late or not at all. */
export interface OutageMark {
  from: number;
  /** `null` while it goes on. */
  to: number | null;
  tone: LossTone;
  /** Under the pointer, or in the list with the focus. */
  named: boolean;
}

/** Height of the strip at the foot, which shows also an outage of a pixel's width. */
const STRIP_PX = 4;
const LEAST_PX = 2;

/** Shades the stretch over the whole height, with a strip at its foot. */
export function drawOutages(
  context: CanvasRenderingContext2D,
  frame: Frame,
  outages: readonly OutageMark[],
  palette: Palette,
): void {
  for (const { from, to, tone, named } of outages) {
    const end = to ?? frame.to;
    if (end < frame.from || from > frame.to) continue;
    const left = Math.max(frame.left, frame.x(from));
    const right = Math.min(frame.right, Math.max(frame.x(end), frame.x(from) + LEAST_PX));
    const { fill, edge } = palette.loss[tone];
    context.fillStyle = fill;
    context.fillRect(left, frame.top, right - left, frame.bottom - frame.top);
    if (named) context.fillRect(left, frame.top, right - left, frame.bottom - frame.top);
    context.fillStyle = edge;
    context.globalAlpha = 0.9;
    context.fillRect(left, frame.bottom - STRIP_PX, right - left, STRIP_PX);
    context.globalAlpha = 1;
  }
}
