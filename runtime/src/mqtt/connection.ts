import { connect, type IClientOptions, type MqttClient } from "mqtt";
import { LinkBusyError, LinkLostError, SubscriptionRefusedError, TopicError } from "./link-errors.js";

/** What the broker publishes when a client is lost, as `publish` takes it. */
export interface Will {
  topic: string;
  payload: string | Buffer;
  qos: 0 | 1 | 2;
  retain: boolean;
}

export interface PublishOptions {
  qos?: 0 | 1 | 2;
  retain?: boolean;
}

export interface MessageInfo {
  retain: boolean;
  dup: boolean;
  qos: 0 | 1 | 2;
}

export type MessageHandler = (topic: string, payload: Buffer, info: MessageInfo) => void;

export interface ConnectionOptions {
  address: URL;
  clientId: string;
  username?: string;
  password?: string;
  ca?: string | Buffer;
  clean: boolean;
  keepaliveS: number;
  connectTimeoutMs: number;
  /** The oldest message may wait this long for its acknowledgement; then the connection is given up. */
  ackTimeoutMs: number;
  /** Unacknowledged messages on the way; further calls of publish wait their turn. */
  maxInflight: number;
  /** Calls of publish that wait; the next is refused. */
  maxWaiting: number;
  will?: Will;
  onMessage: MessageHandler;
  /** Called once, when the connection has ended; {@link Connection.close} gives "closed" as the reason. */
  onLost: (reason: string) => void;
}

interface Pending {
  topic: string;
  payload: string | Buffer;
  qos: 0 | 1 | 2;
  retain: boolean;
  sentAt: number; // ms of performance.now(); 0 while it waits
  resolve: () => void;
  reject: (error: Error) => void;
}

/**
 * One network connection: one mqtt.js client object that connects once and is thrown away. mqtt.js would
 * reconnect by itself, but keeps its own store and queue over a reconnect, which would send a message behind
 * the back of whoever owns it, and cannot renew the will.
 */
export class Connection {
  readonly #client: MqttClient;
  readonly #options: ConnectionOptions;
  readonly #inflight = new Set<Pending>(); // in order of sending, as a Set keeps insertion order
  #waiting: Pending[] = [];
  #waitingFrom = 0; // index of the first in #waiting that has not been sent
  #ended = false;
  #ackTimer: NodeJS.Timeout | undefined;

