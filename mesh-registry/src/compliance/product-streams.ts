import { fitsFilter } from "@fieldmesh/protocol";
import { streamOfTopic, topicsOf } from "../observe/stream-topics.js";
import type { Product } from "../resources/product.js";

/** What is known of where the data of a product comes from. */
type Sources = Pick<Product, "id" | "outputPorts" | "observed">;

/**
 * Which streams make up which products, both ways: the stream that was seen of a product, and those whose readings the
 * topic filters of its MQTT ports take, whoever governs them. A filter with a wildcard is held against the streams
 * that were heard of.
 */
export class ProductStreams {
  readonly #streams = new Map<string, Set<string>>();
  /** The same, sorted; as long as nothing is added. */
  readonly #sorted = new Map<string, readonly string[]>();
  readonly #products = new Map<string, Set<string>>();
  /** Filters with a wildcard, by product. */
  readonly #wide = new Map<string, string[]>();
  /** Streams that were heard of, with the topics of their readings. */
  readonly #known = new Map<string, string[]>();

  /** A product is there, or is changed. */
  set({ id, outputPorts, observed }: Sources): void {
    this.remove(id);
    if (observed !== undefined) this.#join(id, observed.stream);
    const wide: string[] = [];
    for (const port of outputPorts) {
      if (port.kind !== "mqtt") continue;
      if (/[+#]/.test(port.topicFilter)) wide.push(port.topicFilter);
      else {
        const stream = streamOfTopic(port.topicFilter);
        if (stream !== undefined) this.#join(id, stream);
      }
    }
    if (wide.length === 0) return;
    this.#wide.set(id, wide);
    for (const [stream, topics] of this.#known) if (isTaken(wide, topics)) this.#join(id, stream);
  }

  remove(id: string): void {
    for (const stream of this.#streams.get(id) ?? []) {
      const products = this.#products.get(stream);
      products?.delete(id);
      if (products?.size === 0) this.#products.delete(stream);
    }
    this.#streams.delete(id);
    this.#sorted.delete(id);
    this.#wide.delete(id);
  }

  /** A stream is heard of. */
  heard(stream: string): void {
    if (this.#known.has(stream)) return;
    const topics = topicsOf(stream);
    this.#known.set(stream, topics);
    for (const [id, wide] of this.#wide) if (isTaken(wide, topics)) this.#join(id, stream);
  }

  /** By name. */
  streamsOf(id: string): readonly string[] {
    let sorted = this.#sorted.get(id);
    if (sorted === undefined) {
      sorted = [...(this.#streams.get(id) ?? [])].sort();
      this.#sorted.set(id, sorted);
    }
    return sorted;
  }

  /** Whether which streams are of it is known only when they are heard of. */
  isWide(id: string): boolean {
    return this.#wide.has(id);
  }

  /** Also of a stream that was not heard of yet. */
  productsOf(stream: string): string[] {
    const products = new Set(this.#products.get(stream));
    if (!this.#known.has(stream)) {
      const topics = topicsOf(stream);
      for (const [id, wide] of this.#wide) if (isTaken(wide, topics)) products.add(id);
    }
    return [...products].sort();
  }

  #join(id: string, stream: string): void {
    this.#sorted.delete(id);
    const streams = this.#streams.get(id);
    if (streams === undefined) this.#streams.set(id, new Set([stream]));
    else streams.add(stream);
    const products = this.#products.get(stream);
    if (products === undefined) this.#products.set(stream, new Set([id]));
    else products.add(id);
  }
}

function isTaken(filters: readonly string[], topics: readonly string[]): boolean {
  return filters.some((filter) => topics.some((topic) => fitsFilter(filter, topic)));
}
