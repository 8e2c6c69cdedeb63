import { type AlarmEvent, parseStreamName, type Severity, type Stream } from "@fieldmesh/protocol";
import type {
  AlarmRecord,
  ArrivedEvent,
  ArrivedReading,
  ConsumerNode,
  NodeChange,
  StreamConsumer,
} from "@fieldmesh/runtime";
import { type AlarmBook, alarmKey } from "./alarms/book.js";
import { type Catalogue, nodeKey } from "./catalogue/catalogue.js";
import type { DroppedCounter } from "./dropped.js";
import type { WindowChange } from "./window/journal-block.js";
import type { Windows } from "./window/windows.js";

export interface LiveOptions {
  consumer: Pick<StreamConsumer, "nodes" | "node">;
  windows: Windows;
  catalogue: Catalogue;
  alarms: AlarmBook;
  dropped: DroppedCounter;
  /** A window as a whole changed: for the journal. */
  onChange: (change: WindowChange) => void;
  clock: () => number;
  nodeAlarms: NodeAlarms;
}

/** The alarms of nodes that are not there: how severe, and after how long. */
export interface NodeAlarms {
  offline: Severity;
  silent: Severity;
  afterMs: number;
}

/** Smaller errors of a node's clock are not worth drawing a chart anew. */
const SHIFT_MS = 100;

/** What the consumer tells, put where it belongs: windows, catalogue, alarms. */
export class Live {
  readonly #options: LiveOptions;
  readonly #startedAt: number;
  /** What was taken out of each node's readings, and when it was last found right. */
  readonly #offsets = new Map<string, { offsetMs: number; at: number }>();

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#startedAt = options.clock();
  }

  reading(arrived: ArrivedReading): void {
    const { windows, catalogue, dropped } = this.#options;
    const { stream, name, reading, arrivedAt } = arrived;
    const ring = windows.open(name);
    if (ring === undefined) {
      const detail = `more than ${windows.limits.maxStreams} streams`;
      dropped.count(`${stream.domain}/${stream.node}/${stream.sensor}/raw`, "limit", detail, arrivedAt);
      return;
    }
    const { value, quality, reason, boot, seq } = reading;
    const t = Math.round(reading.timestamp - arrived.clockOffsetMs);
    ring.push({
      arrival: arrivedAt,
      t,
      v: value === null ? null : Number(value),
      boot,
      seq,
      ...(quality === undefined ? {} : { quality }),
      ...(reason === undefined ? {} : { reason }),
    });
    catalogue.reading(arrived, t);
  }

  event({ stream, event, expiresAt }: ArrivedEvent): void {
    this.#options.alarms.event(stream, event, expiresAt !== undefined);
  }

  eventEnded({ stream, event }: AlarmRecord, why: "removed" | "expired"): void {
    const { alarms, clock } = this.#options;
    const key = alarmKey(stream, event.rule);
    if (why === "removed") alarms.remove(key, clock());
    else alarms.expired(key, clock());
  }

  /** The state of a promise, from the historian. */
  promise(name: string, rule: string, event: AlarmEvent | null): void {
    const { alarms, clock } = this.#options;
    const stream = parseStreamName(name);
    if (!stream.ok) return;
    if (event === null) alarms.remove(alarmKey(stream.value, rule), clock());
    else alarms.event(stream.value, event, false);
  }

  node(node: ConsumerNode, change: NodeChange): void {
    const { catalogue } = this.#options;
    if (change === "removed") this.#forgetNode(node);
    else if (change === "birth") catalogue.declared(node);
    else catalogue.touch(node);
    if (change === "offset") this.#clockOffset(node);
  }

  /** Looks at the time: what leaves the windows, what is stale, which nodes are not there. */
  tick(): void {
    const { consumer, windows, catalogue, alarms, clock, nodeAlarms } = this.#options;
    const now = clock();
    windows.evict(now);
    catalogue.tick();
    for (const node of consumer.nodes.values()) {
      const { presence } = node.presence;
      if (presence === "unknown") continue;
      const stream: Stream = { domain: node.domain, node: node.node, sensor: "node" };
      for (const rule of ["offline", "silent"] as const) {
        // Not raised before its time, nor cleared meanwhile if it stood before.
        if (presence === rule && now - node.presence.since < nodeAlarms.afterMs) continue;
        alarms.derived(
          stream,
          rule,
          presence === rule ? nodeEvent(node, rule, nodeAlarms[rule]) : undefined,
          now,
        );
      }
    }
  }

  /** A sensor was removed for good. */
  forgetSensor(stream: Stream): void {
    const { catalogue, alarms, clock, consumer } = this.#options;
    const name = consumer.node(stream.domain, stream.node)?.streams.get(stream.sensor)?.name;
    if (name !== undefined) this.#forgetWindow(name);
    for (const key of alarms.keysOf(stream.domain, stream.node, stream.sensor)) alarms.remove(key, clock());
    catalogue.hide(stream);
  }

  #forgetNode(node: ConsumerNode): void {
    const { catalogue, alarms, clock } = this.#options;
    for (const { name } of node.streams.values()) this.#forgetWindow(name);
    for (const key of alarms.keysOf(node.domain, node.node)) alarms.remove(key, clock());
    this.#offsets.delete(nodeKey(node));
    catalogue.removed(node);
  }

  #forgetWindow(name: string): void {
    this.#options.windows.remove(name);
    this.#options.onChange({ change: "removed", stream: name });
  }

  /** The consumer takes a new offset out of what comes from now on; what came since the last one is moved. */
  #clockOffset(node: ConsumerNode): void {
    const { clock, windows, onChange } = this.#options;
    const offsetMs = Math.round(node.clockOffset?.offsetMs ?? 0);
    const key = nodeKey(node);
    const before = this.#offsets.get(key) ?? { offsetMs: 0, at: this.#startedAt };
    this.#offsets.set(key, { offsetMs, at: clock() });
    const deltaMs = offsetMs - before.offsetMs;
    if (Math.abs(deltaMs) < SHIFT_MS) return;
    for (const { name } of node.streams.values()) {
      windows.get(name)?.shift(deltaMs, before.at);
      onChange({ change: "shifted", stream: name, deltaMs, sinceArrival: before.at });
    }
  }
}

function nodeEvent(node: ConsumerNode, rule: "offline" | "silent", severity: Severity): AlarmEvent {
  const { since, reason } = node.presence;
  return {
    node: node.node,
    sensor: "node",
    rule,
    state: "raised",
    severity,
    value: null,
    unit: "1",
    timestamp: since,
    since,
    // A connection ends once: the same name for every dashboard. A silence is this one's own finding.
    boot: node.status?.boot ?? 0,
    seq: rule === "offline" ? (node.status?.conn ?? 0) : Math.round(since),
    message: `node ${node.node} is ${rule}${reason === undefined ? "" : `: ${reason}`}`,
  };
}
