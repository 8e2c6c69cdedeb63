import { hostname } from "node:os";
import type { Stats } from "@fieldmesh/protocol";
import { buildTopic } from "@fieldmesh/protocol";
import { type Log, type MqttLink, RestartRequest, type Will } from "@fieldmesh/runtime";
import { composeBirth } from "./birth.js";
import { storeBoot } from "./boot.js";
import { type Clock, systemClock } from "./clock.js";
import { CommandDesk } from "./commands/desk.js";
import { Overrides } from "./commands/overrides.js";
import { Resend } from "./commands/resend.js";
import type { NodeConfig, SensorConfig } from "./config/types.js";
import { decideBoot } from "./decide-boot.js";
import type { OwnBroker } from "./drivers/driver.js";
import { ruleKey } from "./log/entry.js";
import type { NodeLog } from "./log/log.js";
import { openNodeLog } from "./open-log.js";
import { Publisher } from "./publish/publisher.js";
import { Rate } from "./publish/rate.js";
import type { NewEvent } from "./sensors/alarm-desk.js";
import { Sensor, type SensorLimits, type WorkerReading } from "./sensors/sensor.js";
import { ReplacedError, Session } from "./session.js";
import { composeStats } from "./stats.js";
import { VERSION } from "./version.js";

/** For so long a start waits for the broker to say which boot was the last. */
const BROKER_WAIT_MS = 3_000;
/** How exactly `for` delays and silences are kept. */
const ALARM_TICK_MS = 200;

/** The node's outside world. */
export interface NodePorts {
  /** Folder that this node owns and has locked: its log, its boot and its settings. */
  folder: string;
  /** Makes a link to the node's broker; `will` is asked for at each CONNECT. */
  createLink: (options: { clientId: string; will?: () => Will }) => MqttLink;
  /** The same broker as an address, for sensors that listen there too. Handed to their workers only, never logged. */
  broker?: OwnBroker;
  logger: Log;
  /** The node cannot go on: ReplacedError (do not start it again) or RestartRequest (do). */
  onStop: (reason: Error) => void;
  clock?: Clock;
  /** The built worker module. */
  threadModule?: URL;
  /** How long a start waits for the broker, ms. */
  brokerWaitMs?: number;
  sensorLimits?: SensorLimits;
}

/** A running node. */
export interface EdgeNode {
  readonly domain: string;
  readonly node: string;
  readonly boot: number;
  stats(): Stats;
  /** Stops the sensors, says that the node goes, and writes the log. */
  close(): Promise<void>;
}

/**
 * Starts a node: decides its boot, opens its log, connects, and starts its sensors. A broker that is not there
 * delays it by a few seconds and no more.
 * @throws FormatVersionError when the folder is of a later version.
 */
export async function startNode(config: NodeConfig & { node: string }, ports: NodePorts): Promise<EdgeNode> {
  const node = new Node(config, ports);
  await node.start();
  return node;
}

class Node implements EdgeNode {
  readonly domain: string;
  readonly node: string;
  boot = 0;
  readonly #config: NodeConfig;
  readonly #ports: NodePorts;
  readonly #clock: Clock;
  readonly #logger: Log;
  readonly #sensors = new Map<string, Sensor>();
  #startedAt = 0;
  #log: NodeLog | undefined;
  #link: MqttLink | undefined;
  #session: Session | undefined;
  #publisher: Publisher | undefined;
  #overrides: Overrides | undefined;
  #alarmTimer: NodeJS.Timeout | undefined;
  #stopping = false;
  #closing: Promise<void> | undefined;

  constructor(config: NodeConfig & { node: string }, ports: NodePorts) {
    this.domain = config.domain;
    this.node = config.node;
    this.#config = config;
    this.#ports = ports;
    this.#clock = ports.clock ?? systemClock;
    this.#logger = ports.logger;
  }

