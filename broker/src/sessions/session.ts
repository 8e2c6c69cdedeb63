import type { AedesPublishPacket, PubrelPacket } from "aedes";

export type HeldPacket = AedesPublishPacket | (PubrelPacket & { brokerCounter?: number });

interface Held {
  packet: HeldPacket;
  /** Identifier that it was sent with; undefined while it was never sent. */
  messageId: number | undefined;
  readonly bytes: number;
  sent: boolean;
  /** Tells the drain that the engine has taken it. */
  taken?: (() => void) | undefined;
}

/** What a held message costs beyond its topic and payload, roughly. */
const OVERHEAD_BYTES = 200;
const MAX_MESSAGE_ID = 65_535;
/** A client that returns to a full queue needs room for what arrives while it works that off. */
const CONNECTED_FACTOR = 2;

export interface SessionBounds {
  queuedMessages: number;
  queuedBytes: number;
  queuedTotalBytes: number;
}

/**
 * The state of one persistent session [MQTT-3.1.2.4]: its subscriptions, and the QoS 1 and 2 messages that it has
 * not acknowledged, in the order of their arrival.
 */
export class Session {
  readonly subscriptions = new Map<string, 0 | 1 | 2>();
  /** Subscriptions whose retained messages have not all been sent yet: the rest comes on the next connection. */
  readonly retainedDue = new Map<string, 0 | 1 | 2>();
  bytes = 0;
  /** Its client is there. */
  connected = false;
  /** Since when its client is away, or has been about to come; by the clock of {@link Sessions}. */
  awaySinceMs = 0;
  /** Said once for each stretch of dropping. */
  dropping = false;
  readonly #bounds: SessionBounds;
  readonly #total: { bytes: number };
  /** By `brokerCounter`, which no two messages share; a Map keeps the order. */
  readonly #held = new Map<number, Held>();
  readonly #byMessageId = new Map<number, number>();
  /** The number of the last retained message that was held; below 0, where the broker has none. */
  #retainedCounter = 0;
  #awaitingRoom: (() => void)[] = [];

  /** @param total what all sessions hold together; shared by them */
  constructor(bounds: SessionBounds, total: { bytes: number }) {
    this.#bounds = bounds;
    this.#total = total;
  }

  get size(): number {
    return this.#held.size;
  }

  /** Whether a message is held that was not sent on this connection. */
  owes(brokerCounter: number): boolean {
    const held = this.#held.get(brokerCounter);
    return held !== undefined && !held.sent;
  }

  usesIdentifier(messageId: number): boolean {
    return this.#byMessageId.has(messageId);
  }

  /** False when the bounds leave no room. */
  enqueue(packet: AedesPublishPacket): boolean {
    const bytes = packet.topic.length + packet.payload.length + OVERHEAD_BYTES;
    const factor = this.connected ? CONNECTED_FACTOR : 1;
    if (this.#held.size >= this.#bounds.queuedMessages * factor) return false;
    if (this.bytes + bytes > this.#bounds.queuedBytes * factor) return false;
    if (this.#total.bytes + bytes > this.#bounds.queuedTotalBytes) return false;
    this.#held.set(packet.brokerCounter, { packet, messageId: undefined, bytes, sent: false });
    this.bytes += bytes;
    this.#total.bytes += bytes;
    this.dropping = false;
    return true;
  }

  /**
   * Holds a retained message that goes out now with its identifier, so that it is sent again like any other
   * [MQTT-4.4.0-1]; gives it a number of its own. False when the bounds leave no room.
   */
  enqueueRetained(packet: AedesPublishPacket): boolean {
    this.#retainedCounter -= 1;
    packet.brokerCounter = this.#retainedCounter;
    if (!this.enqueue(packet)) return false;
    this.sending(packet);
    return true;
  }

  /** What to wait for before more retained messages are sent: acknowledgements of half; null when there is room now. */
  roomForRetained(): Promise<void> | null {
    if (this.#hasRoom()) return null;
    return new Promise((resolve) => this.#awaitingRoom.push(resolve));
  }

  #hasRoom(): boolean {
    const { queuedBytes, queuedMessages } = this.#bounds;
    return this.size < queuedMessages / 2 && this.bytes < queuedBytes / 2;
  }

  /** Its client has gone. */
  left(nowMs: number): void {
    this.connected = false;
    this.awaySinceMs = nowMs;
    this.#awaitingRoom = [];
  }

  /**
   * The engine is about to send a message, or has got PUBREC for one [MQTT-4.3.3]. Gives the message an identifier
   * that no other unacknowledged one has [MQTT-2.3.1-2].
   */
  sending(packet: HeldPacket): void {
    if (packet.cmd === "pubrel") {
      const counter = this.#byMessageId.get(packet.messageId ?? 0);
      const held = counter === undefined ? undefined : this.#held.get(counter);
      if (held === undefined) return;
      held.packet = packet;
      held.sent = true;
      held.taken?.();
      return;
    }
    const held = this.#held.get(packet.brokerCounter);
    if (held === undefined) return;
    if (held.messageId === undefined) {
      held.messageId = this.#freeId(packet.messageId ?? 1);
      this.#byMessageId.set(held.messageId, packet.brokerCounter);
    }
    packet.messageId = held.messageId;
    held.sent = true;
    held.taken?.();
  }

  #freeId(wanted: number): number {
    let id = wanted;
    // The bound on messages is far below the number of identifiers, so there is one.
    while (this.#byMessageId.has(id)) id = id >= MAX_MESSAGE_ID ? 1 : id + 1;
    return id;
  }

  /** A message was acknowledged, or may not be sent any more; gives what was held. */
  acknowledged(packet: { messageId?: number | undefined; brokerCounter?: number }): HeldPacket | undefined {
    const counter =
      packet.messageId === undefined ? packet.brokerCounter : this.#byMessageId.get(packet.messageId);
    const held = counter === undefined ? undefined : this.#held.get(counter);
    if (counter === undefined || held === undefined) return undefined;
    this.#held.delete(counter);
    if (held.messageId !== undefined) this.#byMessageId.delete(held.messageId);
    this.bytes -= held.bytes;
    this.#total.bytes -= held.bytes;
    held.taken?.();
    if (this.#awaitingRoom.length > 0 && this.#hasRoom()) {
      for (const resolve of this.#awaitingRoom.splice(0)) resolve();
    }
    return held.packet;
  }

  /**
   * Everything held, oldest first, one at a time as the engine takes them, and what arrives meanwhile after it; ends
   * when nothing is left to send, calling `drained` in that same moment, so that nothing can come between.
   * @param room what to wait for while the client has not read enough of what it was sent
   */
  async *drain(drained: () => void, room: () => Promise<void> | null): AsyncGenerator<HeldPacket> {
    // A message that was sent on an earlier connection is sent again with DUP [MQTT-3.3.1-1, MQTT-4.4.0-1].
    for (const held of this.#held.values()) {
      if (held.sent && held.packet.cmd === "publish") held.packet.dup = true;
      held.sent = false;
    }
    // A Map's iterator also comes to what is added while it runs.
    for (const held of this.#held.values()) {
      const wait = room();
      if (wait !== null) await wait;
      const taken = new Promise<void>((resolve) => {
        held.taken = resolve;
      });
      if (held.messageId !== undefined) held.packet.messageId = held.messageId;
      yield held.packet;
      await taken;
      held.taken = undefined;
    }
    drained();
  }
}
