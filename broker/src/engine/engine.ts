import { randomUUID } from "node:crypto";
import { callbackify } from "node:util";
import { Aedes, type AedesOptions, type AedesPublishPacket, type Client, type Subscription } from "aedes";
import { writeToStream } from "mqtt-packet";
import type { AccessControl } from "../access/access.js";
import type { Limits } from "../limits.js";
import type { LogLimiter } from "../log-limiter.js";
import type { Port } from "../port/port.js";
import type { Router } from "../port/port-host.js";
import { MessageRouter } from "../router/router.js";
import { RetainedMessages } from "../sessions/retained.js";
import { RetainedDelivery } from "../sessions/retained-delivery.js";
import type { Session } from "../sessions/session.js";
import { Sessions } from "../sessions/sessions.js";
import type { Counters } from "../stats/counters.js";
import * as type from "../wire/packet-type.js";
import {
  type EngineClient,
  engineClient,
  keepEqualFilters,
  neverDuplicate,
  takeGrantedQos,
} from "./engine-client.js";
import { EnginePersistence, NO_SUBSCRIPTION } from "./engine-persistence.js";
import { OwnerProbe } from "./owner-probe.js";
import { type PacketIdentifiers, useIdentifiers } from "./packet-identifiers.js";
import { Permissions, withReturnCode } from "./permissions.js";

export interface EngineOptions {
  access: AccessControl;
  limits: Limits;
  counters: Counters;
  warnings: LogLimiter;
  /** Whether a reader's QoS 0 messages are to be dropped at present. */
  sheds(port: Port): boolean;
}

// Else mqtt-packet makes a Buffer for each of 65,536 numbers at its first packet. To make two bytes when they are needed
// costs about as much, and those 6 MiB of small objects are moved twice by the garbage collector, while everybody waits.
writeToStream.cacheNumbers = false;

/** The most that Aedes' matcher takes. */
const ENGINE_TOPIC_LEVELS = 100;

/**
 * Aedes with our router and sessions in it, and the questions it asks answered. It keeps CONNECT, SUBSCRIBE, the
 * handshakes of QoS 1 and 2, and wills.
 */
export class Engine {
  readonly router: Router;
  readonly sessions: Sessions;
  readonly retained: RetainedMessages;
  readonly #options: EngineOptions;
  readonly #id = randomUUID();
  readonly #persistence: EnginePersistence;
  readonly #retainedDelivery: RetainedDelivery;
  readonly #permissions: Permissions;
  readonly #identifiers = new WeakMap<Port, PacketIdentifiers>();
  #aedes: Aedes | undefined;
  #starting = true;
  readonly #owners = new OwnerProbe(this.#id);
  /** By client id, once accepted. */
  readonly #connected = new Map<string, Port>();
  /** Who subscribed last, and to what: Aedes asks for retained messages without saying for whom. */
  #subscribed: { port: Port; granted: Subscription[] } | null = null;

