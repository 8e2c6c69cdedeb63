import { ConfigurationError, isLoopback } from "@fieldmesh/runtime";
import type { AccessControl } from "./access/access.js";
import { AddressBudget } from "./access/address-budget.js";
import { chooseAccess } from "./access/choose-access.js";
import { type BrokerConfig, DEFAULT_CONFIG } from "./config.js";
import { Engine } from "./engine/engine.js";
import { judgeConnect } from "./judge-connect.js";
import { DEFAULT_LIMITS, type Limits } from "./limits.js";
import { type ListenerEvents, type Listeners, openListeners } from "./listeners/open.js";
import { type BrokerLog, SILENT_LOG } from "./log.js";
import { LogLimiter } from "./log-limiter.js";
import { EngineBudget } from "./port/engine-budget.js";
import { Flusher } from "./port/flusher.js";
import { Port } from "./port/port.js";
import type { ConnectRefusal, PortHost } from "./port/port-host.js";
import { Pressure } from "./port/pressure.js";
import { SWEEP_INTERVAL_MS, sweep } from "./port/sweep.js";
import type { Transport } from "./port/transport.js";
import { Counters } from "./stats/counters.js";
import type { DropCause } from "./stats/drops.js";
import { SYS_INTERVAL_MS, SysTopics } from "./stats/sys-topics.js";
import { VERSION } from "./version.js";
import type { ConnectPacket } from "./wire/connect-packet.js";

/** Bytes that all connections together may have inside the engine. */
const ENGINE_BYTES = 2 * 1024 * 1024;

/** How often sessions whose clients stay away are looked for. */
const EXPIRY_INTERVAL_MS = 30_000;

/** The outside world of a broker; a test replaces any of it. */
export interface BrokerWorld {
  log?: BrokerLog;
  /** Beyond those of the configuration. */
  limits?: Partial<Limits>;
  /** In place of what the configuration's files would make. */
  access?: AccessControl;
  /** False sends QoS 0 messages the long way too, to compare. */
  lane?: boolean;
  /** How often `$SYS` is renewed. */
  sysIntervalMs?: number;
}

