import type { Log } from "../log.js";
import { wait } from "../process/wait.js";
import { backoffMs, failuresAfter } from "./backoff.js";
import { parseBrokerAddress, shownAddress } from "./broker-address.js";
import { explainConnectFailure } from "./connect-failure.js";
import {
  type Connection,
  type ConnectionOptions,
  type MessageHandler,
  type MessageInfo,
  openConnection,
  type PublishOptions,
  type Will,
} from "./connection.js";
import { NotConnectedError, SubscriptionRefusedError } from "./link-errors.js";

export type Unsubscribe = () => void;

/** A broker said no: to the connection itself, or to subscriptions. */
export type LinkRefusal =
  | { kind: "connection"; reason: string; advice: string }
  | { kind: "subscription"; filters: string[] };

/** A connection to one broker that is kept up: lost, it is made again, for ever. */
export interface MqttLink {
  /** Begins to connect. */
  start(): void;
  /** True between the moment before `onConnect` handlers run and the loss of the connection. */
  readonly connected: boolean;
  /** The present address, or the one tried last, without user and password. */
  readonly url: string;
  /** `n` counts this link's connections from 1. Every remembered subscription has been answered by then. */
  onConnect(handler: (n: number) => void): Unsubscribe;
  onDisconnect(handler: (reason: string) => void): Unsubscribe;
  /**
   * Called for each message, at once; a QoS 1 message is acknowledged when every handler has returned.
   * Retained messages of a subscription may come before `onConnect`.
   */
  onMessage(handler: MessageHandler): Unsubscribe;
  /**
   * Publishes (QoS 1 unless said) and resolves when the broker has acknowledged (QoS 0: when it was handed to
   * the socket). Order is kept. There is no queue behind it and no store: at most `maxInflight` messages are
   * on the way, further calls wait for their turn, and all are rejected when the connection is lost.
   * @throws NotConnectedError at once when there is no connection.
   * @throws LinkLostError when it was lost before the acknowledgement: the broker may have the message.
   * @throws LinkBusyError when more than `maxWaiting` calls wait.
   * @throws TopicError for a topic that may not be published to.
   */
  publish(topic: string, payload: string | Buffer, options?: PublishOptions): Promise<void>;
  /**
   * Remembers the filters and subscribes to them at each connection. Connected, it resolves when the broker
   * has granted them; not connected, at once.
   * @throws SubscriptionRefusedError when the broker refused some; they are asked for again next time.
   */
  subscribe(filters: readonly string[], qos?: 0 | 1 | 2): Promise<void>;
  /** Sends DISCONNECT (no will is published) and stops for good. */
  close(): Promise<void>;
}

export interface MqttLinkOptions {
  /** Addresses of one broker, tried in turn, the first one first after each loss. */
  urls: readonly string[];
  clientId: string;
  username?: string | undefined;
  password?: string | undefined;
  /** Certificates (PEM) to check the broker's against. */
  ca?: string | Buffer | undefined;
  /** Default 15 s: a dead connection is noticed within one and a half times this. */
  keepaliveS?: number;
  /** Default true: the broker keeps nothing of us. */
  clean?: boolean;
  /** Default 10 s, from the first packet to the broker's answer. */
  connectTimeoutMs?: number;
  /** Default 15 s: so old may the oldest unacknowledged message get before the connection is given up. */
  ackTimeoutMs?: number;
  /** Default 500 messages on the way. */
  maxInflight?: number;
  /** Default 20,000 calls of `publish` that wait. */
  maxWaiting?: number;
  /** Builds the will anew for each CONNECT. */
  will?: () => Will;
  log: Log;
  onRefused?: (refusal: LinkRefusal) => void;
}

/** The same failure is logged again after this long. */
const REPEAT_LOG_MS = 60_000;
/** What an orderly close may take. */
const CLOSE_MS = 2_000;

/**
 * Creates a link to one broker. Nothing happens until `start()`.
 * @throws BrokerAddressError when an address is malformed.
 */
