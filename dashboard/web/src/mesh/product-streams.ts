import { fitsFilter, type NodeView } from "@fieldmesh/protocol";
import { findStream, type Placed } from "../model/catalogue.js";
import type { OutputPort, Product } from "./types.js";

/** More are not shown beside one port. */
const MOST_STREAMS = 20;

/** The streams known here whose readings a port gives out. */
export function streamsOfPort(nodes: ReadonlyMap<string, NodeView>, port: OutputPort): Placed[] {
  if (port.kind !== "mqtt") return [];
  const found: Placed[] = [];
  for (const node of nodes.values()) {
    for (const sensor of node.sensors) {
      if (!fitsFilter(port.topicFilter, `${node.domain}/${node.node}/${sensor.id}/raw`)) continue;
      found.push({ node, sensor });
      if (found.length >= MOST_STREAMS) return found;
    }
  }
  return found;
}

/**
 * The streams known here that a product's data comes from: the one it was seen by, and those of its ports. The name of
 * a stream is also the id of its product.
 */
export function streamsOf(nodes: ReadonlyMap<string, NodeView>, product: Product): Placed[] {
  const own = findStream(nodes, product.observed?.stream ?? product.id);
  const found = own === undefined ? [] : [own];
  for (const port of product.outputPorts) {
    for (const placed of streamsOfPort(nodes, port)) {
      if (found.some(({ sensor }) => sensor.stream === placed.sensor.stream)) continue;
      found.push(placed);
      if (found.length >= MOST_STREAMS) return found;
    }
  }
  return found;
}
