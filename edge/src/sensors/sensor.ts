import type { Rule, Simulation } from "@fieldmesh/protocol";
import type { Log } from "@fieldmesh/runtime";
import type { Clock } from "../clock.js";
import type { SensorConfig } from "../config/types.js";
import type { OwnBroker } from "../drivers/driver.js";
import type { SensorHealth } from "../stats.js";
import { type FromWorker, HEARTBEAT_MS, type WorkerStart } from "../worker-messages.js";
import { AlarmDesk, type NewEvent } from "./alarm-desk.js";
import { SensorThread } from "./sensor-thread.js";

/** Wait before the first replacement of a worker; doubled each time up to the longest. */
const FIRST_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 60_000;
/** A worker that has lived this long was a good one: the next failure begins with a short wait again. */
const HEALTHY_MS = 60_000;

export type WorkerReading = Extract<FromWorker, { type: "reading" }>;

export interface SensorLimits {
  silenceLimitMs?: number;
  terminateLimitMs?: number;
}

export interface SensorPorts {
  domain: string;
  node: string;
  module: URL;
  clock: Clock;
  logger: Log;
  /** The node's own; never logged: it may hold a password. */
  broker?: OwnBroker | undefined;
  limits: SensorLimits;
  standing: (rule: string) => boolean;
  onReading: (reading: WorkerReading) => void;
  onEvent: (event: NewEvent) => void;
  /** Its worker failed, or works again. */
  onHealth: () => void;
  onImmortal: (sensor: string) => void;
}

/** One sensor of the node: its worker, replaced when it fails, and its alarms. */
export class Sensor {
  /** As it runs now, with what was changed by command. */
  config: SensorConfig;
  readonly #ports: SensorPorts;
  readonly #alarms: AlarmDesk;
  #thread: SensorThread | undefined;
  #startedAt = 0;
  #backoffMs = FIRST_BACKOFF_MS;
  #retry: NodeJS.Timeout | undefined;
  #restarts = 0;
  #failure: string | undefined;
  #simulation: Simulation | undefined;
  #closed = false;

  constructor(config: SensorConfig, ports: SensorPorts) {
    this.config = config;
    this.#ports = ports;
    this.#alarms = new AlarmDesk({
      sensor: config,
      standing: ports.standing,
      startedMs: ports.clock.monotonic(),
      onEvent: ports.onEvent,
    });
  }

  start(): void {
    this.#spawn();
  }

  get health(): SensorHealth {
    const health: SensorHealth = { state: this.#state(), restarts: this.#restarts };
    if (this.#failure !== undefined) health.reason = this.#failure;
    return health;
  }

  tick(): void {
    this.#alarms.tick(this.#ports.clock.monotonic(), this.#ports.clock.now());
  }

  setInterval(intervalMs: number): void {
    this.config = { ...this.config, intervalMs };
    this.#thread?.post({ type: "set-interval", intervalMs });
  }

  setRule(rule: Rule): void {
    const rules = this.config.rules.map((other) => (other.id === rule.id ? rule : other));
    this.config = { ...this.config, rules };
    this.#alarms.setRule(rule);
    this.#thread?.post({ type: "set-rule", rule });
  }

  readNow(): void {
    this.#thread?.post({ type: "read-now" });
  }

  simulate(fault: Simulation): void {
    this.#simulation = fault === "reset" ? undefined : fault;
    this.#thread?.post({ type: "simulate", fault });
  }

  /** Replaces the worker now, whatever its state. */
  async restart(): Promise<void> {
    clearTimeout(this.#retry);
    this.#failure = "restarted by command";
    const old = this.#thread;
    this.#thread = undefined;
    await old?.stop();
    this.#restarts += 1;
    if (!this.#closed) this.#spawn();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await this.#thread?.stop();
    this.#thread = undefined;
  }

  #state(): SensorHealth["state"] {
    if (this.#failure === undefined) return "ok";
    // With longer and longer waits it is not coming back by itself soon.
    return this.#backoffMs > 8 * FIRST_BACKOFF_MS ? "failed" : "restarting";
  }

  #spawn(): void {
    const { domain, node, module, clock, limits, broker, onImmortal } = this.#ports;
    const start: WorkerStart = { domain, node, sensor: this.config };
    if (broker !== undefined && this.config.driver.needsBroker === true) start.broker = broker;
    if (this.#simulation !== undefined) start.simulation = this.#simulation;
    this.#startedAt = clock.monotonic();
    const thread = new SensorThread({
      module,
      start,
      ...limits,
      onMessage: (message) => this.#receive(message),
      onEnded: (reason) => this.#replace(thread, reason),
      onImmortal: () => onImmortal(this.config.id),
    });
    this.#thread = thread;
  }

  #receive(message: FromWorker): void {
    if (message.type === "heartbeat") {
      // A sensor that is pushed to may have nothing to say for long: living on is enough.
      if (this.#ports.clock.monotonic() - this.#startedAt > HEARTBEAT_MS) this.#recovered();
    } else if (message.type === "reading") {
      // The worker does its work again.
      this.#recovered();
      if (this.#ports.clock.monotonic() - this.#startedAt > HEALTHY_MS) this.#backoffMs = FIRST_BACKOFF_MS;
      this.#ports.onReading(message);
      const good = message.quality !== "bad";
      this.#judge(message, good);
    } else if (message.type === "judged") this.#judge(message, false);
  }

  #recovered(): void {
    if (this.#failure === undefined) return;
    this.#failure = undefined;
    this.#ports.onHealth();
  }

  #judge(
    { verdicts, value, timestamp }: Pick<WorkerReading, "verdicts" | "value" | "timestamp">,
    good: boolean,
  ): void {
    this.#alarms.judged(verdicts, value, timestamp, this.#ports.clock.monotonic(), good);
  }

  #replace(thread: SensorThread, reason: string): void {
    if (this.#closed || thread !== this.#thread) return;
    this.#thread = undefined;
    this.#failure = reason;
    this.#ports.onHealth();
    const waitMs = this.#backoffMs;
    this.#backoffMs = Math.min(MAX_BACKOFF_MS, this.#backoffMs * 2);
    this.#ports.logger.error(
      { sensor: this.config.id, reason, waitMs },
      "the sensor's worker failed; replacing it",
    );
    this.#retry = setTimeout(() => {
      this.#restarts += 1;
      this.#spawn();
    }, waitMs);
  }
}
