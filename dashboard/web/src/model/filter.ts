import type { AlarmView, NodeView, SensorView } from "@fieldmesh/protocol";
import { isAway, nodeTitle, sensorTitle } from "./catalogue.js";

export type StateFilter = "all" | "alarming" | "stale";

export interface Filter {
  /** Words that must all be found in what a tile or its node shows. */
  text: string;
  /** "" for every domain. */
  domain: string;
  state: StateFilter;
}

export const NO_FILTER: Filter = { text: "", domain: "", state: "all" };

export function isFiltering(filter: Filter): boolean {
  return filter.text.trim() !== "" || filter.domain !== "" || filter.state !== "all";
}

/** The sensors of a node that pass; in the order of its birth. */
export function passing(
  node: NodeView,
  filter: Filter,
  worst: ReadonlyMap<string, AlarmView>,
): readonly SensorView[] {
  if (filter.domain !== "" && node.domain !== filter.domain) return [];
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0 && filter.state === "all") return node.sensors;
  const ofNode = [node.domain, node.node, nodeTitle(node), node.host ?? ""].join(" ").toLowerCase();
  return node.sensors.filter((sensor) => {
    if (filter.state === "alarming" && !worst.has(sensor.stream)) return false;
    // An alarm of a sensor that went away afterwards stands, and is old news.
    if (filter.state === "stale" && !isAway(node, sensor) && sensor.state === "ok") return false;
    if (words.length === 0) return true;
    const text = `${ofNode} ${sensor.id} ${sensorTitle(sensor)} ${sensor.type} ${sensor.unit}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
