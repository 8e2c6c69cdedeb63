import { buildTopic, MAX_PAYLOAD_BYTES } from "@fieldmesh/protocol";
import type { Product } from "../resources/product.js";
import type { Catalogue } from "../store/catalogue.js";
import type { Announcer } from "./announcer.js";

/** What stands retained on `mesh/product/{id}`: where to look, at most 512 bytes. */
export interface ProductPointer {
  id: string;
  domain: string;
  /** The newest one that was published. */
  version?: string;
  /** Filters of its MQTT ports, where there is room for them. */
  topics?: string[];
  /** Where the registry tells all of it. */
  href: string;
}

export interface ProductPointersOptions {
  announcer: Pick<Announcer, "announce">;
  catalogue: Pick<Catalogue, "products" | "newestVersions">;
  /** Address of a product at the registry. */
  hrefOf: (id: string) => string;
}

/** Announces every active public product, and takes back what no longer is one. Answers how to stop. */
export function announceProducts({ announcer, catalogue, hrefOf }: ProductPointersOptions): () => void {
  const { products, newestVersions } = catalogue;
  const announce = (id: string, product: Product | undefined): void => {
    const topic = buildTopic({ kind: "product", id });
    const isShown = product?.status === "active" && product.visibility === "public";
    announcer.announce(
      topic,
      isShown ? payloadOf(product, newestVersions.versionOf(id), hrefOf(id)) : undefined,
    );
  };
  for (const { value } of products.all()) announce(value.id, value);
  const stops = [
    products.onChange((id, now) => announce(id, now?.value)),
    newestVersions.onVersion((id) => announce(id, products.find(id)?.value)),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

function payloadOf({ id, domain, outputPorts }: Product, version: string | undefined, href: string): string {
  const topics = [
    ...new Set(outputPorts.flatMap((port) => (port.kind === "mqtt" ? [port.topicFilter] : []))),
  ];
  const bare: ProductPointer = { id, domain, ...(version === undefined ? {} : { version }), href };
  const whole = topics.length === 0 ? bare : { ...bare, topics };
  const fitting = [whole, bare, { ...bare, href: `/products/${id}` }].map((each) => JSON.stringify(each));
  return (
    fitting.find((text) => Buffer.byteLength(text) <= MAX_PAYLOAD_BYTES.product) ?? JSON.stringify({ id })
  );
}
