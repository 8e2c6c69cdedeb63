import { Duplex } from "node:stream";
import type { Identity } from "../access/access.js";
import type { EngineClient } from "../engine/engine-client.js";
import type { Reader } from "../router/router.js";
import type { DropCause } from "../stats/drops.js";
import { checkPacket } from "../wire/check-packet.js";
import { type ConnectPacket, readConnect } from "../wire/connect-packet.js";
import { MalformedPacketError } from "../wire/malformed.js";
import * as type from "../wire/packet-type.js";
import { EngineFeed, type FeedHost } from "./engine-feed.js";
import { ALONE } from "./inbox.js";
import { Lane } from "./lane.js";
import { OutwardQueue } from "./outward-queue.js";
import type { PortHost, Target } from "./port-host.js";
import { PublishCheck } from "./publish-check.js";
import type { Transport } from "./transport.js";

/** Checked packets that may wait for the engine before the socket is paused. */
const INBOX_HIGH_BYTES = 64 * 1024;

/**
 * One connection, between its transport and the engine, which takes it for the socket.
 *
 * Inward: bytes become packets, each is checked, and the engine gets them in batches of one kind, the next only when
 * it has finished the last. Outward: what the engine writes is taken at once, always, so that one reader that has
 * stopped reading stops nobody else; the queue's marks decide what becomes of it.
 */
export class Port extends Duplex implements Reader, FeedHost {
  readonly serial: number;
  readonly transport: Transport;
  readonly outward: OutwardQueue;
  /** Set by the engine, which looks after its own bookkeeping here. */
  client: EngineClient | undefined;
  /** Set when access control has let the client in. */
  identity: Identity | null = null;
  connect: ConnectPacket | null = null;
  accepted = false;
  /** What was held for its session is through: live messages may follow. */
  live = false;
  subscriptionCount = 0;
  /** Messages that this reader should have had and did not get. */
  dropped = 0;
  /** When the outward queue went over its soft mark, or 0. */
  overSinceMs = 0;
  /** Publishers no longer wait for it: its QoS 0 messages are dropped until it has caught up. */
  shedding = false;
  /** Tick of the sweep in which the client was last heard. */
  heardTick: number;
  readonly openedTick: number;

  readonly #host: PortHost;
  readonly #feed: EngineFeed;
  readonly #publishes: PublishCheck;
  readonly #lane: Lane;
  /** The start of a packet whose rest has not come. */
  #partial: Buffer | null = null;
  /** Bytes that wait because a reader is behind, and where in them the waiting packet begins. */
  #held: Buffer | null = null;
  #heldAt = 0;
  #paused = false;
  #ended = false;
  /** Nothing that comes now is looked at: DISCONNECT was seen, or a fault. */
  #deaf = false;
  /** Found in the stream; the connection ends for it when what came before is carried out. */
  #fault: { cause: DropCause; reason: string } | null = null;
  #aborting = false;

  constructor(transport: Transport, host: PortHost) {
    super({ allowHalfOpen: true });
    this.transport = transport;
    this.#host = host;
    this.#feed = new EngineFeed(host.budget, this);
    this.#publishes = new PublishCheck(host);
    this.serial = host.nextSerial();
    this.#lane = new Lane(this, host, this.#publishes);
    this.outward = new OutwardQueue(host.flusher, host.counters, (chunks, done) =>
      transport.send(chunks, done),
    );
    this.openedTick = host.sweepTick;
    this.heardTick = host.sweepTick;
  }

