import { isUtf8 } from "node:buffer";
import { MalformedPacketError } from "../wire/malformed.js";
import { levelCount, topicNameFault } from "../wire/topic-name.js";
import type { Router, Target } from "./port-host.js";

/** Topics that one connection's memo holds; a node has some tens. */
const MAX_TOPICS = 2_000;
const MAX_TOPIC_BYTES = 65_535;

export interface PublishVerdict {
  topic: string;
  tooDeep: boolean;
  /** Who gets what is published there; renewed when subscriptions have changed. */
  target: Target;
}

/** Checks PUBLISH packets of one connection; a topic that came before is not looked at twice. */
export class PublishCheck {
  readonly #router: Router;
  readonly #maxLevels: number;
  readonly #seen = new Map<string, PublishVerdict>();

  constructor(router: Router, maxLevels: number) {
    this.#router = router;
    this.#maxLevels = maxLevels;
  }

  /** @throws {MalformedPacketError} */
  check(first: number, bytes: Buffer, start: number, end: number): PublishVerdict {
    const qos = (first >> 1) & 3;
    if (qos === 3) throw new MalformedPacketError("PUBLISH with QoS 3", "MQTT-3.3.1-4");
    if (qos === 0 && first & 0x08)
      throw new MalformedPacketError("PUBLISH of QoS 0 with DUP", "MQTT-3.3.1-2");
    const length = start + 2 <= end ? bytes.readUInt16BE(start) : MAX_TOPIC_BYTES;
    const topicStart = start + 2;
    const topicEnd = topicStart + length;
    if (topicEnd + (qos > 0 ? 2 : 0) > end)
      throw new MalformedPacketError("PUBLISH is too short", "MQTT-3.3.2");
    if (qos > 0 && bytes[topicEnd] === 0 && bytes[topicEnd + 1] === 0) {
      throw new MalformedPacketError("packet identifier 0", "MQTT-2.3.1-1");
    }
    const key = bytes.toString("latin1", topicStart, topicEnd); // the cheapest string of these bytes, one to one
    const seen = this.#seen.get(key);
    if (seen !== undefined) {
      if (seen.target.stale) seen.target = this.#router.target(seen.topic);
      return seen;
    }
    return this.#judge(key, bytes.subarray(topicStart, topicEnd));
  }

  #judge(key: string, bytes: Buffer): PublishVerdict {
    if (!isUtf8(bytes)) throw new MalformedPacketError("a topic is not well-formed UTF-8", "MQTT-1.5.3-1");
    const topic = bytes.toString("utf8");
    const fault = topicNameFault(topic);
    if (fault !== null) throw new MalformedPacketError(`PUBLISH: ${fault}`, "MQTT-3.3.2-2");
    const tooDeep = levelCount(topic) > this.#maxLevels;
    const verdict = { topic, tooDeep, target: tooDeep ? this.#router.nobody : this.#router.target(topic) };
    if (this.#seen.size >= MAX_TOPICS) this.#seen.clear();
    this.#seen.set(key, verdict);
    return verdict;
  }
}
