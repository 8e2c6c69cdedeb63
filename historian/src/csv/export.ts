import type { SampleColumns } from "@fieldmesh/storage";
import { textField } from "./write.js";

/** Columns of a CSV file that is exported, and that can be imported again. */
export const CSV_COLUMNS = ["time", "value", "unit", "quality", "reason"] as const;

export type ExportFormat = "csv" | "ndjson";

const HEADER = `${CSV_COLUMNS.join(",")}\r\n`;

/**
 * Readings as text, a stretch at a time: who takes it sets the pace.
 * @param times of CSV: ISO 8601, or ms; NDJSON always has ms, as JSON has elsewhere
 */
export async function* exportReadings(
  stretches: AsyncIterable<SampleColumns>,
  format: ExportFormat,
  times: "iso" | "ms",
): AsyncGenerator<string, void, undefined> {
  let header = format === "csv" ? HEADER : "";
  for await (const columns of stretches) {
    if (columns.length === 0) continue;
    yield format === "csv" ? header + csvLines(columns, times) : jsonLines(columns);
    header = "";
  }
  if (header !== "") yield header;
}

function csvLines(columns: SampleColumns, times: "iso" | "ms"): string {
  const unit = textField(columns.unit);
  const marks = new Map(columns.marks.map((mark) => [mark.index, mark]));
  let text = "";
  for (let i = 0; i < columns.length; i++) {
    const at = columns.at[i] ?? 0;
    const time = times === "iso" ? new Date(at).toISOString() : String(Math.round(at));
    const mark = marks.get(i);
    const quality = mark?.quality ?? "";
    const reason = mark?.reason === undefined ? "" : textField(mark.reason);
    text += `${time},${valueText(columns, i)},${unit},${quality},${reason}\r\n`;
  }
  return text;
}

function jsonLines(columns: SampleColumns): string {
  const marks = new Map(columns.marks.map((mark) => [mark.index, mark]));
  const unit = JSON.stringify(columns.unit);
  let text = "";
  for (let i = 0; i < columns.length; i++) {
    const mark = marks.get(i);
    const value = valueText(columns, i);
    text += `{"at":${columns.at[i]},"timestamp":${columns.timestamp[i]},"value":${value === "" ? "null" : value},"unit":${unit}`;
    if (mark !== undefined) {
      text += `,"quality":"${mark.quality}"`;
      if (mark.reason !== undefined) text += `,"reason":${JSON.stringify(mark.reason)}`;
    }
    text += `,"boot":${columns.boot[i]},"seq":${columns.seq[i]}}\n`;
  }
  return text;
}

function valueText({ value, valueType }: SampleColumns, i: number): string {
  const number = value[i] ?? Number.NaN;
  if (Number.isNaN(number)) return "";
  return valueType === "boolean" ? String(number !== 0) : String(number);
}
