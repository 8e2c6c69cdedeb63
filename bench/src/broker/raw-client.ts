import type { Duplex } from "node:stream";
import { generate, type IConnectPacket, type Packet } from "mqtt-packet";
import { type Address, openStream } from "./transports.js";

/**
 * An MQTT connection that writes prepared bytes and counts frames without decoding them: a client library
 * that decodes is itself the limit above some 200,000 messages/s.
 */
export class RawClient {
  readonly socket: Duplex;
  /** PUBLISH frames received. */
  received = 0;
  /** PUBACK frames received. */
  acknowledged = 0;
  /** Called for each PUBLISH with the frame's bytes, when set: for latencies. */
  onPublish: ((frame: Buffer) => void) | undefined;
  /** Called after a chunk that held acknowledgements, and when the connection is closed. */
  onAcknowledged: (() => void) | undefined;
  #onDrained: (() => void) | undefined;
  #rest: Buffer = Buffer.alloc(0);
  #waiting: { type: number; resolve: () => void } | undefined;

  private constructor(socket: Duplex) {
    this.socket = socket;
  }

  /** Connects and waits for CONNACK. */
  static async open(to: number | Address, clientId: string): Promise<RawClient> {
    const socket = await openStream(typeof to === "number" ? { port: to, transport: "tcp" } : to);
    const client = new RawClient(socket);
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk: Buffer) => client.#take(chunk));
    socket.on("drain", () => client.#onDrained?.());
    socket.on("close", () => {
      client.#onDrained?.();
      client.onAcknowledged?.();
    });
    const hello: IConnectPacket = {
      cmd: "connect",
      protocolId: "MQTT",
      protocolVersion: 4,
      clean: true,
      clientId,
      keepalive: 0,
    };
    await client.#exchange(hello, 0x20);
    return client;
  }

  /** Subscribes and waits for SUBACK. */
  async subscribe(topic: string, qos: 0 | 1): Promise<void> {
    await this.#exchange({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic, qos }] }, 0x90);
  }

  /** Resolves when what was written is on its way, or the connection is closed. */
  drained(): Promise<void> {
    if (this.socket.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onDrained = resolve;
    });
  }

  close(): void {
    this.socket.destroy();
  }

  async #exchange(packet: Packet, answer: number): Promise<void> {
    const answered = new Promise<void>((resolve) => {
      this.#waiting = { type: answer, resolve };
    });
    this.socket.write(generate(packet));
    await answered;
  }

  #take(chunk: Buffer): void {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const acks: number[] = [];
    let at = 0;
    let acknowledged = 0;
    while (at + 2 <= data.length) {
      let length = 0;
      let shift = 0;
      let cursor = at + 1;
      let byte = 0x80;
      while (byte & 0x80 && cursor < data.length) {
        byte = data[cursor] ?? 0;
        length |= (byte & 0x7f) << shift;
        shift += 7;
        cursor += 1;
      }
      if (byte & 0x80 || cursor + length > data.length) break;
      const head = data[at] ?? 0;
      const type = head & 0xf0;
      if (type === 0x30) {
        this.received += 1;
        if (head & 0x06) {
          const topicLength = data.readUInt16BE(cursor);
          acks.push(data.readUInt16BE(cursor + 2 + topicLength));
        }
        this.onPublish?.(data.subarray(at, cursor + length));
      } else if (type === 0x40) acknowledged += 1;
      else if (type === this.#waiting?.type) {
        this.#waiting.resolve();
        this.#waiting = undefined;
      }
      at = cursor + length;
    }
    this.#rest = at === data.length ? Buffer.alloc(0) : Buffer.from(data.subarray(at));
    if (acks.length > 0) this.socket.write(pubacks(acks));
    if (acknowledged > 0) {
      this.acknowledged += acknowledged;
      this.onAcknowledged?.();
    }
  }
}

function pubacks(ids: readonly number[]): Buffer {
  const bytes = Buffer.alloc(ids.length * 4);
  ids.forEach((id, i) => {
    bytes.writeUInt16BE(0x4002, i * 4);
    bytes.writeUInt16BE(id, i * 4 + 2);
  });
  return bytes;
}

/** A PUBLISH packet; `id` is needed at QoS 1. */
export function publishFrame(topic: string, payload: Buffer, qos: 0 | 1, id = 1): Buffer {
  return generate(
    qos === 0
      ? { cmd: "publish", topic, payload, qos, dup: false, retain: false }
      : { cmd: "publish", topic, payload, qos, dup: false, retain: false, messageId: id },
  );
}
