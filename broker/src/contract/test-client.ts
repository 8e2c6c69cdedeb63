import { connect as connectSocket, type Socket } from "node:net";
import { connect as connectMqtt, type IClientOptions, type MqttClient } from "mqtt";
import { generate, type Packet } from "mqtt-packet";

/** A message as a subscriber saw it. */
export interface Seen {
  topic: string;
  payload: string;
  qos: number;
  retain: boolean;
  dup: boolean;
}

/** An MQTT client that remembers what came, and does not reconnect. */
export class TestClient implements AsyncDisposable {
  readonly mqtt: MqttClient;
  readonly seen: Seen[] = [];
  /** Whether the broker had a session for it. */
  sessionPresent = false;
  readonly closed: Promise<void>;
  readonly #waiting: { done: () => boolean; resolve: () => void }[] = [];

  private constructor(mqtt: MqttClient) {
    this.mqtt = mqtt;
    mqtt.on("message", (topic, payload, { qos, retain, dup }) => {
      this.seen.push({ topic, payload: payload.toString(), qos, retain, dup });
      for (const waiting of this.#waiting) if (waiting.done()) waiting.resolve();
    });
    mqtt.on("error", () => undefined); // seen as the end of the connection
    this.closed = new Promise((resolve) => mqtt.once("close", () => resolve()));
  }

  /** Rejects with mqtt.js' error, whose `code` is the CONNACK's, when refused. */
  static async connect(url: string, options: IClientOptions = {}): Promise<TestClient> {
    const mqtt = connectMqtt(url, { reconnectPeriod: 0, connectTimeout: 5_000, ...options });
    const client = new TestClient(mqtt);
    await new Promise<void>((resolve, reject) => {
      mqtt.once("connect", ({ sessionPresent }) => {
        client.sessionPresent = sessionPresent;
        resolve();
      });
      mqtt.once("error", reject);
      mqtt.once("close", () => reject(new Error("closed before CONNACK")));
    });
    return client;
  }

  /** The granted QoS of each filter; 128 is a refusal. */
  async subscribe(filter: string | string[], qos: 0 | 1 | 2 = 0): Promise<number[]> {
    const granted = await this.mqtt.subscribeAsync(filter, { qos }).catch((error: unknown) => error);
    return Array.isArray(granted) ? granted.map((grant: { qos: number }) => grant.qos) : [128];
  }

  async publish(
    topic: string,
    payload: string,
    options: { qos?: 0 | 1 | 2; retain?: boolean } = {},
  ): Promise<void> {
    await this.mqtt.publishAsync(topic, payload, options);
  }

  /** Resolves when the condition holds for what was seen. */
  async until(done: (seen: readonly Seen[]) => boolean): Promise<readonly Seen[]> {
    const holds = (): boolean => done(this.seen);
    if (!holds()) await new Promise<void>((resolve) => this.#waiting.push({ done: holds, resolve }));
    return this.seen;
  }

  /** Everything that the broker sends because of what was sent before has come when this has. */
  async settled(marker: string): Promise<readonly string[]> {
    await this.until((seen) => seen.some(({ topic }) => topic === marker));
    return this.seen.filter(({ topic }) => topic !== marker).map(({ topic }) => topic);
  }

  /** Ends with DISCONNECT. */
  async end(): Promise<void> {
    await this.mqtt.endAsync();
  }

  /** Breaks the connection without a word. */
  async break(): Promise<void> {
    this.mqtt.stream.destroy();
    await this.closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.mqtt.endAsync(true);
  }
}

/** Bytes on a socket, for what no client library would send. */
export class RawClient implements Disposable {
  readonly socket: Socket;
  received = Buffer.alloc(0);
  readonly closed: Promise<void>;

  constructor(port: number) {
    this.socket = connectSocket(port, "127.0.0.1");
    this.socket.on("data", (chunk) => {
      this.received = Buffer.concat([this.received, chunk]);
    });
    this.socket.on("error", () => undefined);
    this.closed = new Promise((resolve) => this.socket.once("close", () => resolve()));
  }

  send(...packets: (Packet | Buffer)[]): void {
    this.socket.write(
      Buffer.concat(packets.map((packet) => (Buffer.isBuffer(packet) ? packet : generate(packet)))),
    );
  }

  /** Resolves when so many bytes have come. */
  async bytes(count: number): Promise<Buffer> {
    while (this.received.length < count) {
      await Promise.race([new Promise((resolve) => this.socket.once("data", resolve)), this.closed]);
      if (this.socket.destroyed && this.received.length < count)
        throw new Error(`closed after ${this.received.length} of ${count} bytes`);
    }
    return this.received;
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

/** A CONNECT with defaults. */
export function connectPacket(clientId: string, more: object = {}): Packet {
  return {
    cmd: "connect",
    protocolId: "MQTT",
    protocolVersion: 4,
    clean: true,
    clientId,
    keepalive: 0,
    ...more,
  } as Packet;
}
