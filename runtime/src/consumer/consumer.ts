import { CONSUMER_FILTERS, type Stream } from "@fieldmesh/protocol";
import type { MqttLink } from "../mqtt/link.js";
import { type AlarmRecord, AlarmStates } from "./alarm-states.js";
import { type AuditRow, auditRows } from "./audit.js";
import { type ConsumerClock, systemClock } from "./clock.js";
import { ClockMeter } from "./clock-meter.js";
import { type ConsumerState, ConsumerStateError } from "./consumer-state.js";
import { Drops } from "./drops.js";
import { GapAsker } from "./gap-asker.js";
import { Intake } from "./intake.js";
import type { NodeRecord } from "./node-record.js";
import { NodeTable } from "./node-table.js";
import { ConsumerClosedError } from "./request-errors.js";
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

const TICK_MS = 250;
const DEFAULT_GRACE_MS = 2_000;
const DEFAULT_TIMEOUT_MS = 10_000;
/** A node answers a `resend` when it has sent everything, behind those of others. */
const RESEND_TIMEOUT_MS = 60_000;

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
  readonly #nodes: NodeTable;
  readonly #alarms: AlarmStates;
  readonly #drops: Drops;
  readonly #requests: Requests;
  readonly #gaps: GapAsker;
  readonly #meter: ClockMeter;
  readonly #intake: Intake;
  readonly #listening: (number | null)[];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: StreamConsumerOptions) {
    this.#options = options;
    this.#links = options.links;
    this.#clock = options.clock ?? systemClock;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#nodes = new NodeTable(this.#limits);
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
        return resendResult(await this.#send(record, "resend", args, RESEND_TIMEOUT_MS));
      },
      onAsked: options.onAsked,
      onAnswered: options.onAnswered,
      onFailed: (record, error) => {
        if (error instanceof ConsumerClosedError) return;
        log.warn(
          { node: record.node, err: error },
          "a node did not send missing readings; asked again later",
        );
      },
    });
    this.#meter = new ClockMeter({
      clock: this.#clock,
      ask: (record) => this.#send(record, "time", {}, DEFAULT_TIMEOUT_MS),
      onMeasured: (record) => this.#changed(record, "offset"),
      onFailed: (record, error) =>
        log.debug({ node: record.node, err: error }, "a node's clock was not measured"),
    });
    this.#intake = new Intake({
      nodes: this.#nodes,
      alarms: this.#alarms,
      drops: this.#drops,
      requests: this.#requests,
      gaps: this.#gaps,
      meter: this.#meter,
      clock: this.#clock,
      limits: this.#limits,
      listening: this.#listening,
      options,
      forget: (domain, node) => this.forget(domain, node),
    });
    if (options.state !== undefined) this.#restore(options.state);
  }

  start(): void {
    if (this.#timer !== undefined) return;
    const filters = Object.values(CONSUMER_FILTERS).flat();
    this.#links.forEach((link, index) => {
      link.onMessage((topic, payload, info) => this.#intake.receive(index, topic, payload, info));
      link.onConnect(() => {
        this.#listening[index] = this.#clock.now();
        this.#options.onLink?.(index, true);
      });
      link.onDisconnect(() => {
        this.#listening[index] = null;
        this.#requests.linkLost(link);
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
    return this.#nodes.all;
  }

  node(domain: string, node: string): ConsumerNode | undefined {
    return this.#nodes.get(domain, node);
  }

  stream({ domain, node, sensor }: Stream): ConsumerStream | undefined {
    return this.#nodes.get(domain, node)?.streams.get(sensor);
  }

  alarms(): Iterable<AlarmRecord> {
    return this.#alarms.values();
  }

  audit(): AuditRow[] {
    const accounted = [...this.#nodes.all.values()]
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
    target: { domain: string; node: string; name: string; by?: string },
    args: unknown,
    timeoutMs = DEFAULT_TIMEOUT_MS,
  ): Promise<unknown> {
    // A node that was never heard of may be on any of the brokers: the first that is connected is tried.
    const known = this.#nodes.get(target.domain, target.node)?.link;
    const index =
      known ??
      Math.max(
        0,
        this.#links.findIndex((link) => link.connected),
      );
    return await this.#requests.send(this.#link(index), target, args, timeoutMs);
  }

  forget(domain: string, node: string): void {
    const record = this.#nodes.get(domain, node);
    if (record === undefined) return;
    this.#nodes.delete(record);
    for (const stream of record.streams.values()) this.#gaps.forget(stream);
    this.#meter.forget(record);
    this.#alarms.removeNode(domain, node);
    this.#options.onNode?.(record, "removed");
  }

  save(): ConsumerState {
    const alarms = [...this.#alarms.values()].map(({ stream, event, expiresAt }) => ({
      ...stream,
      event,
      ...(expiresAt === undefined ? {} : { expiresAt }),
    }));
    return { v: 1, nodes: this.#nodes.save(), alarms };
  }

  #restore(state: ConsumerState): void {
    if (state.v !== 1) throw new ConsumerStateError(state.v);
    this.#nodes.restore(state.nodes, this.#clock.now());
    for (const record of this.#nodes.all.values()) {
      for (const stream of record.streams.values()) this.#gaps.suspect(record, stream);
    }
    for (const { domain, node, sensor, event, expiresAt } of state.alarms) {
      this.#alarms.take({ domain, node, sensor }, event, expiresAt);
    }
  }

  #tick(): void {
    const now = this.#clock.now();
    for (const record of this.#nodes.all.values()) {
      if (record.judge(this.#listening[record.link] ?? null, now)) this.#changed(record, "presence");
    }
    for (const alarm of this.#alarms.expire(now)) this.#options.onEventEnded?.(alarm, "expired");
    const reachable = (record: NodeRecord) =>
      record.presence.presence === "online" && this.#link(record.link).connected;
    if (this.#options.resend !== false) this.#gaps.tick(reachable);
    if (this.#options.measureClocks ?? this.#options.resend !== false) {
      this.#meter.tick(this.#nodes.all.values(), (record) => !record.legacy && reachable(record));
    }
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
}
