import type { AedesPublishPacket } from "aedes";
import { filterMatches } from "../access/topic-filter.js";

interface Retained {
  readonly packet: AedesPublishPacket;
  readonly bytes: number;
  readonly levels: readonly string[];
}

export interface RetainedBounds {
  retainedMessages: number;
  retainedBytes: number;
}

/** The retained messages, one for each topic [MQTT-3.3.1-5]. */
export class RetainedMessages {
  readonly #byTopic = new Map<string, Retained>();
  readonly #bounds: RetainedBounds;
  #bytes = 0;

  constructor(bounds: RetainedBounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#byTopic.size;
  }

  /**
   * Keeps, replaces or, when the payload is empty, removes [MQTT-3.3.1-10]; false when there is no room. What was
   * retained before is gone then too: an old value that passes for the present one is worse than none.
   */
  store(packet: AedesPublishPacket): boolean {
    const { topic } = packet;
    const known = this.#byTopic.get(topic);
    this.#bytes -= known?.bytes ?? 0;
    const bytes = topic.length + packet.payload.length;
    const full = this.#byTopic.size >= this.#bounds.retainedMessages && known === undefined;
    if (packet.payload.length === 0 || full || this.#bytes + bytes > this.#bounds.retainedBytes) {
      this.#byTopic.delete(topic);
      return packet.payload.length === 0;
    }
    this.#bytes += bytes;
    // A copy of the payload: as it came, it is a part of a whole read buffer.
    const kept = Object.assign({}, packet, { payload: Buffer.from(packet.payload) });
    this.#byTopic.set(topic, { packet: kept, bytes, levels: known?.levels ?? topic.split("/") });
    return true;
  }

  get(topic: string): AedesPublishPacket | undefined {
    return this.#byTopic.get(topic)?.packet;
  }

  /** The topics that a filter matches and that hold a message now. */
  topics(filter: string): string[] {
    if (!filter.includes("+") && !filter.includes("#")) return this.#byTopic.has(filter) ? [filter] : [];
    const levels = filter.split("/");
    const topics: string[] = [];
    for (const [topic, retained] of this.#byTopic)
      if (filterMatches(levels, retained.levels)) topics.push(topic);
    return topics;
  }
}
