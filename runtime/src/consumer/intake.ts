import { compareStatus, type Message, parseMessage, type Stats } from "@fieldmesh/protocol";
import type { MessageInfo } from "../mqtt/connection.js";
import type { AlarmStates } from "./alarm-states.js";
import type { ConsumerClock } from "./clock.js";
import type { ClockMeter } from "./clock-meter.js";
import type { DropCause, Drops } from "./drops.js";
import type { GapAsker } from "./gap-asker.js";
import type { NodeRecord, StreamRecord } from "./node-record.js";
import type { NodeTable } from "./node-table.js";
import type { Requests } from "./requests.js";
import type { ConsumerLimits, NodeChange, StreamConsumerOptions } from "./stream-consumer.js";

type MessageOf<K extends Message["kind"]> = Extract<Message, { kind: K }>;

/** The parts of a consumer that messages go into. */
export interface IntakePorts {
  nodes: NodeTable;
  alarms: AlarmStates;
  drops: Drops;
  requests: Requests;
  gaps: GapAsker;
  meter: ClockMeter;
  clock: ConsumerClock;
  limits: ConsumerLimits;
  /** Since when each broker's link is up, ms. */
  listening: readonly (number | null)[];
  options: Pick<
    StreamConsumerOptions,
    | "resend"
    | "onReading"
    | "onDuplicate"
    | "onEvent"
    | "onEventEnded"
    | "onNode"
    | "onAck"
    | "onPromise"
    | "onDropped"
  >;
  forget(domain: string, node: string): void;
}

/** What becomes of each message that arrives: parsed, entered where it belongs and told on. It never throws. */
export class Intake {
  readonly #ports: IntakePorts;

  constructor(ports: IntakePorts) {
    this.#ports = ports;
  }

  receive(link: number, topic: string, payload: Buffer, info: MessageInfo): void {
    const now = this.#ports.clock.now();
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
        const removed = this.#ports.alarms.remove(message.stream, message.rule);
        if (removed !== undefined) this.#ports.options.onEventEnded?.(removed, "removed");
        return;
      }
      case "birth":
      case "status":
      case "stats":
        this.#onNodeMessage(link, topic, message, info.retain, now);
        return;
      case "reply":
        this.#heard(message.domain, message.node, link, now);
        this.#ports.requests.take(message, message.reply);
        return;
      case "ack":
        this.#ports.options.onAck?.(message.stream, message.rule, message.ack);
        return;
      case "alarm":
        this.#ports.options.onPromise?.(message.streamName, message.rule, message.event);
        return;
      case "command":
      case "quality":
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
    const known = this.#stream(record, stream.sensor, topic);
    if (known === undefined) return;
    record.lastHeardAt = now;
    record.link = link;
    let outOfOrder = false;
    if (accounted) {
      known.accounted = true;
      const backfill = reading.backfill === true;
      const follows = known.latest?.boot === reading.boot && known.latest.seq + 1 === reading.seq;
      const receipt = known.ledger.receive(reading.boot, reading.seq, backfill);
      if (receipt.outcome === "duplicate") {
        this.#ports.options.onDuplicate?.(known, now);
        return;
      }
      outOfOrder = receipt.outOfOrder;
      if (!follows && !backfill) this.#ports.gaps.suspect(record, known);
      if (!backfill) this.#ports.meter.check(record, reading.timestamp, now);
    }
    known.arrived(reading, now);
    this.#ports.options.onReading?.({
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
    const order = this.#ports.alarms.take(stream, event, expiresAt);
    if (order === undefined) {
      this.#drop(topic, "limit", `more than ${this.#ports.limits.alarms} rules`);
      return;
    }
    const end = expiresAt === undefined ? {} : { expiresAt };
    this.#ports.options.onEvent?.({ stream, event, order, retained, arrivedAt: now, ...end });
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
      if (message.kind === "birth") this.#ports.forget(domain, node);
      return;
    }
    const record = this.#record(domain, node, link, topic);
    if (record === undefined) return;
    switch (message.kind) {
      case "birth":
        if (message.birth === null || (record.birth !== null && message.birth.boot < record.birth.boot))
          return;
        this.#ports.nodes.deleteUnaccounted(record);
        record.birth = message.birth;
        break;
      case "status": {
        const before = record.status;
        if (message.status === null || !record.takeStatus(message.status, now)) return;
        if (message.status.state === "online") {
          const anew = before !== null && compareStatus(message.status, before) > 0;
          if (anew) this.#ports.requests.nodeReturned(domain, node);
          if (anew) this.#ports.gaps.retry(record);
          this.#ports.meter.due(record);
        }
        break;
      }
      case "stats": {
        if (message.stats === null) return;
        const first = record.stats === null;
        if (!record.takeStats(message.stats, retained)) return;
        // A mere onlooker cannot fetch what came between these stats and its subscription: it waits for the next.
        if (retained && this.#ports.options.resend === false) break;
        this.#account(record, message.stats, first && !retained);
        break;
      }
    }
    // A birth or stats may lie at a broker that the node has left: its status says which one it is at.
    if (!retained || message.kind === "status" || record.status === null) record.link = link;
    const silentWill = message.kind === "status" && message.status?.state === "offline";
    if (!retained && !silentWill) record.lastHeardAt = now;
    const changed = record.judge(this.#ports.listening[link] ?? null, now);
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
      this.#ports.gaps.suspect(record, stream);
    }
  }

  #accountedStream(record: NodeRecord, sensor: string): StreamRecord | undefined {
    const stream = this.#stream(record, sensor, `${record.domain}/${record.node}/stats`);
    if (stream !== undefined) stream.accounted = true;
    return stream;
  }

  #record(domain: string, node: string, link: number, topic: string): NodeRecord | undefined {
    const known = this.#ports.nodes.get(domain, node);
    if (known !== undefined) return known;
    const record = this.#ports.nodes.add(domain, node, link, this.#ports.clock.now());
    if (record === undefined) this.#drop(topic, "limit", `more than ${this.#ports.limits.nodes} nodes`);
    else this.#changed(record, "seen");
    return record;
  }

  #stream(record: NodeRecord, sensor: string, topic: string): StreamRecord | undefined {
    const stream = this.#ports.nodes.stream(record, sensor);
    if (stream === undefined) this.#drop(topic, "limit", `more than ${this.#ports.limits.streams} streams`);
    return stream;
  }

  #heard(domain: string, node: string, link: number, now: number): void {
    const record = this.#ports.nodes.get(domain, node);
    if (record === undefined) return;
    record.lastHeardAt = now;
    record.link = link;
  }

  #drop(topic: string, cause: DropCause, detail: string): void {
    const dropped = this.#ports.drops.add(topic, cause, detail, this.#ports.clock.now());
    this.#ports.options.onDropped?.(dropped);
  }

  #dropUnaccounted(topic: string, record: NodeRecord): void {
    this.#drop(topic, "unaccounted", `without boot and seq, but ${record.node} is a node with a birth`);
  }

  #changed(record: NodeRecord, change: NodeChange): void {
    this.#ports.options.onNode?.(record, change);
  }
}
