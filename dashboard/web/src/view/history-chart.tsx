import type { LossEntry } from "@fieldmesh/protocol";
import { type ReadonlySignal, signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { sensorTitle } from "../model/catalogue.js";
import { ruleText } from "../model/rules.js";
import { durationText, timeText } from "../model/times.js";
import { valueText } from "../model/units.js";
import { seconds } from "../server-clock.js";
import { streams } from "../state.js";
import type { TimeAxis } from "../time-axis.js";
import { startChart } from "./chart-control.js";
import type { Pointed, Shown } from "./chart-figures.js";
import type { ChartLine } from "./stream-line.js";

interface Props {
  lines: readonly ChartLine[];
  axis: TimeAxis;
  /** Of one stream, with its limits, alarms and outages. */
  detailed?: boolean;
  /** A gap that has the focus in the list beside the chart. */
  named?: ReadonlySignal<LossEntry | undefined>;
  onShown: (shown: Shown) => void;
  onPointed: (pointed: Pointed | undefined) => void;
}

/** A screen reader hands the keys on only to an application; it reads the label when the focus comes. */
const INTERACTIVE = {
  tabIndex: 0,
  role: "application",
  "aria-roledescription": "chart",
  "aria-keyshortcuts": "ArrowLeft ArrowRight + - Home Escape",
} as const;

const NOTHING_NAMED = signal<LossEntry | undefined>(undefined);
/** A label that changes with every reading would never be read to its end. */
const LABEL_EVERY_MS = 5_000; // ms

/** A large chart that goes from live into history. It asks for its streams' readings as long as it is there. */
export function HistoryChart({
  lines,
  axis,
  detailed = false,
  named = NOTHING_NAMED,
  onShown,
  onPointed,
}: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const label = useSignal("");
  const labelled = useRef({ at: 0, view: axis.view.peek(), says: "" });
  const tell = (shown: Shown): void => {
    onShown(shown);
    const now = performance.now();
    const view = axis.view.peek();
    const says = `${shown.lines.filter(({ summary }) => summary !== undefined).length} ${shown.losses.length}`;
    const last = labelled.current;
    // What was not there when the label was made is told at once.
    if (last.view === view && last.says === says && now - last.at < LABEL_EVERY_MS) return;
    labelled.current = { at: now, view, says };
    label.value = chartLabel(lines, shown, detailed);
  };
  const subjects = useRef({ lines, detailed, onShown: tell, onPointed });
  subjects.current = { lines, detailed, onShown: tell, onPointed };
  const names = lines.map(({ sensor }) => sensor.stream).join(" ");

  useEffect(() => {
    const hide = names.split(" ").map((name) => streams.show(name));
    return () => {
      for (const end of hide) end();
    };
  }, [names]);
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    return startChart({ element, axis, subjects, named });
  }, [names, axis, named]);
  return (
    <div class="chart chart-large">
      <canvas ref={canvas} aria-label={label} {...INTERACTIVE} />
    </div>
  );
}

function chartLabel(lines: readonly ChartLine[], shown: Shown, detailed: boolean): string {
  const { range, live } = shown;
  const now = seconds.peek();
  const when = live
    ? `last ${durationText(range.to - range.from)}`
    : `from ${timeText(range.from, now)} to ${timeText(range.to, now)}`;
  const parts = lines.map(({ node, sensor }, i) => {
    const what = `${sensorTitle(sensor)} of ${node.label ?? node.node}`;
    const summary = shown.lines[i]?.summary;
    if (summary === undefined) return `${what}, ${when}: no readings.`;
    const v = (value: number): string => valueText(value, sensor);
    const count = shown.thinnedMs === 0 ? `, ${summary.count} readings` : "";
    return `${what}, ${when}: lowest ${v(summary.min)}, mean ${v(summary.mean)}, highest ${v(summary.max)}${count}.`;
  });
  const [first] = lines;
  if (detailed && first !== undefined) {
    const rules = first.sensor.rules.map((rule) => `${rule.id}: ${ruleText(rule, first.sensor)}`).join("; ");
    if (rules !== "") parts.push(`Alarms: ${rules}.`);
    if (shown.losses.length > 0) parts.push(`${shown.losses.length} outages.`);
  }
  return parts.join(" ");
}
