import type { AedesPublishPacket } from "aedes";
import { type Interest, Interests } from "./interests.js";
import { Session, type SessionBounds } from "./session.js";

export interface SessionsLimits extends SessionBounds {
  /** How long a client may be away before its session is ended. */
  sessionExpiryMs: number;
}

export interface SessionsHost {
  /** A message was dropped because a session's queue is full; `first` once for each stretch. */
  onQueueFull(clientId: string, first: boolean): void;
  /** A session was ended because its client stayed away; so many messages were held for it. */
  onExpired(clientId: string, messages: number): void;
}

/** All persistent sessions, by client id. */
export class Sessions {
  readonly #limits: SessionsLimits;
  readonly #now: () => number;
  readonly #host: SessionsHost;
  readonly #sessions = new Map<string, Session>();
  readonly #interests = new Interests();
  /** Bytes held for all of them. */
  readonly #total = { bytes: 0 };

  /** @param now a clock that never goes back, ms */
  constructor(limits: SessionsLimits, host: SessionsHost, now: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#host = host;
    this.#now = now;
  }

  get count(): number {
    return this.#sessions.size;
  }

  /** Of all sessions, above QoS 0. */
  get interestCount(): number {
    return this.#interests.count;
  }

  has(clientId: string): boolean {
    return this.#sessions.has(clientId);
  }

  get(clientId: string): Session | undefined {
    return this.#sessions.get(clientId);
  }

  /** The client's session, for a client that comes; a new one when it has none. */
  open(clientId: string): Session {
    let session = this.#sessions.get(clientId);
    if (session === undefined) {
      session = new Session(this.#limits, this.#total);
      this.#sessions.set(clientId, session);
    }
    session.awaySinceMs = this.#now();
    return session;
  }

  /** The client has gone. */
  left(clientId: string): void {
    this.#sessions.get(clientId)?.left(this.#now());
  }

  /** Ends the sessions whose clients have been away for too long. */
  expire(): void {
    const before = this.#now() - this.#limits.sessionExpiryMs;
    for (const [clientId, { awaySinceMs, connected, size }] of this.#sessions) {
      if (connected || awaySinceMs >= before) continue;
      this.end(clientId);
      this.#host.onExpired(clientId, size);
    }
  }

  /** Ends the client's session, with all that it held. */
  end(clientId: string): void {
    const session = this.#sessions.get(clientId);
    if (session === undefined) return;
    for (const filter of session.subscriptions.keys()) this.#interests.delete(clientId, filter);
    this.#sessions.delete(clientId);
    this.#total.bytes -= session.bytes;
  }

  subscribe(clientId: string, filter: string, qos: 0 | 1 | 2): void {
    this.open(clientId).subscriptions.set(filter, qos);
    this.#interests.set(clientId, filter, qos);
  }

  unsubscribe(clientId: string, filter: string): void {
    const session = this.#sessions.get(clientId);
    session?.subscriptions.delete(filter);
    session?.retainedDue.delete(filter);
    this.#interests.delete(clientId, filter);
  }

  /** Ids of the clients whose sessions have exactly this subscription. */
  subscribedTo(filter: string): string[] {
    return Array.from(this.#sessions)
      .filter(([, { subscriptions }]) => subscriptions.has(filter))
      .map(([clientId]) => clientId);
  }

  /** The sessions that want what is published to the topic, each once, at the highest QoS of its subscriptions. */
  interestedIn(topic: string): readonly Interest[] {
    return this.#interests.in(topic);
  }

  /** Holds a message for a session, at this QoS; one that finds no room is dropped and reported. */
  hold(clientId: string, packet: AedesPublishPacket, qos: 0 | 1 | 2): void {
    const session = this.#sessions.get(clientId);
    if (session === undefined) return;
    const { cmd, topic, brokerId, brokerCounter } = packet;
    // The payload is copied: as it came, it is a part of a whole read buffer.
    const payload = Buffer.from(packet.payload);
    const held = { cmd, topic, payload, qos, retain: false, dup: false, brokerId, brokerCounter };
    if (!session.enqueue(held)) this.#queueFull(clientId, session);
  }

  /** Holds a retained message that is sent to the session's client now, with its identifier. */
  holdRetained(clientId: string, packet: AedesPublishPacket): void {
    const session = this.#sessions.get(clientId);
    if (session !== undefined && !session.enqueueRetained(packet)) this.#queueFull(clientId, session);
  }

  #queueFull(clientId: string, session: Session): void {
    this.#host.onQueueFull(clientId, !session.dropping);
    session.dropping = true;
  }

  /** Messages and bytes held for all sessions. */
  held(): { messages: number; bytes: number } {
    let messages = 0;
    for (const session of this.#sessions.values()) messages += session.size;
    return { messages, bytes: this.#total.bytes };
  }
}
