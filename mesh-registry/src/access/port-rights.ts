import { RESERVED_DOMAINS } from "@fieldmesh/protocol";
import type { Product } from "../resources/product.js";
import { topicFiltersOf } from "./topic-filters.js";

type Ports = Pick<Product, "outputPorts">;

/**
 * Topic filters that a product is to have from now on and that are not for who says so: whoever approves a consumer
 * opens them at the broker. The first level of a topic is the domain whose data it is; what begins with a reserved name, as
 * `mesh`, is of no domain, also where one is called so. Its own stream a product may always name.
 * @param opens whether who says so may open topics of a domain
 */
export function foreignFilters(
  before: Pick<Product, "outputPorts" | "observed"> | undefined,
  next: Ports,
  opens: (domain: string) => boolean,
): { position: number; topicFilter: string }[] {
  const known = new Set(
    before === undefined ? [] : [...filtersOf(before), ...topicFiltersOf({ ...before, outputPorts: [] })],
  );
  return next.outputPorts.flatMap((port, position) => {
    if (port.kind !== "mqtt" || known.has(port.topicFilter)) return [];
    const [domain = ""] = port.topicFilter.split("/");
    const isOfDomain = /^[^+#$]+$/.test(domain) && !RESERVED_DOMAINS.has(domain);
    return isOfDomain && opens(domain) ? [] : [{ position, topicFilter: port.topicFilter }];
  });
}

function filtersOf({ outputPorts }: Ports): string[] {
  return outputPorts.flatMap((port) => (port.kind === "mqtt" ? [port.topicFilter] : []));
}
