import { isUtf8 } from "node:buffer";
import { MalformedPacketError } from "../wire/malformed.js";
import { levelCount, topicNameFault } from "../wire/topic-name.js";
import type { Port } from "./port.js";
import type { PortHost, ReaderGroup, Target } from "./port-host.js";

/** Topics that one connection's memo holds; a node has some tens. */
const MAX_TOPICS = 2_000;
const MAX_TOPIC_BYTES = 65_535;

/** What is known of a topic that came on this connection. */
export interface PublishVerdict {
  readonly topic: string;
  /** The topic's bytes, to compare with. */
  readonly bytes: Buffer;
  readonly tooDeep: boolean;
  /** Who gets what is published there; renewed when subscriptions have changed. */
  target: Target;
  /** Whether this client may publish there, by the rules of this revision. */
  permitted: boolean;
  revision: number;
}

/** Checks PUBLISH packets of one connection; a topic that came before is not looked at twice. */
export class PublishCheck {
  readonly #host: PortHost;
  readonly #seen = new Map<string, PublishVerdict>();
  /** What is known of the last lane packet's topic; that of the next one is mostly the same. */
  #last: PublishVerdict | null = null;

  constructor(host: PortHost) {
    this.#host = host;
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
    const verdict = this.#seen.get(bytes.toString("latin1", topicStart, topicEnd));
    if (verdict === undefined) return this.#judge(bytes.subarray(topicStart, topicEnd));
    if (verdict.target.stale) verdict.target = this.#host.router.target(verdict.topic);
    return verdict;
  }

  /**
   * The readers of a QoS 0 packet that may take the short way; null when it may not.
   * @throws {MalformedPacketError}
   */
  laneGroup(bytes: Buffer, start: number, end: number, port: Port): ReaderGroup | null {
    const length = ((bytes[start] ?? 0) << 8) | (bytes[start + 1] ?? 0);
    const topicStart = start + 2;
    if (topicStart + length > end) throw new MalformedPacketError("PUBLISH is too short", "MQTT-3.3.2");
    let verdict = this.#last;
    if (verdict === null || !isAt(bytes, topicStart, length, verdict.bytes)) {
      // The cheapest string of these bytes, one to one.
      const key = bytes.toString("latin1", topicStart, topicStart + length);
      verdict = this.#seen.get(key) ?? this.#judge(bytes.subarray(topicStart, topicStart + length));
      if (verdict.tooDeep) return null;
      this.#last = verdict;
    }
    const { access, router } = this.#host;
    if (verdict.revision !== access.revision) {
      verdict.revision = access.revision;
      verdict.permitted = port.identity !== null && access.mayPublish(port.identity, verdict.topic);
      verdict.target = router.target(verdict.topic);
    } else if (verdict.target.stale) {
      verdict.target = router.target(verdict.topic);
    }
    return verdict.permitted ? verdict.target.group : null;
  }

  #judge(bytes: Buffer): PublishVerdict {
    if (!isUtf8(bytes)) throw new MalformedPacketError("a topic is not well-formed UTF-8", "MQTT-1.5.3-1");
    const topic = bytes.toString("utf8");
    const fault = topicNameFault(topic);
    if (fault !== null) throw new MalformedPacketError(`PUBLISH: ${fault}`, "MQTT-3.3.2-2");
    const { limits, router } = this.#host;
    const tooDeep = levelCount(topic) > limits.topicLevels;
    const target = tooDeep ? router.nobody : router.target(topic);
    const own = Buffer.from(bytes); // these are a part of a whole read buffer
    const verdict: PublishVerdict = { topic, bytes: own, tooDeep, target, permitted: false, revision: -1 };
    if (this.#seen.size >= MAX_TOPICS) this.#seen.clear();
    this.#seen.set(bytes.toString("latin1"), verdict);
    return verdict;
  }
}

/** Whether exactly these bytes stand there. A loop: topics are short, and a call into the runtime costs more. */
function isAt(bytes: Buffer, start: number, length: number, wanted: Buffer): boolean {
  if (length !== wanted.length) return false;
  for (let i = 0; i < length; i++) if (bytes[start + i] !== wanted[i]) return false;
  return true;
}
