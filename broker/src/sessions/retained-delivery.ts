import type { AedesPublishPacket, Subscription } from "aedes";
import type { Port } from "../port/port.js";
import { lowerQos } from "./qos.js";
import type { RetainedMessages } from "./retained.js";

/** Retained messages handed over in one turn of the event loop. */
const MESSAGES_PER_TURN = 100;

type Granted = Pick<Subscription, "topic" | "qos">;

export interface RetainedDeliveryOptions {
  retained: RetainedMessages;
  /** Above this much in the subscriber's queue the rest waits. */
  pauseAboveBytes: number;
  mayReceive(port: Port, topic: string): boolean;
  /** A message of QoS 1 or 2 goes out: its client's session, if it has one, holds it until it is acknowledged. */
  hold(port: Port, packet: AedesPublishPacket): void;
  /** The subscriptions of the client's session of which not all has been sent; null when it has none. */
  due(port: Port): Map<string, 0 | 1 | 2> | null;
  /** What to wait for before the client's session may hold more; null when there is room now. */
  room(port: Port): Promise<void> | null;
}

/**
 * Sends the retained messages that new subscriptions match [MQTT-3.3.1-6]: in portions, waiting for the subscriber,
 * and each as it is when its turn comes, so that no older one ever follows a newer live one.
 */
export class RetainedDelivery {
  readonly #options: RetainedDeliveryOptions;

  constructor(options: RetainedDeliveryOptions) {
    this.#options = options;
  }

  /** @param granted the accepted subscriptions, with the QoS granted */
  start(port: Port, granted: readonly Granted[]): void {
    const qosByTopic = new Map<string, 0 | 1 | 2>();
    // Of a filter that stands there twice, the later QoS counts.
    const qosByFilter = new Map(granted.map(({ topic, qos }) => [topic, qos]));
    for (const [filter, qos] of qosByFilter) {
      for (const topic of this.#options.retained.topics(filter)) {
        const other = qosByTopic.get(topic);
        if ((other === undefined || other < qos) && this.#options.mayReceive(port, topic))
          qosByTopic.set(topic, qos);
      }
    }
    const due = this.#options.due(port);
    for (const [filter, qos] of qosByFilter) due?.set(filter, qos);
    this.#send(port, qosByTopic.entries(), () => {
      for (const filter of qosByFilter.keys()) due?.delete(filter);
    });
  }

  /** Sends what was left when the client went [MQTT-3.3.1-6]: it returns to its subscriptions, and makes none anew. */
  resume(port: Port): void {
    const due = this.#options.due(port);
    if (due !== null && due.size > 0)
      this.start(
        port,
        Array.from(due, ([topic, qos]) => ({ topic, qos })),
      );
  }

  #send(port: Port, topics: IterableIterator<[string, 0 | 1 | 2]>, finished: () => void): void {
    for (let sent = 0; sent < MESSAGES_PER_TURN; sent++) {
      if (port.destroyed || port.client === undefined) return;
      const room = this.#options.room(port);
      if (room !== null) {
        void room.then(() => this.#send(port, topics, finished));
        return;
      }
      const next = topics.next();
      if (next.done) {
        finished();
        return;
      }
      const [topic, qos] = next.value;
      const kept = this.#options.retained.get(topic);
      if (kept === undefined) continue;
      const packet = asRetained(kept, qos);
      if (packet.qos > 0) this.#options.hold(port, packet);
      port.client.deliverQoS(packet, () => undefined);
    }
    // One turn later what was just handed over is in the queue.
    setImmediate(() => {
      const more = (): void => this.#send(port, topics, finished);
      if (port.outward.bytes <= this.#options.pauseAboveBytes) more();
      else port.outward.whenBelow(this.#options.pauseAboveBytes / 2, more);
    });
  }
}

/** With the retain bit [MQTT-3.3.1-8], at the lower of the two QoS [MQTT-3.8.4-6]. */
function asRetained(packet: AedesPublishPacket, qos: 0 | 1 | 2): AedesPublishPacket {
  return Object.assign({}, packet, {
    qos: lowerQos(qos, packet.qos),
    retain: true,
    dup: false,
    brokerId: "",
  });
}
