import { topicsOf } from "../observe/stream-topics.js";
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
  return observed === undefined ? [] : topicsOf(observed.stream);
}