/** A broker that listens. */
export interface Broker extends AsyncDisposable {
  /** The TCP port it listens on. */
  readonly port: number;
  readonly tlsPort?: number;
  readonly wsPort?: number;
  /** What was refused or lost so far, by name. */
  readonly drops: Readonly<Record<DropCause, number>>;
  /** Ends all connections and listeners. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts a broker; resolves when every listener is open.
 * @throws {ConfigurationError} when a port is taken, a file cannot be read, or HOST is open without passwords
 */
export async function startBroker(
  config: Partial<BrokerConfig> = {},
  world: BrokerWorld = {},
): Promise<Broker> {
  const composition = new Composition({ ...DEFAULT_CONFIG, ...config }, world);
  return composition.start();
}

class Composition implements PortHost {
  readonly limits: Limits;
  readonly counters = new Counters();
  readonly flusher = new Flusher();
  readonly budget = new EngineBudget(ENGINE_BYTES);
  readonly pressure: Pressure;
  readonly localOnly: boolean;
  readonly laneOn: boolean;
  sweepTick = 0;
  #serial = 0;
  readonly #config: BrokerConfig;
  readonly #log: BrokerLog;
  readonly #warnings: LogLimiter;
  readonly access: AccessControl;
  readonly #engine: Engine;
  readonly #sys: SysTopics;
  readonly #connects: AddressBudget;
  readonly #ports = new Set<Port>();
  /** Those that have sent an acceptable CONNECT. */
  readonly #attached = new Set<Port>();
  #listeners: Listeners | undefined;
  #sweep: NodeJS.Timeout | undefined;
  #expiry: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  constructor(config: BrokerConfig, world: BrokerWorld) {
    this.#config = config;
    this.localOnly = isLoopback(config.host) && isLoopback(config.plainHost ?? config.host);
    this.laneOn = world.lane ?? true;
    this.limits = { ...DEFAULT_LIMITS, ...config.limits, ...world.limits };
    const { connectsPerMinute: perMinute, exemptLoopback } = this.limits;
    this.#connects = new AddressBudget({ perMinute, exemptLoopback });
    this.#log = world.log ?? SILENT_LOG;
    this.#warnings = new LogLimiter(this.#log);
    this.access = world.access ?? chooseAccess(config, this.#log);
    this.pressure = new Pressure(this.limits, {
      onStalled: (reader, reason) => this.#stalled(reader, reason),
    });
    this.#engine = new Engine({
      access: this.access,
      limits: this.limits,
      counters: this.counters,
      warnings: this.#warnings,
      sheds: (port) => this.pressure.sheds(port),
    });
    this.#sys = new SysTopics({
      version: `fieldmesh broker ${VERSION}`,
      intervalMs: world.sysIntervalMs ?? SYS_INTERVAL_MS,
      counters: this.counters,
      gauges: () => this.#gauges(),
      publish: (topic, payload) => this.#engine.publish(topic, payload, true),
    });
  }

  get router() {
    return this.#engine.router;
  }

  nextSerial(): number {
    this.#serial += 1;
    return this.#serial;
  }

  async start(): Promise<Broker> {
    const { host, plainHost = host, passwordFile } = this.#config;
    if (!this.localOnly && passwordFile === undefined) {
      throw new ConfigurationError(
        `${isLoopback(host) ? `MQTT_PLAIN_HOST ${plainHost}` : `HOST ${host}`} is open to others, and there are no passwords: set PASSWORD_FILE (fieldmesh credentials add), or HOST to 127.0.0.1`,
      );
    }
    this.access.onRevoked((username) => this.#revoke(username));
    try {
      await this.access.start();
      await this.#engine.start();
      this.#sys.start();
      const events: ListenerEvents = {
        onTransport: (transport) => this.#open(transport),
        onRefused: (peer, reason) => this.#warnings.warn("listener", { peer, reason }, "connection refused"),
      };
      const messageBytes = this.limits.packetBytes + 1024;
      this.#listeners = await openListeners(this.#config, messageBytes, events, this.#log);
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#sweep = setInterval(() => sweep(this.#ports, ++this.sweepTick, this.limits), SWEEP_INTERVAL_MS);
    const expiryIntervalMs = Math.min(EXPIRY_INTERVAL_MS, this.limits.sessionExpiryMs);
    this.#expiry = setInterval(() => this.#engine.sessions.expire(), expiryIntervalMs);
    const { port, tlsPort, wsPort } = this.#listeners;
    this.#log.info({ host, plainHost: this.#listeners.plainHost, port, tlsPort, wsPort }, "broker listening");
    const close = (): Promise<void> => this.close();
    return {
      port,
      ...(tlsPort !== undefined && { tlsPort }),
      ...(wsPort !== undefined && { wsPort }),
      drops: this.counters.drops,
      close,
      [Symbol.asyncDispose]: close,
    };
  }

  // ---- Connections ----

  #open(transport: Transport): void {
    this.counters.socketsOpened += 1;
    if (this.#closing !== undefined || this.#ports.size >= this.limits.connections) {
      this.counters.drop("client-limit");
      this.#warnings.warn("client-limit", { peer: transport.peer }, "connection closed: there are too many");
      transport.abort();
      return;
    }
    if (!this.#connects.spend(transport.peer)) {
      this.counters.drop("connect-rate");
      this.#warnings.warn("connect-rate", { peer: transport.peer }, "connection closed: too many a minute");
      transport.abort();
      return;
    }
    const port = new Port(transport, this);
    this.#ports.add(port);
    port.start();
  }

  judgeConnect(connect: ConnectPacket): ConnectRefusal | null {
    const { sessions } = this.#engine;
    return judgeConnect(connect, this.limits, {
      clients: this.#attached.size,
      sessions: sessions.count,
      knows: (clientId) => sessions.has(clientId),
    });
  }

  attach(port: Port): void {
    this.counters.connectionsOpened += 1;
    this.#attached.add(port);
    this.#engine.handle(port);
  }

  acknowledged(port: Port, id: number): void {
    this.#engine.acknowledged(port, id);
  }

  closed(port: Port): void {
    this.#ports.delete(port);
    this.#attached.delete(port);
    this.#engine.forget(port);
    this.pressure.forget(port);
    this.#log.debug(
      { clientId: port.client?.id, peer: port.transport.peer, dropped: port.dropped },
      "connection closed",
    );
  }

  reportFault(port: Port, cause: DropCause, reason: string): void {
    this.#warnings.warn(
      cause,
      {
        clientId: port.client?.id ?? port.connect?.clientId,
        username: port.identity?.username,
        peer: port.transport.peer,
        reason,
      },
      "connection closed by the broker",
    );
  }

  #stalled(reader: Port, reason: string): void {
    if (reader.destroyed) return;
    this.counters.drop("reader-disconnected");
    this.#warnings.warn(
      "reader-disconnected",
      {
        clientId: reader.client?.id,
        username: reader.identity?.username,
        lostBytes: reader.outward.bytes,
        lostMessages: reader.dropped,
        reason,
      },
      "reader disconnected: it does not keep up",
    );
    reader.abort();
  }

  #revoke(username: string): void {
    for (const port of this.#ports) {
      if (port.identity?.username !== username) continue;
      this.#log.info(
        { clientId: port.client?.id, username },
        "connection closed: its user was removed, or may other things than before, or has a new password",
      );
      port.destroy();
    }
  }

  #gauges() {
    const { retained, router, sessions } = this.#engine;
    let connectedClients = 0;
    let persistent = 0;
    for (const port of this.#engine.connectedClients) {
      connectedClients += 1;
      if (port.client?.clean === false) persistent += 1;
    }
    const held = sessions.held();
    return {
      connectedClients,
      disconnectedClients: Math.max(0, sessions.count - persistent),
      subscriptions: router.subscriptionCount,
      retainedMessages: retained.size,
      heldMessages: held.messages,
      heldBytes: held.bytes,
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearInterval(this.#sweep);
    clearInterval(this.#expiry);
    this.#sys.close();
    // Ports end as the engine closes its clients: wills are published to those who are still there.
    await this.#engine.close();
    for (const port of this.#ports) port.destroy();
    await this.#listeners?.close();
    this.pressure.close();
    await this.access.close();
    this.#warnings.close();
  }
}
