import { type MessageHandler, type MqttLink, NotConnectedError } from "@fieldmesh/runtime";

/** A link without a network: what is published can be looked at, and answered. */
export class FakeLink implements MqttLink {
  connected = false;
  readonly url = "mqtt://fake:1883";
  readonly published: { topic: string; payload: string; retain: boolean }[] = [];
  /** What the world does with what is published. */
  onPublished: (topic: string, payload: string) => void = () => {};
  readonly #onConnect: ((n: number) => void)[] = [];
  readonly #onDisconnect: ((reason: string) => void)[] = [];
  readonly #onMessage: MessageHandler[] = [];
  #connections = 0;

  start(): void {
    this.connect();
  }

  connect(): void {
    this.connected = true;
    this.#connections++;
    for (const handler of this.#onConnect) handler(this.#connections);
  }

  disconnect(): void {
    this.connected = false;
    for (const handler of this.#onDisconnect) handler("gone");
  }

  onConnect(handler: (n: number) => void) {
    this.#onConnect.push(handler);
    return () => {};
  }

  onDisconnect(handler: (reason: string) => void) {
    this.#onDisconnect.push(handler);
    return () => {};
  }

  onMessage(handler: MessageHandler) {
    this.#onMessage.push(handler);
    return () => {};
  }

  publish(topic: string, payload: string | Buffer, options?: { retain?: boolean }): Promise<void> {
    if (!this.connected) return Promise.reject(new NotConnectedError());
    this.published.push({ topic, payload: payload.toString(), retain: options?.retain === true });
    this.onPublished(topic, payload.toString());
    return Promise.resolve();
  }

  subscribe(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.connected = false;
    for (const handlers of [this.#onConnect, this.#onDisconnect, this.#onMessage]) handlers.length = 0;
    return Promise.resolve();
  }

  /** A message from the broker. Lost while the link is down, as the session is clean. */
  send(topic: string, payload: string, retain = false): void {
    if (!this.connected) return;
    for (const handler of this.#onMessage)
      handler(topic, Buffer.from(payload), { retain, dup: false, qos: 1 });
  }
}