  async start(): Promise<void> {
    const { folder } = this.#ports;
    this.#startedAt = this.#clock.now();
    const log = await openNodeLog(folder, this.#config.log, this.#clock, this.#logger);
    this.#log = log;
    this.boot = await decideBoot({
      folder,
      lastBoot: log.lastBoot,
      link: this.#ports.createLink({ clientId: `fm_${this.domain}_${this.node}_start` }),
      statusTopic: buildTopic({ kind: "status", domain: this.domain, node: this.node }),
      waitMs: this.#ports.brokerWaitMs ?? BROKER_WAIT_MS,
      clock: this.#clock,
      logger: this.#logger,
    });
    log.beginBoot(this.boot);
    await log.write({ flush: true });
    log.start();

    const overrides = await Overrides.open(folder, this.#logger);
    this.#overrides = overrides;
    const session = this.#createSession(log, overrides);
    this.#session = session;
    const link = this.#ports.createLink({
      clientId: `fm_${this.domain}_${this.node}`,
      will: () => session.will(),
    });
    this.#link = link;
    this.#publisher = this.#createPublisher(log, link);
    this.#createSensors(overrides.apply(this.#config.sensors), log);
    const commands = this.#createCommands(log, link, overrides, session);

    link.onMessage((topic, payload, { retain }) => {
      if (topic === session.statusTopic) session.receive(payload, retain);
      else commands.receive(topic, payload, retain);
    });
    link.onConnect(() => this.#connected());
    await link.subscribe([session.statusTopic, commands.filter], 1);
    session.start(link);
    this.#publisher.start();
    link.start();
    for (const sensor of this.#sensors.values()) sensor.start();
    this.#alarmTimer = setInterval(() => {
      for (const sensor of this.#sensors.values()) sensor.tick();
    }, ALARM_TICK_MS);
    this.#logger.info({ boot: this.boot, sensors: this.#sensors.size, log: log.report }, "edge node started");
  }

  stats(): Stats {
    if (this.#log === undefined) throw new Error("the node was not started");
    const health = new Map([...this.#sensors].map(([id, sensor]) => [id, sensor.health]));
    return composeStats(this.#log, this.boot, health, this.#clock.now());
  }

  close(): Promise<void> {
    this.#closing ??= this.#close("stopped");
    return this.#closing;
  }

  async #close(reason: string): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#alarmTimer);
    await this.#log?.write({ flush: true }); // first what must not be lost, should the rest take too long
    await Promise.all([...this.#sensors.values()].map((sensor) => sensor.close()));
    await this.#publisher?.close();
    await this.#session?.leave(reason).catch((error: unknown) => {
      this.#logger.debug({ err: error }, "could not say goodbye; the will says it");
    });
    await this.#link?.close();
    await this.#overrides?.close();
    await this.#log?.close();
    if (this.#log?.clean === false) {
      this.#logger.error("the log could not be written to its end: what the disk did not take is lost");
    }
  }

  #createSession(log: NodeLog, overrides: Overrides): Session {
    const about = {
      node: this.node,
      domain: this.domain,
      boot: this.boot,
      version: VERSION,
      host: hostname(),
      ...(this.#config.label !== undefined && { label: this.#config.label }),
      startedAt: this.#startedAt,
    };
    return new Session({
      domain: this.domain,
      node: this.node,
      boot: this.boot,
      clock: this.#clock,
      logger: this.#logger,
      birth: () => composeBirth(about, this.#sensorConfigs(), overrides),
      stats: () => this.stats(),
      onReplaced: (status, first) => void this.#replaced(log, status.boot, first),
    });
  }

  #createPublisher(log: NodeLog, link: MqttLink): Publisher {
    return new Publisher({
      domain: this.domain,
      node: this.node,
      link,
      log,
      clock: this.#clock,
      logger: this.#logger,
      backfillPerSecond: this.#config.backfillPerSecond,
      qosOf: (sensor) => this.#sensors.get(sensor)?.config.qos ?? 1,
      onDrained: () => this.#session?.statsSoon(),
    });
  }

  #createSensors(configs: readonly SensorConfig[], log: NodeLog): void {
    for (const config of configs) {
      const sensor: Sensor = new Sensor(config, {
        domain: this.domain,
        node: this.node,
        module: this.#ports.threadModule ?? new URL(import.meta.resolve("@fieldmesh/edge/thread")),
        clock: this.#clock,
        logger: this.#logger,
        limits: this.#ports.sensorLimits ?? {},
        broker: this.#ports.broker,
        standing: (rule) => log.newestEvents.get(ruleKey(config.id, rule))?.state === "raised",
        onReading: (reading) => this.#reading(sensor.config, reading),
        onEvent: (event) => this.#event(event),
        onHealth: () => this.#session?.statsSoon(),
        onImmortal: (id) => void this.#restartProcess(log, id),
      });
      this.#sensors.set(config.id, sensor);
    }
  }

  #createCommands(log: NodeLog, link: MqttLink, overrides: Overrides, session: Session): CommandDesk {
    return new CommandDesk({
      domain: this.domain,
      node: this.node,
      link,
      clock: this.#clock,
      logger: this.#logger,
      sensors: this.#sensors,
      configured: new Map(this.#config.sensors.map((sensor) => [sensor.id, sensor])),
      overrides,
      resend: new Resend({
        log,
        rate: new Rate(this.#config.backfillPerSecond, this.#clock),
        boot: () => this.boot,
        send: async (reading) => this.#publisher?.resend(reading),
      }),
      onChanged: () => session.publishBirth(),
    });
  }

  #sensorConfigs(): SensorConfig[] {
    return [...this.#sensors.values()].map((sensor) => sensor.config);
  }

  #reading(sensor: SensorConfig, reading: WorkerReading): void {
    if (this.#stopping || this.#log === undefined) return;
    if (reading.suppressed) {
      this.#log.suppressed(sensor.id);
      return;
    }
    const { value, timestamp, quality, reason } = reading;
    const logged = this.#log.appendReading({
      sensor: sensor.id,
      value,
      unit: sensor.unit,
      timestamp,
      ...(quality !== undefined && { quality }),
      ...(reason !== undefined && { reason: reason.slice(0, 200) }),
    });
    this.#publisher?.reading(logged);
  }

  #event(event: NewEvent): void {
    if (this.#stopping || this.#log === undefined) return;
    const logged = this.#log.appendEvent({ node: this.node, ...event });
    this.#logger.info(
      { sensor: event.sensor, rule: event.rule, state: event.state, value: event.value },
      event.message,
    );
    this.#publisher?.event(logged);
    // Written now: an alarm that a kill made forgotten would be raised a second time.
    void this.#log.write();
  }

  #connected(): void {
    this.#session?.connected();
    this.#retireRules();
    this.#publisher?.connected();
  }

