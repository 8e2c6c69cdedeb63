import type { Chart } from "chart.js";

/** The plotting area, pixels, and what it shows. */
export interface Frame {
  left: number;
  right: number;
  top: number;
  bottom: number;
  x: (t: number) => number;
  y: (v: number) => number;
  from: number;
  to: number;
  min: number;
  max: number;
}

/** Undefined before the chart was laid out. */
export function frameOf(chart: Chart): Frame | undefined {
  const { x, y } = chart.scales;
  if (x === undefined || y === undefined) return undefined;
  return {
    ...chart.chartArea,
    x: (t) => x.getPixelForValue(t),
    y: (v) => y.getPixelForValue(v),
    from: x.min,
    to: x.max,
    min: y.min,
    max: y.max,
  };
}
