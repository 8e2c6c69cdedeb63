import type { EventEmitter } from "node:events";
import type { AedesPublishPacket, Client, Subscription } from "aedes";
import type { Packet } from "mqtt-packet";
import type { Port } from "../port/port.js";

/**
 * What this broker depends on of Aedes 1.2's client beyond its documented face; `engine-client.test.ts` watches
 * each. `conn` is the port; `duplicates` is its record of the highest message seen per broker, by which it would
 * drop what was overtaken; `_parser` emits each packet before it is handled; `_parsingBatch` counts the packets that
 * it has not finished; `_nextId` is the identifier of the next message to it; `deliverQoS` sends one message;
 * `subscriptions` holds the granted QoS, to which it lowers what has exactly that topic.
 */
export interface EngineClient extends Omit<Client, "conn"> {
  readonly conn: Port;
  duplicates: Record<string, number>;
  readonly subscriptions: Record<string, { qos: number } | undefined>;
  readonly _parser: EventEmitter;
  readonly _parsingBatch: number;
  _nextId: number;
  deliverQoS(packet: AedesPublishPacket, done: () => void): void;
}

/** Above every QoS. */
const NEVER_LOWER = 3;

/**
 * The QoS granted for a filter that is being subscribed to; and turns off Aedes' own lowering to it. Aedes lowers by
 * the subscription to exactly a message's topic, also where a wildcard of the same client was granted more
 * [MQTT-3.3.5-1]; our router has lowered already, by the highest of them.
 */
export function takeGrantedQos(client: EngineClient, filter: string): 0 | 1 | 2 {
  const subscription = client.subscriptions[filter];
  if (subscription === undefined) return 0;
  const { qos } = subscription;
  subscription.qos = NEVER_LOWER;
  return qos as 0 | 1 | 2;
}

/** The one place where Aedes' type is taken for the wider one. */
export function engineClient(client: Client): EngineClient {
  return client as unknown as EngineClient;
}

/**
 * Turns off Aedes' own dropping of duplicates: it drops what a later message overtook inside it, and our router
 * delivers once per client anyway.
 */
export function neverDuplicate(client: EngineClient, brokerId: string): void {
  const duplicates: Record<string, number> = Object.create(null) as Record<string, number>;
  Object.defineProperty(duplicates, brokerId, {
    get: () => 0,
    set: (_highest) => {},
  });
  client.duplicates = duplicates;
}

/**
 * Has a SUBSCRIBE answered for each of its filters [MQTT-3.8.4-5]: of filters that are the same, Aedes keeps the last
 * alone, by putting a shorter list in the place of the packet's. Here that has no effect, and it takes them one by one.
 */
export function keepEqualFilters(client: EngineClient): void {
  client._parser.prependListener("packet", (packet: Packet) => {
    if (packet.cmd !== "subscribe" || packet.subscriptions.length === 1) return;
    const { subscriptions } = packet;
    Object.defineProperty(packet, "subscriptions", {
      get: () => subscriptions,
      set: (_shorter: Subscription[]) => {},
    });
  });
}