  /** Alarms whose rule or sensor left the configuration: their retained state goes off the broker. */
  #retireRules(): void {
    const log = this.#log;
    if (log === undefined) return;
    for (const [key, { sensor, rule }] of log.newestEvents) {
      if (this.#sensors.get(sensor)?.config.rules.some((other) => other.id === rule) === true) continue;
      void this.#publisher?.retire(sensor, rule).then(
        () => log.retire(key),
        (error: unknown) => this.#logger.debug({ err: error, rule: key }, "not taken off the broker yet"),
      );
    }
  }

  /** Another process speaks under this name, with a status above ours. */
  async #replaced(log: NodeLog, boot: number, first: boolean): Promise<void> {
    if (this.#stopping) return;
    if (first) {
      // Our folder was lost, or our clock went back, while the broker was away. A fresh process begins above it.
      await storeBoot(this.#ports.folder, boot).catch(() => undefined);
      await this.#abandon();
      this.#ports.onStop(
        new RestartRequest(`the broker knows of boot ${boot} of this node; starting above it`),
      );
      return;
    }
    await this.#abandon();
    await log.write({ flush: true });
    this.#ports.onStop(
      new ReplacedError(
        `another node calls itself ${this.domain}/${this.node} (boot ${boot}, this is ${this.boot}): ` +
          "give one of the two another NODE_ID",
      ),
    );
  }

  /** A worker that cannot be terminated: only a new process gets rid of it. */
  async #restartProcess(log: NodeLog, sensor: string): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    await log.write({ flush: true });
    this.#ports.onStop(new RestartRequest(`the worker of sensor ${sensor} is stuck and cannot be ended`));
  }

  async #abandon(): Promise<void> {
    this.#stopping = true;
    this.#session?.abandon();
    await this.#link?.close();
  }
}