  /** Use {@link openConnection}. */
  constructor(client: MqttClient, options: ConnectionOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** Begins to watch an accepted connection. */
  watch(): void {
    let error: Error | undefined;
    this.#client.on("error", (cause) => {
      error = cause;
    });
    this.#client.on("close", () => this.#lose(error?.message ?? "closed by the broker"));
    this.#ackTimer = setInterval(() => this.#checkAcks(), this.#options.ackTimeoutMs / 4).unref();
  }

  /** Resolves at the acknowledgement (QoS 0: when handed to the socket). */
  publish(
    topic: string,
    payload: string | Buffer,
    { qos = 1, retain = false }: PublishOptions,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      if (topic === "" || /[+#\0]/.test(topic) || topic.length > 65_535) return reject(new TopicError(topic));
      const pending: Pending = { topic, payload, qos, retain, sentAt: 0, resolve, reject };
      const waiting = this.#waiting.length - this.#waitingFrom;
      if (this.#inflight.size < this.#options.maxInflight && waiting === 0) return this.#send(pending);
      if (waiting >= this.#options.maxWaiting) return reject(new LinkBusyError(waiting));
      this.#waiting.push(pending);
    });
  }

  #send(pending: Pending): void {
    pending.sentAt = performance.now();
    this.#inflight.add(pending);
    const { topic, payload, qos, retain } = pending;
    this.#client.publish(topic, payload, { qos, retain }, (error) => this.#settle(pending, error));
  }

  #settle(pending: Pending, error: Error | undefined): void {
    if (!this.#inflight.delete(pending)) return;
    if (error) pending.reject(new LinkLostError(error.message));
    else pending.resolve();
    this.#sendWaiting();
  }

  #sendWaiting(): void {
    while (!this.#ended && this.#inflight.size < this.#options.maxInflight) {
      const next = this.#waiting[this.#waitingFrom];
      if (next === undefined) break;
      this.#waitingFrom += 1;
      this.#send(next);
    }
    if (this.#waitingFrom === this.#waiting.length) {
      this.#waiting = [];
      this.#waitingFrom = 0;
    } else if (this.#waitingFrom > 1_000) {
      this.#waiting.splice(0, this.#waitingFrom);
      this.#waitingFrom = 0;
    }
  }

  /**
   * Resolves when the broker has granted every filter.
   * @throws SubscriptionRefusedError with those it refused; LinkLostError when the connection went.
   */
  subscribe(filters: readonly string[], qos: 0 | 1 | 2): Promise<void> {
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => {
        this.drop("a subscription was not answered in time");
      }, this.#options.ackTimeoutMs).unref();
      this.#client.subscribe([...filters], { qos }, (error, _granted, packet) => {
        clearTimeout(deadline);
        const codes = packet?.granted ?? [];
        // A code of 0x80 and above is a refusal [MQTT-3.9.3-2].
        const refused = filters.filter((_, index) => Number(codes[index] ?? 0) >= 0x80);
        if (refused.length > 0) reject(new SubscriptionRefusedError(refused));
        else if (error) reject(new LinkLostError(error.message));
        else resolve();
      });
    });
  }

  /** A half-open connection takes what is written and answers nothing: the oldest message tells. */
  #checkAcks(): void {
    const oldest = this.#inflight.values().next().value;
    if (oldest === undefined || performance.now() - oldest.sentAt < this.#options.ackTimeoutMs) return;
    this.drop(`no acknowledgement for ${this.#options.ackTimeoutMs / 1_000} s`);
  }

  /** Gives the connection up without a DISCONNECT: the broker publishes the will. */
  drop(reason: string): void {
    this.#client.end(true);
    this.#lose(reason);
  }

  #lose(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#ackTimer);
    const lost = [...this.#inflight, ...this.#waiting.slice(this.#waitingFrom)];
    this.#inflight.clear();
    this.#waiting = [];
    this.#waitingFrom = 0;
    for (const pending of lost) pending.reject(new LinkLostError(reason));
    this.#options.onLost(reason);
  }

  /** Sends DISCONNECT, so that no will is published, and closes; within the time limit in any case. */
  async close(limitMs: number): Promise<void> {
    if (this.#ended) return;
    const closed = new Promise<void>((resolve) => this.#client.end(false, {}, () => resolve()));
    const limit = new Promise<"late">((resolve) => setTimeout(resolve, limitMs, "late").unref());
    // Messages on the way are still acknowledged in this time: end(false) waits for them.
    if ((await Promise.race([closed, limit])) === "late") this.#client.end(true);
    this.#lose("closed");
  }
}

/**
 * Connects once.
 * @throws the error of mqtt.js or of the socket; a refusal by the broker has its return code as `code`.
 */
export function openConnection(options: ConnectionOptions, signal: AbortSignal): Promise<Connection> {
  const { address } = options;
  const settings: IClientOptions = {
    clientId: options.clientId,
    clean: options.clean,
    keepalive: options.keepaliveS,
    connectTimeout: options.connectTimeoutMs,
    reconnectPeriod: 0,
    queueQoSZero: false,
    resubscribe: false,
    timerVariant: "native",
    protocolVersion: 4,
    username: options.username ?? decodeURIComponent(address.username),
    password: options.password ?? decodeURIComponent(address.password),
  };
  if (options.ca !== undefined) settings.ca = options.ca;
  if (settings.username === "") delete settings.username;
  if (settings.password === "") delete settings.password;
  if (options.will !== undefined) {
    const { topic, payload, qos, retain } = options.will;
    settings.will = { topic, payload: Buffer.from(payload), qos, retain };
  }
  const bare = new URL(address);
  bare.username = "";
  bare.password = "";

  return new Promise((resolve, reject) => {
    const client = connect(bare.href, settings);
    const connection = new Connection(client, options);
    let failure: Error | undefined;
    const onError = (error: Error): void => {
      failure ??= error;
      client.end(true);
      settle(() => reject(failure ?? error));
    };
    const onClose = (): void => {
      settle(() => reject(failure ?? new Error("closed before it was accepted")));
    };
    const onAbort = (): void => onError(new Error("no longer wanted"));
    const settle = (then: () => void): void => {
      client.off("close", onClose);
      client.off("connect", onConnect);
      client.off("error", onError);
      signal.removeEventListener("abort", onAbort);
      then();
    };
    const onConnect = (): void => {
      settle(() => {
        connection.watch();
        resolve(connection);
      });
    };
    client.on("error", onError);
    client.on("close", onClose);
    client.on("connect", onConnect);
    // At once, not after the promise: retained messages may follow the first SUBACK in one chunk.
    client.on("message", (topic, payload, packet) => {
      options.onMessage(topic, payload, { retain: packet.retain, dup: packet.dup, qos: packet.qos });
    });
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}
