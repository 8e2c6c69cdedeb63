import { type AlarmEvent, parseStreamName, type Severity, type Stream } from "@fieldmesh/protocol";
import {
  type AlarmRecord,
  type ArrivedEvent,
  type ArrivedReading,
  type ConsumerNode,
  clockCorrectionMs,
  type NodeChange,
  type StreamConsumer,
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
  /** Only grows, ms. */
  monotonic: () => number;
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
/** By so much at once no clock drifts: it was set. */
const STEP_MS = 2_000;
/** A node tells of itself every 10 s: when our own clock was set forward, all seem silent until they do. */
const SILENCE_MS = 12_000;

/** What the consumer tells, put where it belongs: windows, catalogue, alarms. */
export class Live {
  readonly #options: LiveOptions;
  readonly #startedAt: number;
  /** Our clock minus the one that only grows. */
  #ahead: number;
  /** Since when each node is in its presence, as seen here by the clock that only grows. */
  readonly #seen = new Map<string, { presence: string; at: number }>();
  /** What was taken out of each node's readings, and when it was last found right. */
  readonly #offsets = new Map<string, { offsetMs: number; at: number }>();

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#startedAt = options.clock();
    this.#ahead = this.#startedAt - options.monotonic();
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
    const t = reading.timestamp - clockCorrectionMs(arrived.clockOffsetMs);
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
    const { consumer, windows, catalogue, clock } = this.#options;
    this.#checkClock();
    windows.evict(clock());
    catalogue.tick();
    for (const node of consumer.nodes.values()) this.#judge(node);
  }

  /** A sensor was removed for good. */
  forgetSensor(stream: Stream): void {
    const { catalogue, alarms, clock, consumer } = this.#options;
    const name = consumer.node(stream.domain, stream.node)?.streams.get(stream.sensor)?.name;
    if (name !== undefined) this.#forgetWindow(name);
    for (const key of alarms.keysOf(stream.domain, stream.node, stream.sensor)) alarms.remove(key, clock());
    catalogue.hide(stream);
  }

  /** Raises and clears the alarms of a node that is offline or silent. */
  #judge(node: ConsumerNode): void {
    const { alarms, clock, monotonic, nodeAlarms } = this.#options;
    const { presence } = node.presence;
    if (presence === "unknown") return;
    const key = nodeKey(node);
    let seen = this.#seen.get(key);
    if (seen?.presence !== presence) {
      seen = { presence, at: monotonic() };
      this.#seen.set(key, seen);
    }
    const stream: Stream = { domain: node.domain, node: node.node, sensor: "node" };
    for (const rule of ["offline", "silent"] as const) {
      const afterMs = rule === "silent" ? Math.max(nodeAlarms.afterMs, SILENCE_MS) : nodeAlarms.afterMs;
      // Not raised before its time, nor cleared meanwhile if it stood before a restart.
      if (presence === rule && monotonic() - seen.at < afterMs) continue;
      const event = presence === rule ? nodeEvent(node, rule, nodeAlarms[rule]) : undefined;
      alarms.derived(stream, rule, event, clock());
    }
  }

  /** When our own clock was set, what the windows hold keeps its distance from now. */
  #checkClock(): void {
    const { clock, monotonic, windows, onChange } = this.#options;
    const ahead = clock() - monotonic();
    const deltaMs = Math.round(ahead - this.#ahead);
    this.#ahead = ahead;
    if (Math.abs(deltaMs) < STEP_MS) return;
    windows.stepped(deltaMs);
    onChange({ change: "stepped", deltaMs });
    for (const offset of this.#offsets.values()) offset.at += deltaMs;
  }

  #forgetNode(node: ConsumerNode): void {
    const { catalogue, alarms, clock } = this.#options;
    for (const { name } of node.streams.values()) this.#forgetWindow(name);
    for (const key of alarms.keysOf(node.domain, node.node)) alarms.remove(key, clock());
    this.#offsets.delete(nodeKey(node));
    this.#seen.delete(nodeKey(node));
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
