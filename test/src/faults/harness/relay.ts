import mqtt, { type IPublishPacket, type MqttClient } from "mqtt";

/** What nodes say. Their replies are a level deeper than the commands. */
const FROM_NODES = ["+/+/+/raw", "+/event/#", "+/+/birth", "+/+/status", "+/+/stats", "+/+/cmd/+/reply"];
const TO_NODES = ["+/+/cmd/+"];
const RETAINED = /^[^/]+\/(?:event\/.+|[^/]+\/(?:birth|status|stats))$/;
const SHUFFLE_MS = 300;
/** One of so many readings comes twice, one of so many again some time later. */
const TWICE = 5;
const AGAIN = 50;
const AGAIN_MS = 5_000;

/**
 * Stands between a broker that the nodes speak to and one that the consumers listen to, and hands readings on in
 * any order, some of them twice: what a bridge of brokers, or QoS 1 after lost acknowledgements, may do.
 */
export class ShufflingRelay {
  readonly #urls: { nodes: string; consumers: string };
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #clients: MqttClient[] = [];
  #waiting: { topic: string; payload: Buffer }[] = [];
  #shuffling = true;

  constructor(urls: { nodes: string; consumers: string }) {
    this.#urls = urls;
  }

  start(): void {
    const nodes = this.#connect(this.#urls.nodes);
    const consumers = this.#connect(this.#urls.consumers);
    nodes.on("connect", () => nodes.subscribe(FROM_NODES, { qos: 1 }));
    consumers.on("connect", () => consumers.subscribe(TO_NODES, { qos: 1 }));
    nodes.on("message", (topic: string, payload: Buffer) => {
      if (this.#shuffling && topic.endsWith("/raw")) this.#waiting.push({ topic, payload });
      else consumers.publish(topic, payload, { qos: 1, retain: RETAINED.test(topic) });
    });
    consumers.on("message", (topic: string, payload: Buffer, { retain }: IPublishPacket) => {
      if (retain !== true) nodes.publish(topic, payload, { qos: 1 });
    });
    const timer = setInterval(() => this.#handOn(consumers), SHUFFLE_MS);
    this.#timers.add(timer);
  }

  /** From now on everything is handed on once and as it comes. */
  mend(): void {
    this.#shuffling = false;
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all(this.#clients.map((client) => client.endAsync(true)));
  }

  #handOn(consumers: MqttClient): void {
    const readings = this.#waiting;
    this.#waiting = [];
    for (let i = readings.length - 1; i > 0; i--) {
      const j = Math.floor(Math.random() * (i + 1));
      [readings[i], readings[j]] = [readings[j] as (typeof readings)[0], readings[i] as (typeof readings)[0]];
    }
    readings.forEach(({ topic, payload }, i) => {
      const publish = (): void => void consumers.publish(topic, payload, { qos: 1 });
      publish();
      if (i % TWICE === 0) publish();
      if (i % AGAIN === 0) this.#later(publish);
    });
  }

  #later(publish: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      publish();
    }, AGAIN_MS);
    this.#timers.add(timer);
  }

  #connect(url: string): MqttClient {
    const client = mqtt.connect(url, { reconnectPeriod: 200, protocolVersion: 4 });
    // Until the broker is up: the client tries again by itself.
    client.on("error", () => undefined);
    this.#clients.push(client);
    return client;
  }
}
