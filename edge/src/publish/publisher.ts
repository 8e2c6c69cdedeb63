import { type AlarmEvent, buildTopic, encodeEvent, encodeReading, type Reading } from "@fieldmesh/protocol";
import type { Log, MqttLink } from "@fieldmesh/runtime";
import type { Clock } from "../clock.js";
import { eventItem, type Item, type LoggedReading, ruleKey } from "../log/entry.js";
import type { NodeLog } from "../log/log.js";
import { Outbox } from "./outbox.js";
import { Rate } from "./rate.js";

/** On their way at once. Together below the link's own bound, so that it never has to refuse. */
const MAX_READINGS_INFLIGHT = 300;
const MAX_EVENTS_INFLIGHT = 50;
/** Held events come before held readings, but a flapping week of them must not fill the line either. */
const EVENTS_PER_SECOND = 200;

export interface PublisherPorts {
  domain: string;
  node: string;
  link: MqttLink;
  log: NodeLog;
  clock: Clock;
  logger: Log;
  backfillPerSecond: number;
  qosOf: (sensor: string) => 0 | 1;
  /** The readings that were held have been sent. */
  onDrained: () => void;
}

/** Takes readings and events from the log to the broker. What "delivered" means is in docs/edge.md. */
export class Publisher {
  readonly #ports: PublisherPorts;
  readonly #readings: Outbox;
  readonly #events: Outbox;
  readonly #retired = new Set<string>();

  constructor(ports: PublisherPorts) {
    const { link, log, clock, logger } = ports;
    this.#ports = ports;
    this.#readings = new Outbox("reading", MAX_READINGS_INFLIGHT, {
      link,
      log,
      logger,
      rate: new Rate(ports.backfillPerSecond, clock),
      send: (item, held) => this.#sendReading(item, held),
      onDrained: ports.onDrained,
    });
    this.#events = new Outbox("event", MAX_EVENTS_INFLIGHT, {
      link,
      log,
      logger,
      rate: new Rate(EVENTS_PER_SECOND, clock),
      send: (item) => this.#sendEvent(item),
    });
  }

  start(): void {
    this.#readings.start();
    this.#events.start();
  }

  /** A new reading, already in the log. */
  reading(reading: LoggedReading): void {
    const { sensor, boot, seq } = reading;
    this.#readings.offer({ kind: "reading", key: sensor, boot, seq, reading });
  }

  /** A new event, already in the log. Behind held ones of its rule it waits its turn: they keep their order. */
  event(event: AlarmEvent): void {
    const item = eventItem(event);
    const held = this.#ports.log.heldEventsOf(item.key);
    if (held === this.#events.inflightOf(item.key) + 1) this.#events.offer(item);
    else this.#events.wake();
  }

  /**
   * The connection is there. The present state of every rule goes out again with the (`boot`,`seq`) it has: the
   * broker may have lost its retained messages. A rule with held events gets its state behind them.
   */
  connected(): void {
    for (const [key, event] of this.#ports.log.newestEvents) {
      if (this.#ports.log.heldEventsOf(key) > 0 || this.#retired.has(key)) continue;
      void this.#publishEvent(event, true).catch((error: unknown) => {
        this.#ports.logger.debug({ err: error, rule: key }, "state of an alarm not acknowledged");
      });
    }
    this.#events.wake();
    this.#readings.wake();
  }

  /** Sends a reading again that was asked for. */
  resend(reading: LoggedReading): Promise<void> {
    return this.#publishReading(reading, true);
  }

  /** Takes the retained state of a rule that is no more off the broker; what is held of it is only told. */
  async retire(sensor: string, rule: string): Promise<void> {
    const { domain, node, link } = this.#ports;
    this.#retired.add(ruleKey(sensor, rule));
    await link.publish(buildTopic({ kind: "event", domain, node, sensor, rule }), "", {
      qos: 1,
      retain: true,
    });
  }

  async close(): Promise<void> {
    await Promise.all([this.#readings.close(), this.#events.close()]);
  }

  async #sendReading(item: Item, held: boolean): Promise<void> {
    if (item.kind === "reading") await this.#publishReading(item.reading, held);
  }

  async #sendEvent(item: Item): Promise<void> {
    if (item.kind !== "event") return;
    const { event } = item;
    const newest = this.#retired.has(item.key) ? undefined : this.#ports.log.newestEvents.get(item.key);
    await this.#publishEvent(event, newest?.boot === event.boot && newest.seq === event.seq);
  }

  async #publishReading(logged: LoggedReading, backfill: boolean): Promise<void> {
    const { domain, node, link, qosOf } = this.#ports;
    const { sensor } = logged;
    const reading: Reading = { node, ...logged };
    if (backfill) reading.backfill = true;
    await link.publish(buildTopic({ kind: "raw", domain, node, sensor }), encodeReading(reading), {
      qos: qosOf(sensor),
      retain: false,
    });
  }

  /** The newest of a rule is retained; one that a newer has overtaken is only told, as backfill. */
  async #publishEvent(event: AlarmEvent, newest: boolean): Promise<void> {
    const { domain, node, link } = this.#ports;
    const { sensor, rule } = event;
    await link.publish(
      buildTopic({ kind: "event", domain, node, sensor, rule }),
      encodeEvent(newest ? event : { ...event, backfill: true }),
      { qos: 1, retain: newest },
    );
  }
}
