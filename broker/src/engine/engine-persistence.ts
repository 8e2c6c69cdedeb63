import { Readable } from "node:stream";
import type { AedesPublishPacket, Client, PublishPacket, Subscription } from "aedes";
import type { Interest } from "../sessions/interests.js";
import { lowerQos } from "../sessions/qos.js";
import type { RetainedMessages } from "../sessions/retained.js";
import type { HeldPacket } from "../sessions/session.js";
import type { Sessions } from "../sessions/sessions.js";

type ClientRef = Pick<Client, "id">;
interface Identified {
  messageId?: number | undefined;
}
type Will = PublishPacket & { clientId?: string; brokerId?: string };

export interface EnginePersistenceHost {
  onRetainedFull(topic: string): void;
  /** What was sent to the client with the identifier is finished. */
  onAcknowledged(client: Client, messageId: number): void;
  /** All that was held for the client has been handed over. */
  onDrained(client: Client): void;
  /** What to wait for before the client is sent more of what was held; null when there is room now. */
  room(client: Client): Promise<void> | null;
  /** Aedes wants the retained messages for the client that subscribed just now. */
  onWantsRetained(): void;
}

/** Stands for a session's having no subscription; nobody may subscribe to it. */
export const NO_SUBSCRIPTION = "$session";

const NOBODY: Promise<readonly Interest[]> = Promise.resolve([]);
const DONE = Promise.resolve();

/**
 * What Aedes asks of its persistence, answered from our sessions and retained messages, in memory; names, shapes and
 * promises are Aedes'. Unlike Aedes' own it has bounds, holds a message once for a client however many of its filters
 * match, at the lower QoS of the two, and hands held messages over before live ones.
 */
export class EnginePersistence {
  readonly #sessions: Sessions;
  readonly #retained: RetainedMessages;
  readonly #host: EnginePersistenceHost;
  /** Identifiers of QoS 2 messages that are under way to us, by client. */
  readonly #incoming = new Map<string, Set<number>>();
  readonly #wills = new Map<string, Will>();
  /** The subscription that was allowed last; Aedes stores it in the same turn. */
  #granted: Subscription | null = null;
  #brokerId = "";

  constructor(sessions: Sessions, retained: RetainedMessages, host: EnginePersistenceHost) {
    this.#sessions = sessions;
    this.#retained = retained;
    this.#host = host;
  }

  async setup(broker: { id: string }): Promise<void> {
    this.#brokerId = broker.id;
  }

  async destroy(): Promise<void> {}

  // ---- Retained messages ----

