import { fitsFilter, parseStreamName } from "@fieldmesh/protocol";
import { isGoverned } from "../access/decisions.js";
import type { Product } from "../resources/product.js";
import type { Products } from "../store/products.js";
import { streamOfTopic, topicsOf } from "./stream-topics.js";

/** Who offers which stream: what was observed, and what products say of their ports. */
export interface StreamIndex {
  /**
   * The product that says who may have a stream and what it promises: the one of its name, once somebody has claimed
   * it; else the eldest of its domain with a port of exactly its topic, else the eldest with a port that covers it.
   * Undefined where nobody does.
   */
  governorOf(stream: string): Product | undefined;
  /** Streams that a product governs, by name. */
  streamsOf(product: string): string[];
  /**
   * A stream is there, whoever told of it: publishers of before have no births, and it may be of a product all the
   * same. Answers whether it was not known.
   */
  heard(stream: string): boolean;
  /** Every stream that was observed or heard of, or that a product names. */
  streams(): Iterable<string>;
  /** Of one domain. */
  streamsOfDomain(domain: string): string[];
  /** Of one node. */
  streamsOfNode(domain: string, node: string): Iterable<string>;
  /** More than one product that is claimed offers exactly this stream: these, the one that governs it first. */
  contenders(stream: string): Product[];
  close(): void;
}

interface Ports {
  /** Streams whose topic a port names. */
  exact: string[];
  wide: string[];
}

/** As many as a historian measures. */
const MAX_HEARD = 50_000;