  start(): void {
    this.transport.start({ onData: (chunk) => this.#onData(chunk), onEnd: () => this.#onEnd() });
  }

  // ---- Inward: from the transport ----

  #onData(chunk: Buffer): void {
    if (this.destroyed || this.#deaf) return;
    this.#host.counters.bytesReceived += chunk.length;
    this.heardTick = this.#host.sweepTick;
    if (this.#held !== null) {
      this.#held = Buffer.concat([this.#held.subarray(this.#heldAt), chunk]);
      this.#heldAt = 0;
      return;
    }
    const bytes = this.#partial === null ? chunk : Buffer.concat([this.#partial, chunk]);
    this.#partial = null;
    this.#walk(bytes, 0);
  }

  /** A reader has moved, or has been given up: looks at the waiting packets again. */
  retry(): void {
    const held = this.#held;
    if (held === null || this.destroyed) return;
    this.#held = null;
    this.#walk(held, this.#heldAt);
  }

  #walk(bytes: Buffer, from: number): void {
    let at = from;
    try {
      while (at < bytes.length && !this.#deaf) {
        if (bytes[at] === type.PUBLISH && this.#laneIsOpen()) {
          at = this.#shortWay(bytes, at);
          if (at === bytes.length || this.destroyed) break;
        }
        const length = this.#remainingLength(bytes, at + 1);
        if (length === null) break;
        const start = at + 1 + length.bytes;
        const end = start + length.value;
        if (end - at > this.#host.limits.packetBytes) {
          this.#failAfter(
            "packet-size",
            `a packet of ${end - at} bytes; at most ${this.#host.limits.packetBytes} are taken`,
          );
          return;
        }
        if (end > bytes.length) break;
        if (!this.#accept(bytes, at, start, end)) {
          this.#held = bytes;
          this.#heldAt = at;
          this.#host.pressure.wait(this);
          this.#setFlow();
          this.#feed.offer();
          return;
        }
        if (this.destroyed) return;
        at = end;
      }
    } catch (error) {
      if (!(error instanceof MalformedPacketError)) throw error;
      this.#failAfter("malformed", error.message);
      return;
    }
    this.#publishes.endOfChunk();
    // A copy, so that the first bytes of a packet do not hold a whole read buffer while its rest is awaited.
    this.#partial = at < bytes.length && !this.#deaf ? Buffer.from(bytes.subarray(at)) : null;
    this.#setFlow();
    this.#feed.offer();
  }

