import type { DropCause } from "../stats/drops.js";
import { checkPacket } from "../wire/check-packet.js";
import { readConnect } from "../wire/connect-packet.js";
import { MalformedPacketError } from "../wire/malformed.js";
import * as type from "../wire/packet-type.js";
import { remainingLength } from "../wire/remaining-length.js";
import { EngineFeed, type FeedHost } from "./engine-feed.js";
import { ALONE } from "./inbox.js";
import { Lane } from "./lane.js";
import type { Port } from "./port.js";
import type { PortHost, Target } from "./port-host.js";
import { PublishCheck } from "./publish-check.js";

/** Checked packets that may wait for the engine before the socket is paused. */
const INBOX_HIGH_BYTES = 64 * 1024;

/**
 * What comes from one client. Bytes become whole packets, each is checked, and goes by the lane or to the engine's
 * feed; one whose readers are behind waits here, with all that follows it, and the socket is paused.
 */
export class Inward implements FeedHost {
  readonly feed: EngineFeed;
  readonly #port: Port;
  readonly #host: PortHost;
  readonly #publishes: PublishCheck;
  readonly #lane: Lane;
  /** The start of a packet whose rest has not come. */
  #partial: Buffer | null = null;
  /** Bytes that wait because a reader is behind, and where in them the waiting packet begins. */
  #held: Buffer | null = null;
  #heldAt = 0;
  #paused = false;
  #ended = false;
  /** Nothing that comes now is looked at: DISCONNECT was seen, or a fault, or the connection is closed. */
  #deaf = false;
  /** Found in the stream; the connection ends for it when what came before is carried out. */
  #fault: { cause: DropCause; reason: string } | null = null;

  constructor(port: Port, host: PortHost) {
    this.#port = port;
    this.#host = host;
    this.feed = new EngineFeed(host.budget, this);
    this.#publishes = new PublishCheck(host);
    this.#lane = new Lane(port, host, this.#publishes);
  }

  /** The client cannot be heard at present, because it is made to wait. */
  get paused(): boolean {
    return this.#paused;
  }

  /** Bytes have come from the transport. */
  take(chunk: Buffer): void {
    if (this.#deaf) return;
    this.#host.counters.bytesReceived += chunk.length;
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
    if (held === null || this.#port.destroyed) return;
    this.#held = null;
    this.#walk(held, this.#heldAt);
  }

  #walk(bytes: Buffer, from: number): void {
    let at = from;
    try {
      while (at < bytes.length && !this.#deaf) {
        if (bytes[at] === type.PUBLISH && this.#laneIsOpen()) {
          at = this.#shortWay(bytes, at);
          if (at === bytes.length || this.#deaf) break;
        }
        const length = remainingLength(bytes, at + 1);
        if (length === null) break;
        const start = at + 1 + length.bytes;
        const end = start + length.value;
        const { packetBytes } = this.#host.limits;
        if (end - at > packetBytes) {
          this.#failAfter("packet-size", `a packet of ${end - at} bytes; at most ${packetBytes} are taken`);
          return;
        }
        if (end > bytes.length) break;
        if (!this.#accept(bytes, at, start, end)) {
          this.#held = bytes;
          this.#heldAt = at;
          this.#host.pressure.wait(this.#port);
          this.#setFlow();
          this.feed.offer();
          return;
        }
        if (this.#port.destroyed) return;
        at = end;
      }
    } catch (error) {
      if (!(error instanceof MalformedPacketError)) throw error;
      this.#failAfter("malformed", error.message);
      return;
    }
    // A copy, so that the first bytes of a packet do not hold a whole read buffer while its rest is awaited.
    this.#partial = at < bytes.length && !this.#deaf ? Buffer.from(bytes.subarray(at)) : null;
    this.#setFlow();
    this.feed.offer();
  }

  /** Everything that came before is through the engine. */
  #laneIsOpen(): boolean {
    return this.#host.laneOn && this.#port.accepted && this.feed.quiet;
  }

  #shortWay(bytes: Buffer, at: number): number {
    const end = this.#lane.carry(bytes, at, bytes.length);
    const { counters } = this.#host;
    counters.packetsReceived += this.#lane.carried;
    counters.publishReceived += this.#lane.carried;
    counters.publishBytesReceived += end - at;
    return end;
  }

  /** Takes one whole packet; false when it has to wait for a reader. */
  #accept(bytes: Buffer, at: number, start: number, end: number): boolean {
    const first = bytes[at] ?? 0;
    const kind = first & 0xf0;
    if (this.#port.connect === null) {
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
      this.feed.inbox.push(first & 0xf7, bytes, at, end); // DUP makes no other kind
      return true;
    }
    checkPacket(first, bytes, start, end);
    this.#host.counters.packetsReceived += 1;
    if (kind === type.PINGREQ && this.#port.accepted) {
      this.#port.outward.push(type.PINGRESP_FRAME); // [MQTT-3.12.4-1]
      this.#host.counters.packetsSent += 1;
      return true;
    }
    if (kind === type.PUBACK && this.#port.accepted) {
      // It has no answer and no order towards anything else: it need not wait for the engine, nor others for it.
      this.#host.acknowledged(this.#port, bytes.readUInt16BE(start));
      return true;
    }
    if (kind === type.DISCONNECT) this.#deaf = true;
    // An acknowledgement may go with others of its kind; a PINGREQ before CONNACK has to come after it [MQTT-3.2.0-1].
    this.feed.inbox.push(type.isAcknowledgement(kind) ? first : ALONE, bytes, at, end);
    return true;
  }

