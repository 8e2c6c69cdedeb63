import type { Catalogue, NodeView, SensorView } from "@fieldmesh/protocol";

/** Key of a node: `{domain}/{node}`. */
export type NodeKey = string;

/** The nodes after a message of the server; the map given is left alone. */
export function applyCatalogue(
  nodes: ReadonlyMap<NodeKey, NodeView>,
  message: Catalogue,
): ReadonlyMap<NodeKey, NodeView> {
  const next = new Map(message.full ? [] : nodes);
  for (const [key, node] of Object.entries(message.nodes)) {
    if (node === null) next.delete(key);
    else next.set(key, node);
  }
  return next;
}

/** By domain, then by name; numbers in names by their size. */
const order = new Intl.Collator("en", { numeric: true });
export function sortedKeys(nodes: ReadonlyMap<NodeKey, NodeView>): NodeKey[] {
  return [...nodes.keys()].sort(order.compare);
}

export interface Placed {
  node: NodeView;
  sensor: SensorView;
}

export function findStream(nodes: ReadonlyMap<NodeKey, NodeView>, stream: string): Placed | undefined {
  for (const node of nodes.values()) {
    const sensor = node.sensors.find((s) => s.stream === stream);
    if (sensor !== undefined) return { node, sensor };
  }
  return undefined;
}

/** Whether a node brings faults about on request. The older publishers listen to a topic of their own. */
export function canSimulate(node: NodeView): boolean {
  return node.legacy || node.sensors.some((sensor) => sensor.driver === "simulated");
}

/** What people call it: its label, else its name. */
export function nodeTitle(node: NodeView): string {
  return node.label ?? node.node;
}

const WORDS: Record<string, string> = {
  airquality: "Air quality",
  co2: "CO₂",
  cpu: "CPU",
  usb: "USB",
  rssi: "RSSI",
};

/** `Air quality` for `airquality`, `Disk free` for `disk-free`; of a label only the first letter (`pH` stays). */
export function sensorTitle(sensor: { id: string; label?: string }): string {
  const { label } = sensor;
  if (label !== undefined) {
    return /^[a-z]+(?![A-Z])\b/.test(label) ? label.charAt(0).toUpperCase() + label.slice(1) : label;
  }
  const words = sensor.id.split("-").map((word) => WORDS[word] ?? word);
  const text = words.join(" ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** How a sensor stands, the worst first: what its tile says and what the filter goes by. */
export type Standing = "alarm" | "failed" | "stale" | "waiting" | "ok";

/** Whether what is shown of the sensor is from before: nothing comes from it or from its node. */
export function isAway(node: NodeView, sensor: SensorView): boolean {
  return sensor.stale || node.presence === "offline" || node.presence === "silent";
}

export function standingOf(node: NodeView, sensor: SensorView, alarming: boolean): Standing {
  if (alarming) return "alarm";
  if (sensor.state !== "ok") return "failed";
  if (isAway(node, sensor)) return "stale";
  return sensor.latest === undefined ? "waiting" : "ok";
}

/** A clock that is further off than this is worth a word: charts are right all the same. */
export const CLOCK_WARNING_MS = 2_000; // ms
