import type { Product } from "../resources/product.js";

type Ports = Pick<Product, "outputPorts">;

/**
 * Topic filters that a product is to have from now on and that are not for who says so: whoever approves a consumer
 * opens them at the broker. The first level of a topic is the domain whose data it is.
 * @param opens whether who says so may open topics of a domain
 */
export function foreignFilters(
  before: Ports | undefined,
  next: Ports,
  opens: (domain: string) => boolean,
): { position: number; topicFilter: string }[] {
  const known = new Set(before === undefined ? [] : filtersOf(before));
  return next.outputPorts.flatMap((port, position) => {
    if (port.kind !== "mqtt" || known.has(port.topicFilter)) return [];
    const [domain = ""] = port.topicFilter.split("/");
    return /^[^+#$]+$/.test(domain) && opens(domain) ? [] : [{ position, topicFilter: port.topicFilter }];
  });
}

function filtersOf({ outputPorts }: Ports): string[] {
  return outputPorts.flatMap((port) => (port.kind === "mqtt" ? [port.topicFilter] : []));
}