export function createMqttLink(options: MqttLinkOptions): MqttLink {
  return new Link(options);
}

class Link implements MqttLink {
  readonly #options: MqttLinkOptions;
  readonly #addresses: URL[];
  readonly #connectHandlers = new Set<(n: number) => void>();
  readonly #disconnectHandlers = new Set<(reason: string) => void>();
  readonly #messageHandlers = new Set<MessageHandler>();
  readonly #subscriptions = new Map<string, 0 | 1 | 2>();
  readonly #closing = new AbortController();
  #address: URL;
  #opening: Connection | undefined; // accepted, subscriptions not yet answered
  #connection: Connection | undefined;
  #running: Promise<void> | undefined;
  #count = 0;
  #lastLogged = { reason: "", at: Number.NEGATIVE_INFINITY };

  constructor(options: MqttLinkOptions) {
    this.#options = options;
    this.#addresses = options.urls.map(parseBrokerAddress);
    const [first] = this.#addresses;
    if (first === undefined) throw new TypeError("urls: expected at least one address of a broker");
    this.#address = first;
  }

  get connected(): boolean {
    return this.#connection !== undefined;
  }

  get url(): string {
    return shownAddress(this.#address);
  }

  start(): void {
    this.#running ??= this.#run();
  }

  onConnect(handler: (n: number) => void): Unsubscribe {
    return register(this.#connectHandlers, handler);
  }

  onDisconnect(handler: (reason: string) => void): Unsubscribe {
    return register(this.#disconnectHandlers, handler);
  }

  onMessage(handler: MessageHandler): Unsubscribe {
    return register(this.#messageHandlers, handler);
  }

  publish(topic: string, payload: string | Buffer, options: PublishOptions = {}): Promise<void> {
    if (this.#connection === undefined) return Promise.reject(new NotConnectedError());
    return this.#connection.publish(topic, payload, options);
  }

  async subscribe(filters: readonly string[], qos: 0 | 1 | 2 = 1): Promise<void> {
    for (const filter of filters) this.#subscriptions.set(filter, qos);
    const connection = this.#connection ?? this.#opening;
    if (connection === undefined) return;
    try {
      await connection.subscribe(filters, qos);
    } catch (error) {
      if (!(error instanceof SubscriptionRefusedError)) return; // lost: they are asked for at the next connection
      this.#reportRefusedSubscription(error);
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const connection = this.#connection ?? this.#opening;
    this.#connection = undefined;
    await connection?.close(CLOSE_MS);
    await this.#running;
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#closing.signal.aborted) {
      failures = failuresAfter(failures, await this.#connectInTurn());
      await wait(backoffMs(Math.max(0, failures - 1)), this.#closing.signal);
    }
  }

  /** Tries each address until one accepts; returns for how long it held, or undefined when none did. */
  async #connectInTurn(): Promise<number | undefined> {
    for (const address of this.#addresses) {
      if (this.#closing.signal.aborted) return undefined;
      this.#address = address;
      const heldMs = await this.#connectOnce(address);
      if (heldMs !== undefined) return heldMs;
    }
    return undefined;
  }

  /** Connects and stays until the connection is lost; returns for how long it held, or undefined when it was not accepted. */
  async #connectOnce(address: URL): Promise<number | undefined> {
    let reason: string | undefined;
    let onLost = (_reason: string): void => {};
    const lost = new Promise<string>((resolve) => {
      onLost = (why) => {
        reason = why;
        resolve(why);
      };
    });
    try {
      this.#opening = await openConnection(this.#connectionOptions(address, onLost), this.#closing.signal);
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#reportFailure(error);
      return undefined;
    }
    const connection = this.#opening;
    // From its acceptance: a broker that takes long to accept, and then drops it, has not held it.
    const acceptedAt = performance.now();
    let heldMs = 0;
    await this.#resubscribe(connection);
    this.#opening = undefined;
    if (reason === undefined && !this.#closing.signal.aborted) {
      this.#connection = connection;
      this.#count += 1;
      this.#lastLogged = { reason: "", at: Number.NEGATIVE_INFINITY };
      this.#options.log.info({ broker: this.url, connection: this.#count }, "connected to the broker");
      this.#notify(this.#connectHandlers, this.#count);
      await lost;
      heldMs = performance.now() - acceptedAt;
      this.#connection = undefined;
      if (!this.#closing.signal.aborted) {
        this.#options.log.warn({ broker: this.url, reason }, "connection to the broker lost");
      }
      this.#notify(this.#disconnectHandlers, reason ?? "lost");
    } else {
      await connection.close(CLOSE_MS);
    }
    return heldMs;
  }

  async #resubscribe(connection: Connection): Promise<void> {
    const byQos = new Map<0 | 1 | 2, string[]>();
    for (const [filter, qos] of this.#subscriptions) {
      const filters = byQos.get(qos);
      if (filters === undefined) byQos.set(qos, [filter]);
      else filters.push(filter);
    }
    await Promise.all(
      [...byQos].map(async ([qos, filters]) => {
        try {
          await connection.subscribe(filters, qos);
        } catch (error) {
          // A loss in between is told by the connection itself.
          if (error instanceof SubscriptionRefusedError) this.#reportRefusedSubscription(error);
        }
      }),
    );
  }

  #connectionOptions(address: URL, onLost: (reason: string) => void): ConnectionOptions {
    const { clientId, username, password, ca, will } = this.#options;
    return {
      address,
      clientId,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(ca === undefined ? {} : { ca }),
      clean: this.#options.clean ?? true,
      keepaliveS: this.#options.keepaliveS ?? 15,
      connectTimeoutMs: this.#options.connectTimeoutMs ?? 10_000,
      ackTimeoutMs: this.#options.ackTimeoutMs ?? 15_000,
      maxInflight: this.#options.maxInflight ?? 500,
      maxWaiting: this.#options.maxWaiting ?? 20_000,
      ...(will === undefined ? {} : { will: will() }),
      onMessage: (topic, payload, info) => this.#deliver(topic, payload, info),
      onLost,
    };
  }

  #deliver(topic: string, payload: Buffer, info: MessageInfo): void {
    for (const handler of this.#messageHandlers) {
      try {
        handler(topic, payload, info);
      } catch (error) {
        this.#options.log.error({ err: error, topic }, "a message handler failed; the message is skipped");
      }
    }
  }

  #notify<T>(handlers: Set<(value: T) => void>, value: T): void {
    for (const handler of handlers) {
      try {
        handler(value);
      } catch (error) {
        this.#options.log.error({ err: error }, "a handler of the connection failed");
      }
    }
  }

  #reportFailure(error: unknown): void {
    const failure = explainConnectFailure(error instanceof Error ? error : new Error(String(error)));
    const now = performance.now();
    const repeated = failure.reason === this.#lastLogged.reason && now - this.#lastLogged.at < REPEAT_LOG_MS;
    if (!repeated) {
      this.#lastLogged = { reason: failure.reason, at: now };
      const { reason, advice } = failure;
      if (failure.kind === "refused") {
        this.#options.log.error({ broker: this.url, reason, advice }, "the broker refused the connection");
      } else {
        this.#options.log.warn({ broker: this.url, reason, advice }, "cannot reach the broker");
      }
    }
    if (failure.kind === "refused") {
      this.#options.onRefused?.({ kind: "connection", reason: failure.reason, advice: failure.advice });
    }
  }

  #reportRefusedSubscription(error: SubscriptionRefusedError): void {
    this.#options.log.error({ broker: this.url, filters: error.filters }, error.message);
    this.#options.onRefused?.({ kind: "subscription", filters: error.filters });
  }
}

function register<T>(handlers: Set<T>, handler: T): Unsubscribe {
  handlers.add(handler);
  return () => handlers.delete(handler);
}