  #shortWay(bytes: Buffer, at: number): number {
    const end = this.#lane.carry(bytes, at, bytes.length);
    const { counters } = this.#host;
    counters.packetsReceived += this.#lane.carried;
    counters.publishReceived += this.#lane.carried;
    counters.publishBytesReceived += end - at;
    return end;
  }

  /** Everything that came before is through the engine. */
  #laneIsOpen(): boolean {
    return this.#host.laneOn && this.accepted && this.#feed.quiet;
  }

  /** The remaining length [MQTT-2.2.3], or null when not all of its bytes are there. */
  #remainingLength(bytes: Buffer, at: number): { value: number; bytes: number } | null {
    let value = 0;
    for (let i = 0; i < 4; i++) {
      const byte = bytes[at + i];
      if (byte === undefined) return null;
      value += (byte & 0x7f) << (7 * i);
      if (byte < 0x80) return { value, bytes: i + 1 };
    }
    throw new MalformedPacketError("a remaining length of more than four bytes", "MQTT-2.2.3");
  }

  /** Takes one whole packet; false when it has to wait for a reader. */
  #accept(bytes: Buffer, at: number, start: number, end: number): boolean {
    const first = bytes[at] ?? 0;
    const kind = first & 0xf0;
    if (this.connect === null) {
      this.#acceptConnect(first, bytes, at, start, end);
      return true;
    }
    if (kind === type.PUBLISH) {
      const verdict = this.#publishes.check(first, bytes, start, end);
      if (verdict.tooDeep) {
        this.#failAfter("topic-levels", `a topic of more than ${this.#host.limits.topicLevels} levels`);
        return true;
      }
      if (this.#mustWait(verdict.target)) return false;
      const { counters } = this.#host;
      counters.packetsReceived += 1;
      counters.publishReceived += 1;
      counters.publishBytesReceived += end - at;
      this.#feed.inbox.push(first & 0xf7, bytes, at, end); // DUP makes no other kind
      return true;
    }
    checkPacket(first, bytes, start, end);
    this.#host.counters.packetsReceived += 1;
    switch (kind) {
      case type.PINGREQ:
        if (!this.accepted) {
          this.#feed.inbox.push(ALONE, bytes, at, end); // CONNACK comes first [MQTT-3.2.0-1]
          return true;
        }
        this.outward.push(type.PINGRESP_FRAME); // [MQTT-3.12.4-1]
        this.#host.counters.packetsSent += 1;
        return true;
      case type.DISCONNECT:
        this.#deaf = true;
        this.#feed.inbox.push(ALONE, bytes, at, end);
        return true;
      default:
        this.#feed.inbox.push(
          kind === type.SUBSCRIBE || kind === type.UNSUBSCRIBE ? ALONE : first,
          bytes,
          at,
          end,
        );
        return true;
    }
  }

  #acceptConnect(first: number, bytes: Buffer, at: number, start: number, end: number): void {
    if (first !== type.CONNECT)
      throw new MalformedPacketError("the first packet is not CONNECT", "MQTT-3.1.0-1");
    const connect = readConnect(bytes, start, end);
    this.#host.counters.packetsReceived += 1;
    const refusal = this.#host.judgeConnect(connect);
    this.connect = connect;
    if (refusal !== null) {
      this.refuse(refusal.returnCode, refusal.cause, refusal.reason);
      return;
    }
    this.#feed.inbox.push(ALONE, bytes, at, end);
    this.#host.attach(this);
  }

  #mustWait(target: Target): boolean {
    return target.readers.length > 0 && this.#host.pressure.mustWait(target.readers);
  }

  /** The peer is on this machine, and so is everyone who could have reached its listener. */
  get trustedAsLocal(): boolean {
    return this.transport.loopback && this.#host.localOnly;
  }

  /** The client cannot be heard at present, because it is made to wait. */
  get waiting(): boolean {
    return this.#paused;
  }

  #setFlow(): void {
    const pause = this.#held !== null || this.#feed.inbox.bytes > INBOX_HIGH_BYTES;
    if (pause === this.#paused) return;
    this.#paused = pause;
    if (pause) this.transport.pause();
    else this.transport.resume();
  }

  #onEnd(): void {
    this.#ended = true;
    this.#endWhenDone();
  }

  /** What had come before the end is still carried out: a publisher may send and leave. */
  #endWhenDone(): void {
    if (this.#held !== null || !this.#feed.done) return;
    if (this.#fault !== null) this.fail(this.#fault.cause, this.#fault.reason);
    else if (this.#ended) this.destroy();
  }

  /** A fault in the stream: what stood before it is carried out, then the connection ends [MQTT-4.8.0-1]. */
  #failAfter(cause: DropCause, reason: string): void {
    this.#deaf = true;
    this.#fault = { cause, reason };
    this.#partial = null;
    this.#feed.offer();
  }

  // ---- Inward: to the engine ----

  announce(): void {
    this.emit("readable");
  }

  unfinishedPackets(): number {
    return this.client?._parsingBatch ?? 0;
  }

  get carry(): FeedHost["carry"] {
    return this.#host.laneOn && this.accepted ? this.#carryBatch : null;
  }

  readonly #carryBatch = (bytes: Buffer, start: number, end: number): number =>
    this.#lane.carry(bytes, start, end);

  onTaken(): void {
    this.#setFlow();
  }

  onQuiet(): void {
    this.#endWhenDone();
  }

  /** The engine asks for more; size 0 is streams' own start-up. */
  override read(size?: number): Buffer | null {
    return size === 0 ? null : this.#feed.read();
  }

  /** The engine has finished CONNECT. */
  ready(): void {
    this.#feed.ready();
  }

  // ---- Outward ----

  override write(chunk: unknown): boolean {
    if (typeof chunk === "string") this.outward.pushText(chunk);
    else if (chunk instanceof Uint8Array) this.outward.push(chunk);
    if (this.outward.bytes > this.#host.limits.hardQueueBytes) this.#host.pressure.giveUp(this);
    return true; // the engine never waits for a reader
  }

  /** The engine's writer corks once for each packet: that is how packets are counted here. */
  override cork(): void {
    this.#host.counters.packetsSent += 1;
  }

  override uncork(): void {}

  // ---- End ----

  /** Refuses the CONNECT with a return code [MQTT-3.2.2-5]. */
  refuse(returnCode: number, cause: DropCause, reason: string): void {
    this.outward.push(type.connackFrame(returnCode));
    this.#host.counters.packetsSent += 1;
    this.fail(cause, reason);
  }

  /** Closes the connection for a fault, which is logged and counted by its name. */
  fail(cause: DropCause, reason: string): void {
    if (this.destroyed) return;
    this.#host.counters.drop(cause);
    this.#host.reportFault(this, cause, reason);
    this.destroy();
  }

  /** Closes the connection at once; what is queued for it is lost, and counted by the caller. */
  abort(): void {
    this.#aborting = true;
    this.destroy();
  }

  override _destroy(_error: Error | null, callback: (error: Error | null) => void): void {
    this.#host.closed(this);
    this.#feed.close();
    this.#held = null;
    this.#partial = null;
    if (this.#aborting) {
      this.outward.close();
      this.transport.abort();
    } else {
      const rest = this.outward.drain();
      if (rest.length > 0) this.transport.send(rest, () => undefined);
      this.transport.finish();
    }
    callback(null); // the engine hears "close"; faults were reported where they were found
  }
}
