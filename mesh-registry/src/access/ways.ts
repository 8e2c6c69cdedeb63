import { streamOfTopic } from "../observe/stream-topics.js";
import type { Product } from "../resources/product.js";
import { topicFiltersOf } from "./topic-filters.js";

/** Where the outside of the registry is, as consumers reach it. */
export interface Addresses {
  /** Of the broker. */
  brokers: readonly string[];
  /** Of the dashboard, which passes questions on to the historian. */
  publicUrl?: URL | undefined;
  /** Of the historian itself. */
  historianUrl?: URL | undefined;
}

/** A way to data over HTTP. */
export interface HttpWay {
  name: string;
  address: string;
}

/** Addresses of a product's data over HTTP: its ports, and the history of the streams that it names. */
export function httpWaysTo(product: Pick<Product, "outputPorts" | "observed">, to: Addresses): HttpWay[] {
  const ports = product.outputPorts.flatMap((port) =>
    port.kind === "http" ? [{ name: port.name, address: port.address }] : [],
  );
  const { publicUrl, historianUrl } = to;
  const at = publicUrl ?? historianUrl;
  if (at === undefined) return ports;
  const history = streamsOf(product).map((stream) => ({
    name: `history of ${stream}`,
    address: `${trimmed(at)}/api/history/streams/${stream}/readings`,
  }));
  return [...ports, ...history];
}

/** Streams that a product names itself; others its topic filters may cover. */
function streamsOf(product: Pick<Product, "outputPorts" | "observed">): string[] {
  const named = topicFiltersOf(product).flatMap((filter) => {
    const stream = streamOfTopic(filter);
    return stream === undefined ? [] : [stream];
  });
  const { observed } = product;
  return [...new Set([...(observed === undefined ? [] : [observed.stream]), ...named])];
}

function trimmed(url: URL): string {
  return url.href.replace(/\/+$/, "");
}
