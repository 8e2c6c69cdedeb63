import type { LossEntry } from "@fieldmesh/protocol";
import type { OutageMark } from "../chart/outages.js";
import type { HistorianState } from "../history/client.js";
import { pastOf } from "../history/histories.js";
import type { EventMark } from "../model/alarms.js";
import { lossesIn, lossTone } from "../model/losses.js";
import type { Range } from "../model/time-view.js";
import type { Summary } from "../model/window.js";
import { streams } from "../state.js";
import type { ChartLine, Row, StreamLine } from "./stream-line.js";

/** What a chart shows at present in figures. */
export interface Shown {
  range: Range;
  live: boolean;
  lines: { stream: string; summary: Summary | undefined }[];
  /** Time that one row stands for where not every reading is drawn, ms; else 0. */
  thinnedMs: number;
  banded: boolean;
  /** As far as this view needs it. */
  historian: HistorianState;
  /** Length of the live window where the count of readings cut it, ms. */
  cutToMs: number | undefined;
  losses: readonly LossEntry[];
}

/** The moment under the crosshair, and the row of each line nearest to it. */
export interface Pointed {
  t: number;
  /** Place in the canvas and width of that, CSS pixels. */
  x: number;
  width: number;
  rows: (Row | undefined)[];
  /** Gaps that this moment lies in. */
  losses: readonly LossEntry[];
  /** Raises and clears that are drawn there. */
  marks: readonly EventMark[];
}

/** Gaps of the one stream of a detailed chart. */
export function lossesOf(lines: readonly ChartLine[]): readonly LossEntry[] {
  const [first] = lines;
  return first === undefined ? [] : pastOf(first.sensor.stream).annotations.losses;
}

export function outagesOf(
  losses: readonly LossEntry[],
  { from, to }: Range,
  focused: LossEntry | undefined,
  pointed: readonly LossEntry[],
): OutageMark[] {
  return lossesIn(losses, from, to).map((loss) => ({
    from: loss.fromAt,
    to: loss.toAt,
    tone: lossTone(loss),
    named: loss.id === focused?.id || pointed.includes(loss),
  }));
}

export function shownOf(
  { lines, detailed }: { lines: readonly ChartLine[]; detailed: boolean },
  lineOf: (stream: string) => StreamLine,
  range: Range,
  live: boolean,
): Shown {
  const drawn = lines.map(({ sensor }) => lineOf(sensor.stream));
  const [first] = drawn;
  const window = first === undefined ? undefined : streams.store(first.stream).window;
  const oldest = window?.t[window.head] ?? range.to;
  const states = drawn.map((line) => line.historian);
  return {
    range,
    live,
    lines: lines.map(({ sensor }, i) => ({
      stream: sensor.stream,
      summary: drawn[i]?.summary(sensor.intervalMs),
    })),
    thinnedMs: Math.max(0, ...drawn.map((line) => line.thinnedMs)),
    banded: drawn.some((line) => line.banded),
    historian: states.find((state) => state === "none" || state === "away") ?? states[0] ?? "unasked",
    cutToMs: window?.cut === true && oldest > range.from + 1_000 ? range.to - oldest : undefined,
    losses: detailed ? lossesIn(lossesOf(lines), range.from, range.to) : [],
  };
}
