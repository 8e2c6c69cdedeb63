import type { AedesPublishPacket } from "aedes";
import { filterMatches } from "../access/topic-filter.js";

interface Retained {
  packet: AedesPublishPacket;
  readonly levels: readonly string[];
}

/** The retained messages, one for each topic [MQTT-3.3.1-5]. */
export class RetainedMessages {
  readonly #byTopic = new Map<string, Retained>();
  readonly #maxMessages: number;

  constructor(maxMessages: number) {
    this.#maxMessages = maxMessages;
  }

  get size(): number {
    return this.#byTopic.size;
  }

  /** Keeps, replaces or, when the payload is empty, removes [MQTT-3.3.1-10]; false when there is no room. */
  store(packet: AedesPublishPacket): boolean {
    const { topic } = packet;
    if (packet.payload.length === 0) {
      this.#byTopic.delete(topic);
      return true;
    }
    const known = this.#byTopic.get(topic);
    if (known === undefined && this.#byTopic.size >= this.#maxMessages) return false;
    // A copy of the payload: as it came, it is a part of a whole read buffer.
    const kept = Object.assign({}, packet, { payload: Buffer.from(packet.payload) });
    if (known !== undefined) known.packet = kept;
    else this.#byTopic.set(topic, { packet: kept, levels: topic.split("/") });
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
