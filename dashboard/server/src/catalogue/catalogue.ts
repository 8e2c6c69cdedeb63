import {
  type BirthSensor,
  type Catalogue as CatalogueFrame,
  type NodeView,
  type Quality,
  type SensorView,
  type Stream,
  sensorStale,
  streamName,
} from "@fieldmesh/protocol";
import type { ArrivedReading, ConsumerNode, ConsumerStream, StreamConsumer } from "@fieldmesh/runtime";
import { Revisions } from "../revisions.js";
import type { WindowRing } from "../window/ring.js";

type Latest = NonNullable<SensorView["latest"]>;

export function nodeKey({ domain, node }: { domain: string; node: string }): string {
  return `${domain}/${node}`;
}

/** The nodes and sensors that there are, as a browser is told of them: a view of what the consumer knows. */
export class Catalogue {
  readonly #consumer: Pick<StreamConsumer, "nodes" | "listening">;
  readonly #clock: () => number;
  readonly #revisions = new Revisions();
  /** Newest good value of each stream, by its name. */
  readonly #latest = new Map<string, Latest>();
  readonly #stale = new Set<string>();
  /** Sensors that were removed, and have not been heard since. */
  readonly #hidden = new Set<string>();

  constructor(consumer: Pick<StreamConsumer, "nodes" | "listening">, clock: () => number) {
    this.#consumer = consumer;
    this.#clock = clock;
    for (const key of consumer.nodes.keys()) this.#revisions.touch(key);
  }

  get revision(): number {
    return this.#revisions.current;
  }

  /** Takes a stream's newest good value from its window, after a restart. */
  restore(name: string, ring: WindowRing): void {
    for (let n = ring.oldest; n < ring.next; n += 1) {
      const entry = ring.at(n);
      if (entry?.v != null) this.#newest(name, { v: entry.v, t: entry.t }, entry.quality);
    }
  }

  /** Something of the node changed that its view tells. */
  touch(node: ConsumerNode): void {
    this.#revisions.touch(nodeKey(node));
  }

  /** A node tells of itself anew: what it declares is there, whatever was removed. */
  declared(node: ConsumerNode): void {
    for (const { id: sensor } of node.birth?.sensors ?? [])
      this.#hidden.delete(streamName({ ...node, sensor }));
    this.touch(node);
  }

  reading({ stream, name, reading }: Pick<ArrivedReading, "stream" | "name" | "reading">, t: number): void {
    const { value, quality } = reading;
    const isFirst = !this.#latest.has(name);
    if (value !== null) this.#newest(name, { v: Number(value), t }, quality);
    const appears = this.#hidden.delete(name) || isFirst;
    if (appears || this.#stale.has(name)) {
      this.#stale.delete(name);
      this.#revisions.touch(nodeKey(stream));
    }
  }

  removed(node: ConsumerNode): void {
    for (const { name } of node.streams.values()) this.#forget(name);
    for (const { id: sensor } of node.birth?.sensors ?? [])
      this.#hidden.delete(streamName({ ...node, sensor }));
    this.#revisions.remove(nodeKey(node));
  }

  /** Shows a sensor no more, until something is heard of it. */
  hide(stream: Stream): void {
    const name = streamName(stream);
    this.#forget(name);
    this.#hidden.add(name);
    this.#revisions.touch(nodeKey(stream));
  }

