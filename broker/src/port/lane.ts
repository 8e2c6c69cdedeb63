import * as type from "../wire/packet-type.js";
import type { Port } from "./port.js";
import type { PortHost, ReaderGroup } from "./port-host.js";
import type { PublishCheck } from "./publish-check.js";

/** A run is handed over at this size at the latest, so that the marks of its readers are looked at in between. */
const MAX_RUN_BYTES = 32 * 1024;
/** Remaining lengths from which on they take two, three and four bytes [MQTT-2.2.3]. */
const TWO_BYTES = 128;
const THREE_BYTES = 16_384;

/**
 * The short way for messages that have no state: QoS 0, not retained. Such a packet leaves the broker as it came, byte
 * for byte, so it is neither decoded nor written anew: whole runs of packets for the same readers go from one socket's
 * buffer to the others' queues. Everything else, and whatever follows it until the engine has finished with it, takes
 * the long way, so nothing overtakes.
 */
export class Lane {
  readonly #host: PortHost;
  readonly #port: Port;
  readonly #publishes: PublishCheck;

  constructor(port: Port, host: PortHost, publishes: PublishCheck) {
    this.#port = port;
    this.#host = host;
    this.#publishes = publishes;
  }

  /**
   * Carries what it can from here on, and gives the offset of the first packet that it cannot: one of another kind, one
   * that is not whole, one whose readers are behind, or one that may not be published.
   * What it carries counts as sent; who gives it the bytes counts them as received.
   * @param to where the bytes to be looked at end
   * @throws {MalformedPacketError}
   */
  carry(bytes: Buffer, from: number, to: number): number {
    let at = from;
    let group: ReaderGroup | null = null;
    let runStart = from;
    let count = 0;
    this.carried = 0;
    try {
      while (at + 4 <= to && bytes[at] === type.PUBLISH) {
        // The remaining length; one that is longer than it need be would leave as it came, and is left to the engine.
        let length = bytes[at + 1] ?? 0;
        let start = at + 2;
        if (length >= TWO_BYTES) {
          const second = bytes[at + 2] ?? 0;
          length = (length & 0x7f) | (second << 7);
          start = at + 3;
          if (second >= TWO_BYTES || length < TWO_BYTES || length >= THREE_BYTES) break;
        }
        const end = start + length;
        if (end > to || end - at > this.#host.limits.packetBytes) break;
        const next = this.#publishes.laneGroup(bytes, start, end, this.#port);
        if (next === null) break;
        if (next !== group || at - runStart >= MAX_RUN_BYTES) {
          if (group !== null) this.#handOver(group, bytes, runStart, at, count);
          runStart = at;
          count = 0;
          group = next;
          if (group.readers.length > 0 && this.#host.pressure.mustWait(group.readers)) break;
        }
        count += 1;
        this.carried += 1;
        at = end;
      }
    } finally {
      // Also when the next packet is malformed: what came before it counts.
      if (group !== null && count > 0) this.#handOver(group, bytes, runStart, at, count);
    }
    return at;
  }

  /** How many packets the last call carried. */
  carried = 0;

  #handOver({ readers }: ReaderGroup, bytes: Buffer, start: number, end: number, count: number): void {
    const { counters, limits, pressure } = this.#host;
    const size = end - start;
    if (readers.length === 0) return;
    const run = size === bytes.length ? bytes : bytes.subarray(start, end); // a small client's read is one packet
    for (const reader of readers) {
      if (!reader.accepted) continue;
      if (reader.shedding && pressure.sheds(reader)) {
        reader.dropped += count;
        counters.drop("slow-reader", count);
        continue;
      }
      reader.outward.push(run);
      counters.packetsSent += count;
      counters.publishSent += count;
      counters.publishBytesSent += size;
      if (reader.outward.bytes > limits.hardQueueBytes) pressure.giveUp(reader);
    }
  }
}
