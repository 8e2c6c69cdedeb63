import {
  CONSUMER_FILTERS,
  type Message,
  parseMessage,
  type Stats,
  type Stream,
  StreamLedger,
} from "@fieldmesh/protocol";
import type { MessageInfo } from "../mqtt/connection.js";
import type { MqttLink } from "../mqtt/link.js";
import { type AlarmRecord, AlarmStates } from "./alarm-states.js";
import { type AuditRow, auditRows } from "./audit.js";
import { type ConsumerClock, systemClock } from "./clock.js";
import { ClockMeter } from "./clock-meter.js";
import { type ConsumerState, ConsumerStateError } from "./consumer-state.js";
import { type DropCause, Drops } from "./drops.js";
import { GapAsker } from "./gap-asker.js";
import { NodeRecord, StreamRecord } from "./node-record.js";
import { Requests } from "./requests.js";
import { resendResult } from "./results.js";
import {
  type ConsumerLimits,
  type ConsumerNode,
  type ConsumerStream,
  DEFAULT_LIMITS,
  type NodeChange,
  type StreamConsumer,
  type StreamConsumerOptions,
} from "./stream-consumer.js";

type MessageOf<K extends Message["kind"]> = Extract<Message, { kind: K }>;

const TICK_MS = 250;
const DEFAULT_GRACE_MS = 2_000;
const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * Creates the consumer that dashboard, historian and `fieldmesh audit` are built on: it subscribes to all nodes
 * of its brokers, parses, passes each reading on once, keeps the account of every stream, asks nodes for what is
 * missing and measures their clocks. Nothing happens until `start()`.
 */
export function createStreamConsumer(options: StreamConsumerOptions): StreamConsumer {
  return new Consumer(options);
}