  #acceptConnect(first: number, bytes: Buffer, at: number, start: number, end: number): void {
    if (first !== type.CONNECT)
      throw new MalformedPacketError("the first packet is not CONNECT", "MQTT-3.1.0-1");
    const connect = readConnect(bytes, start, end);
    this.#host.counters.packetsReceived += 1;
    const refusal = this.#host.judgeConnect(connect);
    this.#port.connect = connect;
    if (refusal !== null) {
      this.#port.refuse(refusal.returnCode, refusal.cause, refusal.reason);
      return;
    }
    this.feed.inbox.push(ALONE, bytes, at, end);
    this.#host.attach(this.#port);
  }

  #mustWait(target: Target): boolean {
    return target.readers.length > 0 && this.#host.pressure.mustWait(target.readers);
  }

  #setFlow(): void {
    const pause = this.#held !== null || this.feed.inbox.bytes > INBOX_HIGH_BYTES;
    if (pause === this.#paused) return;
    this.#paused = pause;
    if (pause) this.#port.transport.pause();
    else this.#port.transport.resume();
  }

  // ---- End ----

  /** No more bytes will come. What had come is still carried out: a publisher may send and leave. */
  end(): void {
    this.#ended = true;
    this.#endWhenDone();
  }

  /** A fault in the stream: what stood before it is carried out, then the connection ends [MQTT-4.8.0-1]. */
  #failAfter(cause: DropCause, reason: string): void {
    this.#deaf = true;
    this.#fault = { cause, reason };
    this.#partial = null;
    this.feed.offer();
  }

  #endWhenDone(): void {
    if (this.#held !== null || !this.feed.done) return;
    if (this.#fault !== null) this.#port.fail(this.#fault.cause, this.#fault.reason);
    else if (this.#ended) this.#port.destroy();
  }

  /** The connection is closed: what waits here is lost. */
  close(): void {
    this.#deaf = true;
    this.feed.close();
    this.#held = null;
    this.#partial = null;
  }

  // ---- What the feed asks ----

  announce(): void {
    this.#port.emit("readable");
  }

  unfinishedPackets(): number {
    return this.#port.client?._parsingBatch ?? 0;
  }

  get carry(): FeedHost["carry"] {
    return this.#host.laneOn && this.#port.accepted ? this.#carryBatch : null;
  }

  readonly #carryBatch = (bytes: Buffer, start: number, end: number): number =>
    this.#lane.carry(bytes, start, end);

  onTaken(): void {
    this.#setFlow();
  }

  onQuiet(): void {
    this.#endWhenDone();
  }
}
