import { Readable } from "node:stream";
import type { AedesPublishPacket, Client, PublishPacket, Subscription } from "aedes";
import type { Limits } from "../limits.js";
import { SubscriptionTrie } from "../router/subscription-trie.js";
import { lowerQos } from "./qos.js";
import { RetainedMessages } from "./retained.js";
import { type HeldPacket, Session } from "./session.js";

/** A persistent session's subscription above QoS 0, as it is found by topic. */
interface Interest {
  readonly filter: string;
  readonly clientId: string;
  readonly qos: 0 | 1 | 2;
}

type ClientRef = Pick<Client, "id">;
interface Identified {
  messageId?: number | undefined;
}
type Will = PublishPacket & { clientId?: string; brokerId?: string };

export interface SessionStoreHost {
  /** A message was dropped because a session's queue is full; `first` once for each stretch. */
  onQueueFull(clientId: string, first: boolean): void;
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

/** Topics whose interested sessions are remembered; a change of any subscription forgets all. */
const REMEMBERED_TOPICS = 10_000;
/** Stands for a session's having no subscription; nobody may subscribe to it. */
export const NO_SUBSCRIPTION = "$session";
const NOBODY: readonly Interest[] = [];

/**
 * The state that Aedes keeps outside itself, in memory and in Aedes' own persistence interface: sessions with their
 * queues, retained messages, wills, and QoS 2 messages under way. Unlike Aedes' own it has bounds, holds a message
 * once for a client however many of its filters match, at the lower QoS of the two, and hands held messages over
 * before live ones.
 */
export class SessionStore {
  readonly retained: RetainedMessages;
  readonly #host: SessionStoreHost;
  readonly #limits: Limits;
  readonly #sessions = new Map<string, Session>();
  readonly #interests = new SubscriptionTrie<Interest>();
  readonly #interestOf = new Map<string, Map<string, Interest>>();
  readonly #byTopic = new Map<string, readonly Interest[]>();
  readonly #incoming = new Map<string, Set<number>>();
  readonly #wills = new Map<string, Will>();
  /** Bytes held for all sessions. */
  readonly #total = { bytes: 0 };
  /** The subscription that was allowed last; Aedes stores it in the same turn. */
  #granted: Subscription | null = null;
  #brokerId = "";

  constructor(limits: Limits, host: SessionStoreHost) {
    this.#limits = limits;
    this.#host = host;
    this.retained = new RetainedMessages(limits);
  }

  get sessionCount(): number {
    return this.#sessions.size;
  }

  has(clientId: string): boolean {
    return this.#sessions.has(clientId);
  }

  /** Whether the client's session holds the message and has not been sent it on this connection. */
  owes(clientId: string, brokerCounter: number): boolean {
    return this.#sessions.get(clientId)?.owes(brokerCounter) ?? false;
  }

  /** Whether a message that the client's session holds was sent with the identifier. */
  usesIdentifier(clientId: string, messageId: number): boolean {
    return this.#sessions.get(clientId)?.usesIdentifier(messageId) ?? false;
  }

  /** Holds a retained message that is sent to the session's client now. */
  holdRetained(clientId: string, packet: AedesPublishPacket): void {
    const session = this.#sessions.get(clientId);
    if (session !== undefined && !session.enqueueRetained(packet)) this.#queueFull(clientId, session);
  }

  /** What to wait for before the session's client is sent more retained messages; null when there is room now. */
  roomForRetained(clientId: string): Promise<void> | null {
    return this.#sessions.get(clientId)?.roomForRetained() ?? null;
  }

  /** The session's client has gone. */
  left(clientId: string): void {
    this.#sessions.get(clientId)?.left();
  }

  subscriptionCount(clientId: string): number {
    return this.#sessions.get(clientId)?.subscriptions.size ?? 0;
  }

  /** Says that a subscription of a SUBSCRIBE is allowed, and is the one to be stored next. */
  grant(subscription: Subscription): void {
    this.#granted = subscription;
  }

