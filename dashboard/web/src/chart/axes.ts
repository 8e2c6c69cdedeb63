import type { Chart } from "chart.js";
import { tickText, timeTicks } from "../model/times.js";
import { CHART_FONT, type Palette } from "./palette.js";

/** Half the width of a time on the axis: nearer to the edge it would push the plot aside. */
const EDGE_PX = 32;

/** Room for `1,000 ppm`; on a phone for `60 °C`. */
const WIDE_AXIS_PX = 80;
/** Charts narrower than this are on a phone: every pixel of them counts. */
const NARROW_PX = 480;
/** A time on the axis and the room around it. */
const TICK_PX = 110;
const NARROW_TICK_PX = 80;

interface Look {
  /** With times and values; else for a tile, which has neither. */
  large: boolean;
  /** The vertical one takes the same room in every chart, so that moments stand under one another. */
  wideAxis: boolean;
  palette: Palette;
}

/** The axes of one chart: round times, values as people write them. */
export class Axes {
  readonly #look: Look;
  #tickStepMs = 1000;
  /** Where times are written on the axis, ms. */
  #named = { from: 0, to: 0 };
  valueText: (value: number) => string = String;

  constructor(look: Look) {
    this.#look = look;
  }

  /** As Chart.js takes them. */
  options(): NonNullable<Chart<"line">["options"]["scales"]> {
    const { large, wideAxis, palette } = this.#look;
    const font = { family: CHART_FONT, size: 12 };
    const grid = { color: palette.grid, drawTicks: false };
    const border = { display: false };
    const ticks = { display: large, color: palette.text, font, padding: 8 };
    return {
      x: {
        type: "linear",
        display: large,
        min: 0,
        max: 1,
        grid: { ...grid },
        border,
        afterBuildTicks: (axis) => {
          if (large) axis.ticks = this.#ticks(axis);
        },
        ticks: {
          ...ticks,
          maxRotation: 0,
          autoSkip: false,
          callback: (value) => this.#timeText(Number(value)),
        },
      },
      y: {
        type: "linear",
        display: large,
        grid: { ...grid },
        border,
        afterFit: (axis) => {
          if (!wideAxis) return;
          const least = axis.chart.width >= NARROW_PX ? WIDE_AXIS_PX : WIDE_AXIS_PX * 0.7;
          axis.width = Math.max(axis.width, least);
        },
        ticks: {
          ...ticks,
          includeBounds: false,
          maxTicksLimit: large ? 11 : 2,
          callback: (value) => this.valueText(Number(value)),
        },
      },
    };
  }

  #ticks({ min, max, width }: { min: number; max: number; width: number }): { value: number }[] {
    const room = width < NARROW_PX ? NARROW_TICK_PX : TICK_PX;
    const { stepMs, ticks } = timeTicks(min, max, Math.max(2, Math.floor(width / room)));
    this.#tickStepMs = stepMs;
    const edgeMs = ((max - min) * EDGE_PX) / Math.max(1, width);
    this.#named = { from: min + edgeMs, to: max - edgeMs };
    return ticks.map((value) => ({ value }));
  }

  #timeText(t: number): string {
    return t < this.#named.from || t > this.#named.to ? "" : tickText(t, this.#tickStepMs);
  }
}
