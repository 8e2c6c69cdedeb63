import { generate } from "mqtt-packet";
import type { RawClient } from "./test-client.js";

/** One PUBLISH as a reader got it. */
export interface Frame {
  first: number;
  topic: string;
  payload: Buffer;
  packetId: number;
}

/** Prepared bytes of a PUBLISH. */
export function publishFrame(
  topic: string,
  payload: string | Buffer,
  qos: 0 | 1 | 2 = 0,
  id = 1,
  retain = false,
): Buffer {
  return generate({
    cmd: "publish",
    topic,
    payload,
    qos,
    dup: false,
    retain,
    ...(qos > 0 && { messageId: id }),
  });
}

/**
 * Takes a raw client's stream apart into frames, cheaply: a client library that decodes would be the limit itself.
 * Begins with what has come already; answers QoS 1 and 2 from both sides.
 */
export function onFrames(
  client: RawClient,
  onPublish: (frame: Frame) => void,
  onOther?: (first: number, id: number) => void,
): void {
  let rest: Buffer = Buffer.alloc(0);
  const take = (chunk: Buffer): void => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    for (;;) {
      const frame = frameAt(bytes, at);
      if (frame === null) break;
      const { start, end } = frame;
      const first = bytes[at] ?? 0;
      at = end;
      if (first >> 4 !== 3) {
        const id = end - start >= 2 ? bytes.readUInt16BE(start) : 0;
        if (first === 0x62) client.socket.write(Buffer.from([0x70, 2, id >> 8, id & 255])); // PUBREL → PUBCOMP
        if (first === 0x50) client.socket.write(Buffer.from([0x62, 2, id >> 8, id & 255])); // PUBREC → PUBREL
        onOther?.(first, id);
        continue;
      }
      const topicEnd = start + 2 + bytes.readUInt16BE(start);
      const qos = (first >> 1) & 3;
      const packetId = qos > 0 ? bytes.readUInt16BE(topicEnd) : 0;
      if (qos > 0)
        client.socket.write(Buffer.from([qos === 1 ? 0x40 : 0x50, 2, packetId >> 8, packetId & 255]));
      const payload = bytes.subarray(topicEnd + (qos > 0 ? 2 : 0), end);
      onPublish({ first, topic: bytes.toString("utf8", start + 2, topicEnd), payload, packetId });
    }
    rest = Buffer.from(bytes.subarray(at));
  };
  client.socket.removeAllListeners("data");
  take(client.received);
  client.socket.on("data", take);
}

function frameAt(bytes: Buffer, at: number): { start: number; end: number } | null {
  let length = 0;
  for (let i = 0; i < 4; i++) {
    const byte = bytes[at + 1 + i];
    if (byte === undefined) return null;
    length += (byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      const start = at + 2 + i;
      return start + length <= bytes.length ? { start, end: start + length } : null;
    }
  }
  return null;
}
