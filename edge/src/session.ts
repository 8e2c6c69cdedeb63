import { setTimeout as sleep } from "node:timers/promises";
import {
  type Birth,
  buildTopic,
  encodeBirth,
  encodeStats,
  encodeStatus,
  parseMessage,
  type Stats,
  type Status,
} from "@fieldmesh/protocol";
import { ConfigurationError, type Log, type MqttLink, type Will } from "@fieldmesh/runtime";
import { MAX_BOOT } from "./boot.js";
import type { Clock } from "./clock.js";

/** Another node with this one's name has taken over: this one stands down and must not be started again. */
export class ReplacedError extends ConfigurationError {
  override readonly name = "ReplacedError";
  override readonly code = "replaced";
}

/** Stats are published this often. */
const STATS_EVERY_MS = 10_000;
const STATS_SOON_MS = 1_000;
/** What the goodbye may take. */
const LEAVE_LIMIT_MS = 2_000;
/** Our own status is put right at most this often, whoever overwrites it. */
const REPAIR_EVERY_MS = 1_000;

export interface SessionPorts {
  domain: string;
  node: string;
  boot: number;
  clock: Clock;
  logger: Log;
  birth: () => Birth;
  stats: () => Stats;
  /** A status above ours stands on our topic. `first`: it lay there when this boot came to the broker first. */
  onReplaced: (status: Status, first: boolean) => void;
}

/** What the node says of itself: birth, status with its will, stats; and its watch over its own status. */
export class Session {
  readonly #ports: SessionPorts;
  readonly #statusTopic: string;
  #link: MqttLink | undefined;
  #conn = 0;
  /** Time stamps of each `online` said on this connection, to know an echo from a stranger. */
  #said = new Set<number>();
  #connections = 0;
  #repairAt = 0;
  #repair: NodeJS.Timeout | undefined;
  #timer: NodeJS.Timeout | undefined;
  #soon: NodeJS.Timeout | undefined;
  #left = false;

  constructor(ports: SessionPorts) {
    this.#ports = ports;
    this.#statusTopic = buildTopic({ kind: "status", domain: ports.domain, node: ports.node });
  }

  get statusTopic(): string {
    return this.#statusTopic;
  }

  /** Built anew for each CONNECT: `conn` grows, so that an old will arriving late is known for what it is. */
  will(): Will {
    this.#conn += 1;
    this.#said.clear();
    const status = this.#status("offline", "connection lost");
    return { topic: this.#statusTopic, payload: encodeStatus(status), qos: 1, retain: true };
  }

  start(link: MqttLink): void {
    this.#link = link;
    this.#timer = setInterval(() => this.#publishStats(), STATS_EVERY_MS);
  }

  /** Says who we are. Call first thing on a connection. */
  connected(): void {
    this.#connections += 1;
    this.#publishStatus();
    this.publishBirth();
    this.#publishStats();
  }

  /** Also after a change of settings. */
  publishBirth(): void {
    const { domain, node, birth } = this.#ports;
    this.#publish(buildTopic({ kind: "birth", domain, node }), encodeBirth(birth()));
  }

  /**
   * The stats have changed in a way that others wait for: a sensor failed, or what was held is sent and what is
   * still missing may be asked for. Told a second later, when it is acknowledged too, and at most once a second.
   */
  statsSoon(): void {
    if (this.#soon !== undefined) return;
    this.#soon = setTimeout(() => {
      this.#soon = undefined;
      this.#publishStats();
    }, STATS_SOON_MS);
  }

  /** A message on our own status topic: ours, or that of another node with our name. */
  receive(payload: Buffer, retain: boolean): void {
    if (payload.length === 0) {
      this.#repairLater(); // somebody removed it; we are here
      return;
    }
    const now = this.#ports.clock.now();
    const parsed = parseMessage(this.#statusTopic, payload, { now, retain });
    const status = parsed.ok && parsed.value.kind === "status" ? parsed.value.status : null;
    if (status === null || status.boot > MAX_BOOT) {
      this.#ports.logger.warn("something that is no status was published as ours; putting it right");
      this.#repairLater();
      return;
    }
    const ours = status.boot === this.#ports.boot && status.conn === this.#conn;
    if (ours && status.state === "online" && this.#said.has(status.timestamp)) return;
    if (ours && status.state === "offline") {
      this.#repairLater(); // our will, though the connection that it is for stands
      return;
    }
    if (this.#isAbove(status)) this.#ports.onReplaced(status, retain && this.#connections <= 1);
    else if (!retain) this.#repairLater(); // what was retained is older than what connected() says
  }

  /** Says that we go, so that the broker need not publish the will. */
  async leave(reason: string): Promise<void> {
    this.abandon(); // our own goodbye is not to be put right
    if (this.#link?.connected !== true) return;
    this.#publishStats();
    const status = encodeStatus(this.#status("offline", reason));
    const said = this.#link.publish(this.#statusTopic, status, { qos: 1, retain: true });
    // A broker that does not answer must not hold up the end; the log says what it has not acknowledged.
    await Promise.race([said, sleep(LEAVE_LIMIT_MS, undefined, { ref: false })]);
  }

  /** Leaves without a word: the topic is another's now. */
  abandon(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#soon);
    clearTimeout(this.#repair);
    this.#left = true;
  }

  #isAbove(status: Status): boolean {
    const { boot } = this.#ports;
    if (status.boot !== boot) return status.boot > boot;
    if (status.conn !== this.#conn) return status.conn > this.#conn;
    // Two nodes that chose the same numbers in the same second: the later one stays. Offline is our own will.
    return status.state === "online" && status.timestamp > Math.max(0, ...this.#said);
  }

  #repairLater(): void {
    if (this.#repair !== undefined || this.#connections === 0 || this.#left) return;
    const wait = Math.max(0, this.#repairAt - this.#ports.clock.monotonic());
    this.#repair = setTimeout(() => {
      this.#repair = undefined;
      this.#publishStatus();
    }, wait);
  }

  #publishStatus(): void {
    this.#repairAt = this.#ports.clock.monotonic() + REPAIR_EVERY_MS;
    this.#publish(this.#statusTopic, encodeStatus(this.#status("online")));
  }

  #publishStats(): void {
    const { domain, node, stats } = this.#ports;
    if (this.#link?.connected !== true) return;
    this.#publish(buildTopic({ kind: "stats", domain, node }), encodeStats(stats()));
  }

  #status(state: Status["state"], reason?: string): Status {
    const timestamp = this.#ports.clock.now();
    if (state === "online") this.#said.add(timestamp);
    const status: Status = { state, boot: this.#ports.boot, conn: this.#conn, timestamp };
    return reason === undefined ? status : { ...status, reason };
  }

  #publish(topic: string, payload: string): void {
    if (this.#link?.connected !== true) return;
    this.#link.publish(topic, payload, { qos: 1, retain: true }).catch((error: unknown) => {
      // Said again at the next connect; stats also in ten seconds.
      this.#ports.logger.debug({ err: error, topic }, "not acknowledged");
    });
  }
}
