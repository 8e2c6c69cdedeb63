import { durationText, timeText } from "../model/times.js";
import { type Measured, valueText } from "../model/units.js";
import type { Row } from "./stream-line.js";

/** A row of a chart in words. */
export interface RowText {
  value: string;
  /** Of a rollup: between what it moved. */
  spread?: string;
  time: string;
}

export function rowText(row: Row, sensor: Measured, now: number): RowText {
  if (row.stepMs === 0) {
    const missing = Number.isNaN(row.v) && row.flag === undefined;
    return {
      value: missing ? "no reading" : valueText(row.v, sensor, "fine"),
      time: timeText(row.t, now),
    };
  }
  const time = `${durationText(row.stepMs)} around ${timeText(row.t, now)}`;
  if (Number.isNaN(row.v)) return { value: "no reading", time };
  return {
    value: `mean ${valueText(row.v, sensor, "fine")}`,
    spread: `${valueText(row.low, sensor, "fine")} to ${valueText(row.high, sensor, "fine")}`,
    time,
  };
}
