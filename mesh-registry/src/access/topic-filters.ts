import type { Product } from "../resources/product.js";

/**
 * What a consumer of a product may subscribe to: the filters of its MQTT ports; where it declares none, the
 * readings of the stream that was seen.
 */
export function topicFiltersOf({
  outputPorts,
  observed,
}: Pick<Product, "outputPorts" | "observed">): string[] {
  const filters = outputPorts.flatMap((port) => (port.kind === "mqtt" ? [port.topicFilter] : []));
  if (filters.length > 0) return [...new Set(filters)];
  // Names of the wire have no underscore in them.
  const [domain, node, sensor, ...more] = observed?.stream.split("_") ?? [];
  if (domain === undefined || node === undefined || sensor === undefined || more.length > 0) return [];
  return [`${domain}/${node}/${sensor}/raw`];
}