  constructor(options: EngineOptions) {
    this.#options = options;
    const { access, limits, counters } = options;
    this.#permissions = new Permissions(options);
    this.sessions = new Sessions(limits, {
      onQueueFull: (clientId, first) => this.#onQueueFull(clientId, first),
      onExpired: (clientId, messages) => {
        this.#persistence.forget(clientId);
        counters.sessionsExpired += 1;
        counters.drop("session-expired", messages);
        options.warnings.warn(
          "session-expired",
          { clientId, messages },
          "session ended: its client stays away",
        );
      },
    });
    this.retained = new RetainedMessages(limits);
    this.#persistence = new EnginePersistence(this.sessions, this.retained, {
      onRetainedFull: (topic) => {
        counters.drop("retained-limit");
        options.warnings.warn(
          "retained-limit",
          { topic },
          "not retained: there are too many retained messages",
        );
      },
      onAcknowledged: (client, messageId) =>
        this.#identifiers.get(engineClient(client).conn)?.acknowledged(messageId),
      onDrained: (client) => {
        const port = engineClient(client).conn;
        port.live = true;
        setImmediate(() => this.#retainedDelivery.resume(port));
      },
      room: (client) => {
        const { outward } = engineClient(client).conn;
        if (outward.bytes <= limits.softQueueBytes / 2) return null;
        return new Promise((resolve) => outward.whenBelow(limits.softQueueBytes / 4, resolve));
      },
      onWantsRetained: () => {
        const subscribed = this.#subscribed;
        this.#subscribed = null;
        if (subscribed !== null) this.#retainedDelivery.start(subscribed.port, subscribed.granted);
      },
    });
    this.#retainedDelivery = new RetainedDelivery({
      retained: this.retained,
      pauseAboveBytes: limits.softQueueBytes / 2,
      mayReceive: (port, topic) => this.#permissions.mayReceive(port, topic),
      hold: (port, packet) => this.#holdRetained(port, packet),
      due: (port) => this.#sessionOf(port)?.retainedDue ?? null,
      room: (port) => this.#sessionOf(port)?.roomForRetained() ?? null,
    });
    const { sessions } = this;
    this.router = new MessageRouter<Port>({
      ownerOf: (deliver) => (this.#starting ? null : this.#owners.ownerOf(deliver)), // at first Aedes listens to itself
      grantedQos: (port, filter) => (port.client === undefined ? 0 : takeGrantedQos(port.client, filter)),
      mayReceive: (port, topic) => this.#permissions.mayReceive(port, topic),
      isOwed: (port, packet) =>
        port.live &&
        port.client !== undefined &&
        (port.client.clean || sessions.get(port.client.id)?.owes(packet.brokerCounter) === true),
      dropsQos0: (port) => {
        if (!options.sheds(port)) return false;
        port.dropped += 1;
        counters.drop("slow-reader");
        return true;
      },
      get accessRevision() {
        return access.revision;
      },
      internalPrefix: `$SYS/${this.#id}/`,
    });
  }

  async start(): Promise<void> {
    const aedes = await Aedes.createBroker(this.#aedesOptions());
    this.#aedes = aedes;
    this.#starting = false;
    aedes.on("connackSent", ({ returnCode }, client) => {
      if (returnCode !== type.ACCEPTED) return;
      engineClient(client).conn.accepted = true;
      this.#connected.set(client.id, engineClient(client).conn);
    });
    aedes.on("clientReady", (client) => engineClient(client).conn.ready());
    aedes.on("subscribe", (subscriptions, client) => {
      const granted = subscriptions.filter(({ qos }) => qos <= 2); // 128 is a refusal
      this.#subscribed = { port: engineClient(client).conn, granted };
    });
    const onClientError = (client: Client, error: Error): void => {
      if ("errorCode" in error) return; // a refused CONNECT, which was reported with its reason
      this.#options.warnings.warn(
        "engine",
        { clientId: client.id, error: error.message },
        "connection ended by the engine",
      );
    };
    aedes.on("clientError", onClientError);
    aedes.on("connectionError", onClientError);
  }

  #aedesOptions(): AedesOptions {
    const { limits } = this.#options;
    return {
      id: this.#id,
      mq: this.router,
      persistence: this.#persistence,
      concurrency: 0,
      drainTimeout: 0, // a port never pushes back
      connectTimeout: limits.connectTimeoutMs,
      maxTopicLevels: ENGINE_TOPIC_LEVELS, // ours is lower, and refuses more gently
      preConnect: (_client, packet, done) => {
        packet.keepalive = 0; // the port hears the client, the sweep watches it
        done(null, true);
      },
      authenticate: (client, username, password, done) => {
        const port = engineClient(client).conn;
        const holder = (): Port | undefined => this.#connected.get(client.id);
        const admit = callbackify(() =>
          this.#permissions.admit(port, client.id, { username, password }, holder),
        );
        admit((error, admitted) => done(error === null ? null : withReturnCode(error), admitted));
      },
      authorizePublish: (client, packet, done) => {
        if (client !== null) this.#permissions.denyUnlessMayPublish(engineClient(client).conn, packet);
        done();
      },
      authorizeSubscribe: (client, subscription, done) => {
        const allowed = this.#maySubscribe(engineClient(client), subscription.topic);
        if (allowed) this.#persistence.grant(subscription);
        done(null, allowed ? subscription : null); // [MQTT-3.9.3-2]: null becomes 0x80
      },
      authorizeForward: (client, packet) => this.#forward(engineClient(client).conn, packet),
    };
  }

  /** The client's persistent session. */
  #sessionOf({ client }: Port): Session | undefined {
    return client === undefined || client.clean ? undefined : this.sessions.get(client.id);
  }

  #maySubscribe({ conn, clean, id }: EngineClient, filter: string): boolean {
    if (filter === NO_SUBSCRIPTION) return false;
    // The session knows at once, the router when the engine has come round to it.
    const held = clean ? 0 : (this.sessions.get(id)?.subscriptions.size ?? 0);
    return this.#permissions.maySubscribe(conn, filter, Math.max(conn.subscriptionCount, held));
  }

  #forward(port: Port, packet: AedesPublishPacket): AedesPublishPacket | null {
    if (this.#owners.answered(packet, port)) return null;
    const { counters } = this.#options;
    if (!this.router.delivering && !this.#permissions.mayReceive(port, packet.topic)) {
      counters.drop("not-forwarded");
      return null;
    }
    counters.publishSent += 1;
    counters.publishBytesSent += packet.topic.length + packet.payload.length + 4;
    return packet;
  }

  #holdRetained(port: Port, packet: AedesPublishPacket): void {
    const identifiers = this.#identifiers.get(port);
    if (port.client === undefined || port.client.clean || identifiers === undefined) return;
    packet.messageId = identifiers.take();
    this.sessions.holdRetained(port.client.id, packet);
  }

  #onQueueFull(clientId: string, first: boolean): void {
    this.#options.counters.drop("session-queue");
    if (first)
      this.#options.warnings.warn(
        "session-queue",
        { clientId },
        "a session's queue is full: messages for it are dropped",
      );
    const port = this.#connected.get(clientId);
    if (port !== undefined)
      port.fail("slow-reader", "it does not acknowledge what it is sent, and its queue is full");
  }

  /** Takes a connection whose CONNECT waits in its port. */
  handle(port: Port): void {
    const client = this.#aedes?.handle(port);
    if (client === undefined) return;
    neverDuplicate(engineClient(client), this.#id);
    keepEqualFilters(engineClient(client));
    this.#identifiers.set(
      port,
      useIdentifiers(engineClient(client), {
        isTaken: (id) => !client.clean && this.sessions.get(client.id)?.usesIdentifier(id) === true,
        onExhausted: () => port.fail("slow-reader", "it does not acknowledge what it is sent"),
      }),
    );
  }

  /** The client has acknowledged a QoS 1 message: its identifier is free, and its session need not hold it any more. */
  acknowledged(port: Port, messageId: number): void {
    this.#identifiers.get(port)?.acknowledged(messageId);
    this.#sessionOf(port)?.acknowledged({ messageId });
  }

  /** The connection has ended. */
  forget(port: Port): void {
    const clientId = port.client?.id;
    if (clientId === undefined || this.#connected.get(clientId) !== port) return;
    this.#connected.delete(clientId);
    this.sessions.left(clientId);
  }

  get connectedClients(): Iterable<Port> {
    return this.#connected.values();
  }

  /** Publishes in the broker's own name: any topic, no access rule. */
  publish(topic: string, payload: string, retain: boolean): void {
    this.#aedes?.publish(
      { cmd: "publish", topic, payload: Buffer.from(payload), qos: 0, retain, dup: false },
      () => undefined,
    );
  }

  async close(): Promise<void> {
    const aedes = this.#aedes;
    if (aedes !== undefined) await new Promise<void>((resolve) => aedes.close(() => resolve()));
  }
}