/** Kept up with every change of a product. */
export function createStreamIndex(products: Pick<Products, "all" | "find" | "onChange">): StreamIndex {
  /** How many tell of a stream: its own product, and each that names it. */
  const known = new Map<string, number>();
  const heard = new Set<string>();
  const byNode = new Map<string, Set<string>>();
  const exact = new Map<string, Set<string>>();
  /** By domain: elsewhere they have no say, and there may be many. */
  const wide = new Map<string, Map<string, readonly string[]>>();

  const learn = (stream: string): void => {
    const count = known.get(stream) ?? 0;
    known.set(stream, count + 1);
    const parsed = parseStreamName(stream);
    if (count > 0 || !parsed.ok) return;
    const key = nodeKey(parsed.value.domain, parsed.value.node);
    const streams = byNode.get(key) ?? new Set();
    byNode.set(key, streams.add(stream));
  };
  const unlearn = (stream: string): void => {
    const count = (known.get(stream) ?? 0) - 1;
    if (count > 0) {
      known.set(stream, count);
      return;
    }
    known.delete(stream);
    const parsed = parseStreamName(stream);
    if (!parsed.ok) return;
    const key = nodeKey(parsed.value.domain, parsed.value.node);
    byNode.get(key)?.delete(stream);
    if (byNode.get(key)?.size === 0) byNode.delete(key);
  };
  const add = (product: Product): void => {
    for (const stream of streamsNamedBy(product)) learn(stream);
    const ports = portsOf(product);
    for (const stream of ports.exact) {
      exact.set(stream, (exact.get(stream) ?? new Set()).add(product.id));
    }
    if (ports.wide.length === 0) return;
    const here = wide.get(product.domain) ?? new Map<string, readonly string[]>();
    wide.set(product.domain, here.set(product.id, ports.wide));
  };
  const remove = (product: Product): void => {
    for (const stream of streamsNamedBy(product)) unlearn(stream);
    for (const stream of portsOf(product).exact) {
      exact.get(stream)?.delete(product.id);
      if (exact.get(stream)?.size === 0) exact.delete(stream);
    }
    const here = wide.get(product.domain);
    here?.delete(product.id);
    if (here?.size === 0) wide.delete(product.domain);
  };
  for (const { value } of products.all()) add(value);
  const close = products.onChange((_id, now, before) => {
    if (before !== undefined) remove(before.value);
    if (now !== undefined) add(now.value);
  });

  const ownOf = (stream: string): Product | undefined => {
    const own = products.find(stream)?.value;
    return own !== undefined && isGoverned(own) ? own : undefined;
  };
  const named = (stream: string, domain: string): Product[] =>
    [...(exact.get(stream) ?? [])]
      .flatMap((id) => claimed(products.find(id)?.value, domain))
      .sort(elderFirst);
  const covering = (stream: string, domain: string): Product | undefined => {
    const topics = topicsOf(stream);
    return [...(wide.get(domain) ?? [])]
      .filter(([, filters]) => filters.some((filter) => topics.some((topic) => fitsFilter(filter, topic))))
      .flatMap(([id]) => claimed(products.find(id)?.value, domain))
      .sort(elderFirst)[0];
  };
  const ofDomain = (domain: string): string[] =>
    [...known.keys()].filter((stream) => stream.startsWith(`${domain}_`));
  const governorOf = (stream: string): Product | undefined => {
    const own = ownOf(stream);
    if (own !== undefined) return own;
    const parsed = parseStreamName(stream);
    if (!parsed.ok) return undefined;
    return named(stream, parsed.value.domain)[0] ?? covering(stream, parsed.value.domain);
  };
  return {
    governorOf,
    heard(stream) {
      if (heard.has(stream) || heard.size >= MAX_HEARD || !parseStreamName(stream).ok) return false;
      const isNew = !known.has(stream);
      heard.add(stream);
      learn(stream);
      return isNew;
    },
    streams: () => known.keys(),
    streamsOfDomain: ofDomain,
    streamsOfNode: (domain, node) => byNode.get(nodeKey(domain, node)) ?? [],
    streamsOf(id) {
      const product = products.find(id)?.value;
      if (product === undefined) return [];
      const isWide = wide.get(product.domain)?.has(id) === true;
      const candidates = new Set([...streamsNamedBy(product), ...(isWide ? ofDomain(product.domain) : [])]);
      return [...candidates].filter((stream) => governorOf(stream)?.id === id).sort();
    },
    contenders(stream) {
      const parsed = parseStreamName(stream);
      if (!parsed.ok) return [];
      const own = ownOf(stream);
      const first = own === undefined || own.status === "retired" ? [] : [own];
      const others = named(stream, parsed.value.domain).filter(({ id, inputPorts }) => {
        const isMadeOfIt = inputPorts.some(({ product }) => product === stream);
        return id !== stream && !isMadeOfIt;
      });
      const all = [...first, ...others];
      return all.length > 1 ? all : [];
    },
    close,
  };
}

/** Streams that a product is of by its own name, or names as the topic of a port. */
export function streamsNamedBy(product: Product | undefined): Set<string> {
  if (product === undefined) return new Set();
  const own = parseStreamName(product.id).ok ? [product.id] : [];
  return new Set([...own, ...portsOf(product).exact]);
}

function portsOf({ outputPorts }: Product): Ports {
  const ports: Ports = { exact: [], wide: [] };
  for (const port of outputPorts) {
    if (port.kind !== "mqtt") continue;
    if (/[+#]/.test(port.topicFilter)) ports.wide.push(port.topicFilter);
    else {
      const stream = streamOfTopic(port.topicFilter);
      if (stream !== undefined && !ports.exact.includes(stream)) ports.exact.push(stream);
    }
  }
  return ports;
}

/** Nobody has a say over streams of another domain by naming them, nor by a draft, or with one that is retired. */
function claimed(product: Product | undefined, domain: string): Product[] {
  if (product === undefined || product.domain !== domain) return [];
  return product.status === "draft" || product.status === "retired" ? [] : [product];
}

function elderFirst(one: Product, other: Product): number {
  return one.createdAt - other.createdAt || (one.id < other.id ? -1 : 1);
}

function nodeKey(domain: string, node: string): string {
  return `${domain}/${node}`;
}