class Consumer implements StreamConsumer {
  readonly #options: StreamConsumerOptions;
  readonly #links: readonly MqttLink[];
  readonly #clock: ConsumerClock;
  readonly #limits: ConsumerLimits;
  readonly #nodes = new Map<string, NodeRecord>();
  readonly #alarms: AlarmStates;
  readonly #drops: Drops;
  readonly #requests: Requests;
  readonly #gaps: GapAsker;
  readonly #meter: ClockMeter;
  readonly #listening: (number | null)[];
  #streamCount = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: StreamConsumerOptions) {
    this.#options = options;
    this.#links = options.links;
    this.#clock = options.clock ?? systemClock;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#alarms = new AlarmStates(this.#limits.alarms);
    this.#drops = new Drops(this.#limits.droppedTopics);
    this.#requests = new Requests(options.by, this.#limits.requests);
    this.#listening = options.links.map(() => null);
    const { log } = options;
    this.#gaps = new GapAsker({
      clock: this.#clock,
      graceMs: options.graceMs ?? DEFAULT_GRACE_MS,
      ask: async (record, args) => {
        log.debug({ node: record.node, ...args }, "asking for missing readings");
        return resendResult(await this.#send(record, "resend", args, DEFAULT_TIMEOUT_MS));
      },
      onFailed: (record, error) =>
        log.warn(
          { node: record.node, err: error },
          "a node did not send missing readings; asked again later",
        ),
    });
    this.#meter = new ClockMeter({
      clock: this.#clock,
      ask: (record) => this.#send(record, "time", {}, DEFAULT_TIMEOUT_MS),
      onMeasured: (record) => this.#changed(record, "offset"),
      onFailed: (record, error) =>
        log.debug({ node: record.node, err: error }, "a node's clock was not measured"),
    });
    if (options.state !== undefined) this.#restore(options.state);
  }

  start(): void {
    if (this.#timer !== undefined) return;
    const filters = Object.values(CONSUMER_FILTERS).flat();
    this.#links.forEach((link, index) => {
      link.onMessage((topic, payload, info) => this.#receive(index, topic, payload, info));
      link.onConnect(() => {
        this.#listening[index] = this.#clock.now();
        this.#options.onLink?.(index, true);
      });
      link.onDisconnect(() => {
        this.#listening[index] = null;
        this.#options.onLink?.(index, false);
      });
      link.subscribe(filters, 1).catch((error: unknown) => {
        this.#options.log.error({ err: error, broker: link.url }, "cannot subscribe");
      });
      link.start();
    });
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#requests.close();
    await Promise.all(this.#links.map((link) => link.close()));
  }

  get nodes(): ReadonlyMap<string, ConsumerNode> {
    return this.#nodes;
  }

  node(domain: string, node: string): ConsumerNode | undefined {
    return this.#nodes.get(`${domain}/${node}`);
  }

  stream({ domain, node, sensor }: Stream): ConsumerStream | undefined {
    return this.#nodes.get(`${domain}/${node}`)?.streams.get(sensor);
  }

  alarms(): Iterable<AlarmRecord> {
    return this.#alarms.values();
  }

  audit(): AuditRow[] {
    const accounted = [...this.#nodes.values()]
      .flatMap((node) => [...node.streams.values()])
      .filter((stream) => stream.accounted);
    return auditRows(accounted.map(({ stream, ledger }) => ({ stream, terms: ledger.terms() })));
  }

  get dropped() {
    return this.#drops;
  }

  listening(): readonly (number | null)[] {
    return this.#listening;
  }

  async request(
    target: { domain: string; node: string; name: string },
    args: unknown,
    timeoutMs = DEFAULT_TIMEOUT_MS,
  ): Promise<unknown> {
    // A node that was never heard of may be on any of the brokers: the first that is connected is tried.
    const known = this.#nodes.get(`${target.domain}/${target.node}`)?.link;
    const index =
      known ??
      Math.max(
        0,
        this.#links.findIndex((link) => link.connected),
      );
    return await this.#requests.send(this.#link(index), target, args, timeoutMs);
  }

  forget(domain: string, node: string): void {
    const record = this.#nodes.get(`${domain}/${node}`);
    if (record === undefined) return;
    this.#nodes.delete(`${domain}/${node}`);
    for (const stream of record.streams.values()) this.#gaps.forget(stream);
    this.#meter.forget(record);
    this.#streamCount -= record.streams.size;
    this.#alarms.removeNode(domain, node);
    this.#options.onNode?.(record, "removed");
  }

  save(): ConsumerState {
    const nodes = [...this.#nodes.values()].map((record) => {
      const { domain, node, birth, status, stats, statusAt, lastHeardAt } = record;
      const streams = [...record.streams.values()].map(({ stream, accounted, ledger }) => ({
        sensor: stream.sensor,
        accounted,
        ledger: ledger.toJSON(),
      }));
      return { domain, node, birth, status, stats, statusAt, lastHeardAt, streams };
    });
    const alarms = [...this.#alarms.values()].map(({ stream, event, expiresAt }) => ({
      ...stream,
      event,
      ...(expiresAt === undefined ? {} : { expiresAt }),
    }));
    return { v: 1, nodes, alarms };
  }

  #restore(state: ConsumerState): void {
    if (state.v !== 1) throw new ConsumerStateError(state.v);
    for (const kept of state.nodes) {
      const record = new NodeRecord(kept.domain, kept.node, 0, this.#clock.now());
      record.birth = kept.birth;
      record.status = kept.status;
      record.stats = kept.stats;
      record.statusAt = kept.statusAt;
      record.lastHeardAt = kept.lastHeardAt;
      for (const { sensor, accounted, ledger } of kept.streams) {
        const stream = new StreamRecord(
          { domain: kept.domain, node: kept.node, sensor },
          StreamLedger.fromJSON(ledger),
        );
        stream.accounted = accounted;
        record.streams.set(sensor, stream);
        this.#streamCount++;
        this.#gaps.suspect(record, stream);
      }
      record.judge(null, this.#clock.now());
      this.#nodes.set(`${kept.domain}/${kept.node}`, record);
    }
    for (const { domain, node, sensor, event, expiresAt } of state.alarms) {
      this.#alarms.take({ domain, node, sensor }, event, expiresAt);
    }
  }

  #receive(link: number, topic: string, payload: Buffer, info: MessageInfo): void {
    const now = this.#clock.now();
    const parsed = parseMessage(topic, payload, { now, retain: info.retain });
    if (!parsed.ok) {
      this.#drop(topic, parsed.cause, parsed.detail);
      return;
    }
    const message = parsed.value;
    switch (message.kind) {
      case "reading":
        this.#onReading(link, topic, message, now);
        return;
      case "event":
        this.#onEvent(link, topic, message, info.retain, now);
        return;
      case "event-removed": {
        const removed = [...this.#alarms.values()].find(
          ({ stream, event }) => sameStream(stream, message.stream) && event.rule === message.rule,
        );
        this.#alarms.remove(message.stream, message.rule);
        if (removed !== undefined) this.#options.onEventEnded?.(removed, "removed");
        return;
      }
      case "birth":
      case "status":
      case "stats":
        this.#onNodeMessage(link, topic, message, info.retain, now);
        return;
      case "reply":
        this.#heard(message.domain, message.node, link, now);
        this.#requests.take(message, message.reply);
        return;
      case "ack":
        this.#options.onAck?.(message.stream, message.rule, message.ack);
        return;
      case "alarm":
        this.#options.onPromise?.(message.streamName, message.rule, message.event);
        return;
      case "command":
      case "mesh":
        return; // not subscribed to
    }
  }

  #onReading(link: number, topic: string, message: MessageOf<"reading">, now: number): void {
    const { stream, reading, accounted } = message;
    const record = this.#record(stream.domain, stream.node, link, topic);
    if (record === undefined) return;
    if (!accounted && record.birth !== null) {
      this.#dropUnaccounted(topic, record);
      return;
    }
    const known = this.#streamOf(record, stream, topic);
    if (known === undefined) return;
    record.lastHeardAt = now;
    record.link = link;
    let outOfOrder = false;
    if (accounted) {
      known.accounted = true;
      const backfill = reading.backfill === true;
      const follows = known.latest?.boot === reading.boot && known.latest.seq + 1 === reading.seq;
      const receipt = known.ledger.receive(reading.boot, reading.seq, backfill);
      if (receipt.outcome === "duplicate") return;
      outOfOrder = receipt.outOfOrder;
      if (!follows && !backfill) this.#gaps.suspect(record, known);
      if (!backfill) this.#meter.check(record, reading.timestamp, now);
    }
    known.arrived(reading, now);
    this.#options.onReading?.({
      stream,
      name: known.name,
      reading,
      accounted,
      outOfOrder,
      arrivedAt: now,
      clockOffsetMs: record.clockOffset?.offsetMs ?? 0,
    });
  }

  #onEvent(link: number, topic: string, message: MessageOf<"event">, retained: boolean, now: number): void {
    const { stream, event, legacyExpiresAt: expiresAt } = message;
    const record = this.#record(stream.domain, stream.node, link, topic);
    if (record === undefined) return;
    if (expiresAt !== undefined && record.birth !== null) {
      this.#dropUnaccounted(topic, record);
      return;
    }
    if (!retained) record.lastHeardAt = now;
    const order = this.#alarms.take(stream, event, expiresAt);
    if (order === undefined) {
      this.#drop(topic, "limit", `more than ${this.#limits.alarms} rules`);
      return;
    }
    const end = expiresAt === undefined ? {} : { expiresAt };
    this.#options.onEvent?.({ stream, event, order, retained, arrivedAt: now, ...end });
  }

  #onNodeMessage(
    link: number,
    topic: string,
    message: MessageOf<"birth"> | MessageOf<"status"> | MessageOf<"stats">,
    retained: boolean,
    now: number,
  ): void {
    const { domain, node } = message;
    const removed =
      message.kind === "birth" ? message.birth : message.kind === "status" ? message.status : message.stats;
    if (removed === null) {
      // The birth is what makes a node: whoever empties it retires the node.
      if (message.kind === "birth") this.forget(domain, node);
      return;
    }
    const before = this.#nodes.get(`${domain}/${node}`);
    const record = before ?? this.#record(domain, node, link, topic);
    if (record === undefined) return;
    switch (message.kind) {
      case "birth":
        if (message.birth === null || (record.birth !== null && message.birth.boot < record.birth.boot))
          return;
        this.#dropLegacyStreams(record);
        record.birth = message.birth;
        break;
      case "status":
        if (message.status === null || !record.takeStatus(message.status, now)) return;
        if (message.status.state === "online") this.#meter.due(record);
        break;
      case "stats": {
        if (message.stats === null) return;
        const first = record.stats === null;
        if (!record.takeStats(message.stats, retained)) return;
        this.#account(record, message.stats, first && !retained);
        break;
      }
    }
    record.link = link;
    const silentWill = message.kind === "status" && message.status?.state === "offline";
    if (!retained && !silentWill) record.lastHeardAt = now;
    const changed = record.judge(this.#listening[link] ?? null, now);
    this.#changed(record, message.kind);
    if (changed) this.#changed(record, "presence");
  }

  /** Enters a node's stats into the ledgers: the present boot first, as a ledger wants it. */
  #account(record: NodeRecord, stats: Stats, begunHere: boolean): void {
    const boots = new Set([stats.boot, ...stats.previous.map(({ boot }) => boot)]);
    for (const [sensor, account] of Object.entries(stats.sensors)) {
      const stream = this.#accountedStream(record, sensor);
      if (stream === undefined) continue;
      // Its first words came live and its log goes back to its beginning: this consumer was there before it.
      if (begunHere && account.keptFrom <= 1) stream.ledger.joinAtStart(stats.boot);
      stream.ledger.account(stats.boot, account);
    }
    for (const { boot, sensors } of stats.previous) {
      for (const [sensor, account] of Object.entries(sensors)) {
        const known = record.streams.has(sensor) || account.held.length > 0;
        const stream = known ? this.#accountedStream(record, sensor) : undefined;
        stream?.ledger.account(boot, account);
      }
    }
    for (const stream of record.streams.values()) {
      if (stream.accounted) stream.ledger.releaseExcept(boots);
      this.#gaps.suspect(record, stream);
    }
  }

  #accountedStream(record: NodeRecord, sensor: string): StreamRecord | undefined {
    const { domain, node } = record;
    const stream = this.#streamOf(record, { domain, node, sensor }, `${domain}/${node}/stats`);
    if (stream !== undefined) stream.accounted = true;
    return stream;
  }

  #tick(): void {
    const now = this.#clock.now();
    for (const record of this.#nodes.values()) {
      if (record.judge(this.#listening[record.link] ?? null, now)) this.#changed(record, "presence");
    }
    for (const alarm of this.#alarms.expire(now)) this.#options.onEventEnded?.(alarm, "expired");
    const reachable = (record: NodeRecord) =>
      record.presence.presence === "online" && this.#link(record.link).connected;
    if (this.#options.resend !== false) this.#gaps.tick(reachable);
    if (this.#options.measureClocks ?? this.#options.resend !== false) {
      this.#meter.tick(this.#nodes.values(), (record) => !record.legacy && reachable(record));
    }
  }

  #record(domain: string, node: string, link: number, topic: string): NodeRecord | undefined {
    const key = `${domain}/${node}`;
    const known = this.#nodes.get(key);
    if (known !== undefined) return known;
    if (this.#nodes.size >= this.#limits.nodes) {
      this.#drop(topic, "limit", `more than ${this.#limits.nodes} nodes`);
      return undefined;
    }
    const record = new NodeRecord(domain, node, link, this.#clock.now());
    this.#nodes.set(key, record);
    this.#changed(record, "seen");
    return record;
  }

  #streamOf(record: NodeRecord, stream: Stream, topic: string): StreamRecord | undefined {
    const known = record.streams.get(stream.sensor);
    if (known !== undefined) return known;
    if (this.#streamCount >= this.#limits.streams) {
      this.#drop(topic, "limit", `more than ${this.#limits.streams} streams`);
      return undefined;
    }
    const begun = new StreamRecord(stream);
    record.streams.set(stream.sensor, begun);
    this.#streamCount++;
    return begun;
  }

  /** A node that has a birth speaks with accounting: what came without it before is not its own. */
  #dropLegacyStreams(record: NodeRecord): void {
    for (const [sensor, stream] of record.streams) {
      if (stream.accounted) continue;
      record.streams.delete(sensor);
      this.#streamCount--;
    }
  }

  #heard(domain: string, node: string, link: number, now: number): void {
    const record = this.#nodes.get(`${domain}/${node}`);
    if (record === undefined) return;
    record.lastHeardAt = now;
    record.link = link;
  }

  #send(record: NodeRecord, name: string, args: unknown, timeoutMs: number): Promise<unknown> {
    const { domain, node } = record;
    return this.#requests.send(this.#link(record.link), { domain, node, name }, args, timeoutMs);
  }

  #link(index: number): MqttLink {
    const link = this.#links[index];
    if (link === undefined) throw new RangeError(`link ${index}: there are ${this.#links.length}`);
    return link;
  }

  #changed(record: NodeRecord, change: NodeChange): void {
    this.#options.onNode?.(record, change);
  }

  #drop(topic: string, cause: DropCause, detail: string): void {
    const dropped = this.#drops.add(topic, cause, detail, this.#clock.now());
    this.#options.onDropped?.(dropped);
  }

  #dropUnaccounted(topic: string, record: NodeRecord): void {
    this.#drop(topic, "unaccounted", `without boot and seq, but ${record.node} is a node with a birth`);
  }
}

function sameStream(a: Stream, b: Stream): boolean {
  return a.domain === b.domain && a.node === b.node && a.sensor === b.sensor;
}