  /** Looks at the time: what is stale by now. Call it about once a second. */
  tick(): void {
    const now = this.#clock();
    for (const [key, node] of this.#consumer.nodes) {
      const declared = new Map(node.birth?.sensors.map((sensor) => [sensor.id, sensor]));
      const listeningSince = this.#consumer.listening()[node.link] ?? null;
      const away = node.presence.presence === "offline" || node.presence.presence === "silent";
      let changed = false;
      for (const sensor of new Set([...declared.keys(), ...node.streams.keys()])) {
        const stream = node.streams.get(sensor);
        const one = declared.get(sensor);
        const median = one === undefined ? stream?.medianIntervalMs : undefined;
        const stale =
          away ||
          sensorStale({
            ...(one === undefined ? {} : { declared: one }),
            ...(median === undefined ? {} : { medianIntervalMs: median }),
            lastAt: stream?.lastAt ?? null,
            listeningSince,
            now,
          });
        const name = streamName({ ...node, sensor });
        if (stale === this.#stale.has(name)) continue;
        changed = true;
        if (stale) this.#stale.add(name);
        else this.#stale.delete(name);
      }
      if (changed) this.#revisions.touch(key);
    }
  }

  /** What a browser has to be told that knows everything up to `revision`. */
  since(revision: number | undefined): CatalogueFrame {
    const changes = revision === undefined ? undefined : this.#revisions.since(revision);
    if (changes === undefined) return this.full();
    const nodes: CatalogueFrame["nodes"] = {};
    for (const key of changes.removed) nodes[key] = null;
    for (const key of changes.changed) {
      const node = this.#consumer.nodes.get(key);
      nodes[key] = node === undefined ? null : this.#view(node);
    }
    return { full: false, nodes };
  }

  full(): CatalogueFrame {
    const nodes: CatalogueFrame["nodes"] = {};
    for (const [key, node] of this.#consumer.nodes) nodes[key] = this.#view(node);
    return { full: true, nodes };
  }

  #newest(name: string, value: { v: number; t: number }, quality: Quality | undefined): void {
    const latest = this.#latest.get(name);
    if (quality === "bad" || value.t < (latest?.t ?? Number.NEGATIVE_INFINITY)) return;
    this.#latest.set(name, quality === undefined ? value : { ...value, quality });
  }

  #forget(name: string): void {
    this.#latest.delete(name);
    this.#stale.delete(name);
    this.#hidden.delete(name);
  }

  #view(node: ConsumerNode): NodeView {
    const { domain, birth, stats, presence, clockOffset } = node;
    const declared =
      birth?.sensors ?? [...node.streams.entries()].map(([sensor, stream]) => undeclared(sensor, stream));
    const shown = declared.filter(({ id }) => !this.#hidden.has(streamName({ ...node, sensor: id })));
    return {
      domain,
      node: node.node,
      ...(birth?.label === undefined ? {} : { label: birth.label }),
      presence: presence.presence,
      since: presence.since,
      ...(presence.reason === undefined ? {} : { reason: presence.reason }),
      ...(birth === null
        ? {}
        : { version: birth.version, host: birth.host, boot: birth.boot, startedAt: birth.startedAt }),
      ...(clockOffset === undefined ? {} : { clockOffsetMs: Math.round(clockOffset.offsetMs) }),
      legacy: node.legacy,
      ...(stats === null ? {} : { log: stats.log }),
      sensors: shown.map((sensor) => this.#sensorView(node, sensor)),
    };
  }

  #sensorView(node: ConsumerNode, sensor: BirthSensor): SensorView {
    const name = streamName({ ...node, sensor: sensor.id });
    const sensors = node.stats?.sensors ?? {};
    // `constructor` is a legal name.
    const stats = Object.hasOwn(sensors, sensor.id) ? sensors[sensor.id] : undefined;
    const latest = this.#latest.get(name);
    const account = accountOf(node.streams.get(sensor.id));
    return {
      ...sensor,
      stream: name,
      state: stats?.state ?? "ok",
      ...(stats?.reason === undefined ? {} : { reason: stats.reason }),
      ...(stats?.restarts === undefined ? {} : { restarts: stats.restarts }),
      ...(latest === undefined ? {} : { latest }),
      stale: this.#stale.has(name),
      ...(account === undefined ? {} : { account }),
    };
  }
}

/** The terms of the newest boot. */
function accountOf(stream: ConsumerStream | undefined): SensorView["account"] {
  const terms = stream?.accounted === true ? stream.ledger.terms().at(-1) : undefined;
  if (terms === undefined) return undefined;
  const { stored, dropped, held, unknown, lastSeq } = terms;
  return { stored, dropped, held, unknown, lastSeq };
}

/** A sensor of which only readings are known. */
function undeclared(sensor: string, stream: ConsumerStream): BirthSensor {
  return {
    id: sensor,
    type: sensor,
    unit: stream.latest?.unit ?? "1",
    ...(typeof stream.latest?.value === "boolean" ? { valueType: "boolean" } : {}),
    intervalMs: stream.medianIntervalMs ?? 0,
    driver: "unknown",
    rules: [],
  };
}
