import type { NodeView, SensorView } from "@fieldmesh/protocol";
import { findStream, type NodeKey, nodeTitle, sensorTitle } from "./catalogue.js";
import { inputUnit } from "./units.js";

export interface ComparedLine {
  node: NodeView;
  sensor: SensorView;
  /** Node and sensor as people call them. */
  name: string;
  /** Which of the theme's colours: its place in the list. */
  colour: number;
}

/** Streams that share a vertical axis. */
export interface ComparedChart {
  /** Unit, or what the states of a boolean are called. */
  key: string;
  title: string;
  lines: ComparedLine[];
}

export interface Comparison {
  charts: ComparedChart[];
  lines: ComparedLine[];
  /** Named in the address and not known. */
  unknown: string[];
}

/** The charts for these streams, in the order in which each unit was named first. */
export function comparisonOf(nodes: ReadonlyMap<NodeKey, NodeView>, streams: readonly string[]): Comparison {
  const charts = new Map<string, ComparedChart>();
  const lines: ComparedLine[] = [];
  const unknown: string[] = [];
  for (const [colour, stream] of streams.entries()) {
    const placed = findStream(nodes, stream);
    if (placed === undefined) {
      unknown.push(stream);
      continue;
    }
    const { node, sensor } = placed;
    const line = { node, sensor, name: `${nodeTitle(node)} · ${sensorTitle(sensor)}`, colour };
    const boolean = sensor.valueType === "boolean";
    const key = boolean ? `boolean ${sensor.type}` : sensor.unit;
    const chart = charts.get(key) ?? {
      key,
      title: boolean ? sensor.type : unitTitle(sensor.unit),
      lines: [],
    };
    chart.lines.push(line);
    lines.push(line);
    charts.set(key, chart);
  }
  return { charts: [...charts.values()], lines, unknown };
}

function unitTitle(unit: string): string {
  const text = inputUnit(unit);
  return text === "" ? "without unit" : text;
}