  async storeRetained(packet: AedesPublishPacket): Promise<void> {
    if (!this.#retained.store(packet)) this.#host.onRetainedFull(packet.topic);
  }

  createRetainedStreamCombi(): Readable {
    this.#host.onWantsRetained(); // sent by retained-delivery.ts, which waits for slow readers
    return Readable.from([]);
  }

  createRetainedStream(): Readable {
    return this.createRetainedStreamCombi();
  }

  // ---- Subscriptions ----

  /** Says that a subscription of a SUBSCRIBE is allowed, and is the one to be stored next. */
  grant(subscription: Subscription): void {
    this.#granted = subscription;
  }

  /**
   * Stores the subscription that was granted just now. Aedes gives, for each that is granted, the whole list of its
   * SUBSCRIBE, refused ones included.
   */
  async addSubscriptions(client: ClientRef, _all: readonly Subscription[]): Promise<void> {
    if (this.#granted === null) return;
    const { topic, qos } = this.#granted;
    this.#granted = null;
    this.#sessions.subscribe(client.id, topic, qos as 0 | 1 | 2);
  }

  async removeSubscriptions(client: ClientRef, filters: readonly string[]): Promise<void> {
    for (const filter of filters) this.#sessions.unsubscribe(client.id, filter);
  }

  /** Aedes takes a session without subscriptions for none [MQTT-3.2.2-2]: such a one gets {@link NO_SUBSCRIPTION}. */
  async subscriptionsByClient(client: ClientRef): Promise<{ topic: string; qos: 0 | 1 | 2 }[]> {
    const known = this.#sessions.has(client.id);
    const { subscriptions } = this.#sessions.open(client.id);
    if (known && subscriptions.size === 0) return [{ topic: NO_SUBSCRIPTION, qos: 0 }];
    return Array.from(subscriptions, ([topic, qos]) => ({ topic, qos }));
  }

  /** A clean session ends the one before it, with all that it held [MQTT-3.1.2-6]. */
  async cleanSubscriptions(client: ClientRef): Promise<void> {
    this.#sessions.end(client.id);
  }

  async countOffline(): Promise<{ subsCount: number; clientsCount: number }> {
    return { subsCount: this.#sessions.interestCount, clientsCount: this.#sessions.count };
  }

  getClientList(filter: string): Readable {
    return Readable.from(this.#sessions.subscribedTo(filter));
  }

  // ---- Messages to clients ----

  /** Asked for each message of QoS 1 and 2, mostly in vain: then without a promise of its own. */
  subscriptionsByTopic(topic: string): Promise<readonly Interest[]> {
    const interested = this.#sessions.interestedIn(topic);
    return interested.length === 0 ? NOBODY : Promise.resolve(interested);
  }

  async outgoingEnqueue(to: { clientId: string }, packet: AedesPublishPacket): Promise<void> {
    this.#sessions.hold(to.clientId, packet, packet.qos);
  }

  outgoingEnqueueCombi(to: readonly Interest[], packet: AedesPublishPacket): Promise<void> {
    for (const { clientId, qos } of to) this.#sessions.hold(clientId, packet, lowerQos(qos, packet.qos));
    return DONE;
  }

  async outgoingUpdate(client: ClientRef, packet: HeldPacket): Promise<void> {
    this.#sessions.get(client.id)?.sending(packet);
  }

  async outgoingClearMessageId(client: Client, packet: HeldPacket): Promise<HeldPacket | undefined> {
    if (packet.messageId !== undefined) this.#host.onAcknowledged(client, packet.messageId);
    return this.#sessions.get(client.id)?.acknowledged(packet);
  }

  outgoingStream(client: Client): Readable {
    const drained = (): void => this.#host.onDrained(client);
    const session = client.clean ? undefined : this.#sessions.get(client.id);
    if (session === undefined) {
      drained();
      return Readable.from([]);
    }
    session.connected = true;
    return Readable.from(
      session.drain(drained, () => this.#host.room(client)),
      { highWaterMark: 1 },
    );
  }

  // ---- QoS 2 messages from clients: only the identifier matters [MQTT-4.3.3-2], they were published when they came ----

  async incomingStorePacket(client: ClientRef, packet: Identified): Promise<void> {
    let under = this.#incoming.get(client.id);
    if (under === undefined) {
      under = new Set();
      this.#incoming.set(client.id, under);
    }
    under.add(packet.messageId ?? 0);
  }

  async incomingGetPacket(client: ClientRef, packet: Identified): Promise<Identified> {
    if (!this.#incoming.get(client.id)?.has(packet.messageId ?? 0)) throw new Error("no such packet"); // "it is new"
    return packet;
  }

  async incomingDelPacket(client: ClientRef, packet: Identified): Promise<void> {
    const under = this.#incoming.get(client.id);
    if (!under?.delete(packet.messageId ?? 0)) throw new Error("no such packet");
    if (under.size === 0) this.#incoming.delete(client.id);
  }

  async cleanIncoming(client: ClientRef): Promise<void> {
    this.forget(client.id);
  }

  /** The client's session has ended. */
  forget(clientId: string): void {
    this.#incoming.delete(clientId);
  }

  // ---- Wills ----

  async putWill(client: ClientRef, will: Will): Promise<void> {
    will.brokerId = this.#brokerId;
    will.clientId = client.id;
    this.#wills.set(client.id, will);
  }

  async getWill(client: ClientRef): Promise<Will | undefined> {
    return this.#wills.get(client.id);
  }

  async delWill(client: ClientRef): Promise<Will | undefined> {
    const will = this.#wills.get(client.id);
    this.#wills.delete(client.id);
    return will;
  }

  /**
   * Wills of brokers that have died, which Aedes looks for every four minutes. This store is one broker's own, so
   * there are none. (Going by the brokers it is given would publish the will of everyone who is connected: Aedes
   * learns who lives from heartbeats on its emitter, which our router does not bring back to it.)
   */
  streamWill(): Readable {
    return Readable.from([]);
  }
}