  /** Messages and bytes held for all sessions. */
  held(): { messages: number; bytes: number } {
    let messages = 0;
    for (const session of this.#sessions.values()) messages += session.size;
    return { messages, bytes: this.#total.bytes };
  }

  // ---- Aedes' persistence interface; its shapes, names and promises are Aedes' ----

  async setup(broker: { id: string }): Promise<void> {
    this.#brokerId = broker.id;
  }

  async storeRetained(packet: AedesPublishPacket): Promise<void> {
    if (!this.retained.store(packet)) this.#host.onRetainedFull(packet.topic);
  }

  createRetainedStreamCombi(): Readable {
    this.#host.onWantsRetained(); // sent by retained-delivery.ts, which waits for slow readers
    return Readable.from([]);
  }

  createRetainedStream(): Readable {
    return this.createRetainedStreamCombi();
  }

  /**
   * Stores the subscription that was granted just now. Aedes gives, for each that is granted, the whole list of its
   * SUBSCRIBE, refused ones included.
   */
  async addSubscriptions(client: ClientRef, _all: readonly Subscription[]): Promise<void> {
    const session = this.#session(client.id);
    if (this.#granted === null) return;
    const { topic, qos } = this.#granted;
    this.#granted = null;
    session.subscriptions.set(topic, qos);
    this.#dropInterest(client.id, topic);
    if (qos > 0) this.#addInterest({ filter: topic, clientId: client.id, qos });
  }

  async removeSubscriptions(client: ClientRef, filters: readonly string[]): Promise<void> {
    const session = this.#sessions.get(client.id);
    for (const filter of filters) {
      session?.subscriptions.delete(filter);
      this.#dropInterest(client.id, filter);
    }
  }

  /** Aedes takes a session without subscriptions for none [MQTT-3.2.2-2]: such a one gets {@link NO_SUBSCRIPTION}. */
  async subscriptionsByClient(client: ClientRef): Promise<{ topic: string; qos: 0 | 1 | 2 }[]> {
    const known = this.#sessions.has(client.id);
    const { subscriptions } = this.#session(client.id);
    if (known && subscriptions.size === 0) return [{ topic: NO_SUBSCRIPTION, qos: 0 }];
    return Array.from(subscriptions, ([topic, qos]) => ({ topic, qos }));
  }

  async countOffline(): Promise<{ subsCount: number; clientsCount: number }> {
    let subsCount = 0;
    for (const interests of this.#interestOf.values()) subsCount += interests.size;
    return { subsCount, clientsCount: this.#sessions.size };
  }

  async subscriptionsByTopic(topic: string): Promise<readonly Interest[]> {
    if (this.#interestOf.size === 0) return NOBODY;
    const remembered = this.#byTopic.get(topic);
    if (remembered !== undefined) return remembered;
    const best = new Map<string, Interest>();
    for (const interest of this.#interests.match(topic)) {
      const other = best.get(interest.clientId);
      if (other === undefined || other.qos < interest.qos) best.set(interest.clientId, interest);
    }
    // Aedes filters the topics of `$SYS` by a field of this name.
    const found = Array.from(best.values(), (interest) => ({ ...interest, topic: interest.filter }));
    if (this.#byTopic.size >= REMEMBERED_TOPICS) this.#byTopic.clear();
    this.#byTopic.set(topic, found);
    return found;
  }

  /** A clean session ends the one before it, with all that it held [MQTT-3.1.2-6]. */
  async cleanSubscriptions(client: ClientRef): Promise<void> {
    const session = this.#sessions.get(client.id);
    if (session === undefined) return;
    for (const filter of session.subscriptions.keys()) this.#dropInterest(client.id, filter);
    this.#sessions.delete(client.id);
    this.#total.bytes -= session.bytes;
  }

  async outgoingEnqueue(to: { clientId: string }, packet: AedesPublishPacket): Promise<void> {
    this.#enqueue(to.clientId, packet, packet.qos);
  }

  async outgoingEnqueueCombi(to: readonly Interest[], packet: AedesPublishPacket): Promise<void> {
    for (const { clientId, qos } of to) this.#enqueue(clientId, packet, lowerQos(qos, packet.qos));
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

  // Of a QoS 2 message under way only the identifier matters [MQTT-4.3.3-2]: it was published when it came.
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
    this.#incoming.delete(client.id);
  }

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

  getClientList(filter: string): Readable {
    return Readable.from(
      [...this.#sessions].filter(([, session]) => session.subscriptions.has(filter)).map(([id]) => id),
    );
  }

  async destroy(): Promise<void> {}

  // ---- Within ----

  #session(clientId: string): Session {
    let session = this.#sessions.get(clientId);
    if (session === undefined) {
      session = new Session(this.#limits, this.#total);
      this.#sessions.set(clientId, session);
    }
    return session;
  }

  #addInterest(interest: Interest): void {
    this.#interests.add(interest);
    const all = this.#interestOf.get(interest.clientId);
    if (all === undefined) this.#interestOf.set(interest.clientId, new Map([[interest.filter, interest]]));
    else all.set(interest.filter, interest);
    this.#byTopic.clear();
  }

  #dropInterest(clientId: string, filter: string): void {
    const all = this.#interestOf.get(clientId);
    const interest = all?.get(filter);
    if (all === undefined || interest === undefined) return;
    this.#interests.remove(interest);
    all.delete(filter);
    if (all.size === 0) this.#interestOf.delete(clientId);
    this.#byTopic.clear();
  }

  #enqueue(clientId: string, packet: AedesPublishPacket, qos: 0 | 1 | 2): void {
    const session = this.#sessions.get(clientId);
    if (session === undefined) return;
    const { cmd, topic, brokerId, brokerCounter } = packet;
    // The payload is copied: as it came, it is a part of a whole read buffer.
    const payload = Buffer.from(packet.payload);
    const held: AedesPublishPacket = {
      cmd,
      topic,
      payload,
      qos,
      retain: false,
      dup: false,
      brokerId,
      brokerCounter,
    };
    if (!session.enqueue(held)) this.#queueFull(clientId, session);
  }

  #queueFull(clientId: string, session: Session): void {
    this.#host.onQueueFull(clientId, !session.dropping);
    session.dropping = true;
  }
}
