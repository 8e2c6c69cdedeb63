import {
  type AlarmEvent,
  type Birth,
  buildTopic,
  type Commands,
  encodeBirth,
  encodeEvent,
  encodeReading,
  encodeReply,
  encodeStats,
  encodeStatus,
  type LostRange,
  parseMessage,
  type Reading,
  type SensorStats,
  type Stats,
} from "@fieldmesh/protocol";
import { createMqttLink, type MqttLink } from "@fieldmesh/runtime";
import { quiet } from "./quiet.js";

/** Speaks as a node does, as far as a test tells it to, and remembers everything that it has read. */
export class TestNode {
  readonly name: string;
  readonly link: MqttLink;
  readonly birth: Birth;
  /** By sensor, in order: what its log holds. */
  readonly read = new Map<string, Reading[]>();
  readonly resends: Commands["resend"]["args"][] = [];
  /** What it no longer has of what is asked for. */
  gone: LostRange[] = [];

  constructor(url: string, name: string, boot: number, sensors: string[]) {
    this.name = name;
    this.link = createMqttLink({ urls: [url], clientId: `test_${name}_${Math.random()}`, log: quiet });
    this.birth = {
      node: name,
      domain: "env",
      boot,
      version: "0.0.0",
      host: "test",
      startedAt: Date.now(),
      sensors: sensors.map((id) => ({
        id,
        label: `the ${id}`,
        type: id,
        unit: "Cel",
        intervalMs: 1_000,
        driver: "simulated",
        rules: [{ id: "too-hot", kind: "above", limit: 30, severity: "warning" }],
      })),
    };
  }

  /** Connects, says who it is, and answers `time` and `resend` as a node does. */
  async connect(): Promise<void> {
    const connected = new Promise((resolve) => this.link.onConnect(resolve));
    this.link.start();
    await connected;
    this.#answer();
    await this.link.subscribe([`env/${this.name}/cmd/+`], 1);
    await this.publish("birth", encodeBirth(this.birth));
    const status = { state: "online", boot: this.birth.boot, conn: 1, timestamp: Date.now() } as const;
    await this.publish("status", encodeStatus(status));
  }

  /** Reads the sensor and, unless it is to be lost on the way, publishes it. */
  async readNow(value: number, sensor = "temperature", { lost = false } = {}): Promise<Reading> {
    const log = this.read.get(sensor) ?? [];
    this.read.set(sensor, log);
    const reading: Reading = {
      node: this.name,
      sensor,
      value,
      unit: "Cel",
      timestamp: Date.now(),
      boot: this.birth.boot,
      seq: log.length + 1,
    };
    log.push(reading);
    if (!lost) await this.send(reading);
    return reading;
  }

  async send(reading: Reading): Promise<void> {
    const topic = buildTopic({ kind: "raw", domain: "env", node: this.name, sensor: reading.sensor });
    await this.link.publish(topic, encodeReading(reading), { qos: 1, retain: false });
  }

  async event(state: "raised" | "cleared", seq: number): Promise<void> {
    const event: AlarmEvent = {
      node: this.name,
      sensor: "temperature",
      rule: "too-hot",
      state,
      severity: "warning",
      value: 31,
      limit: 30,
      unit: "Cel",
      timestamp: Date.now(),
      since: Date.now(),
      boot: this.birth.boot,
      seq,
      message: "temperature above 30 °C",
    };
    const topic = buildTopic({
      kind: "event",
      domain: "env",
      node: this.name,
      sensor: event.sensor,
      rule: event.rule,
    });
    await this.link.publish(topic, encodeEvent(event), { qos: 1, retain: true });
  }

  /** Tells the account of its sensors: all given, nothing held. */
  async stats(): Promise<void> {
    const account = (lastSeq: number): SensorStats => ({
      read: lastSeq,
      suppressed: 0,
      lastSeq,
      dropped: [],
      held: [],
      keptFrom: 1,
      bad: 0,
      state: "ok",
    });
    const sensors = this.birth.sensors.map(({ id }) => [id, account(this.read.get(id)?.length ?? 0)]);
    const stats: Stats = {
      boot: this.birth.boot,
      timestamp: Date.now(),
      sensors: Object.fromEntries(sensors),
      log: { bytes: 0, oldest: null },
      previous: [],
    };
    await this.publish("stats", encodeStats(stats));
  }

  /** Retires it: its birth is emptied. */
  async retire(): Promise<void> {
    await this.publish("birth", "");
  }

  async publish(kind: "birth" | "status" | "stats", payload: string): Promise<void> {
    const topic = buildTopic({ kind, domain: "env", node: this.name });
    await this.link.publish(topic, payload, { qos: 1, retain: true });
  }

  async close(): Promise<void> {
    await this.link.close();
  }

  #answer(): void {
    const prefix = `env/${this.name}/cmd/`;
    this.link.onMessage((topic, payload) => {
      const parsed = parseMessage(topic, payload, { now: Date.now(), retain: false });
      if (!parsed.ok || parsed.value.kind !== "command") return;
      const { id, args } = parsed.value.command;
      const name = topic.slice(prefix.length);
      // A link that closes in the midst is what some tests want.
      this.#reply(name, id, args).catch(() => undefined);
    });
  }

  async #reply(name: string, id: string, args: unknown): Promise<void> {
    const now = Date.now();
    let result: unknown = {};
    if (name === "time") result = { receivedAt: now, sentAt: now };
    if (name === "resend") result = await this.#resend(args as Commands["resend"]["args"]);
    const topic = buildTopic({ kind: "reply", domain: "env", node: this.name, name });
    await this.link.publish(topic, encodeReply({ id, ok: true, result }), { qos: 1, retain: false });
  }

  async #resend(args: Commands["resend"]["args"]): Promise<Commands["resend"]["result"]> {
    this.resends.push(args);
    const isGone = (seq: number): boolean => this.gone.some(([from, to]) => from <= seq && seq <= to);
    const asked = (this.read.get(args.sensor) ?? []).filter(
      ({ seq }) => args.from <= seq && seq <= args.to && !isGone(seq),
    );
    for (const reading of asked) await this.send({ ...reading, backfill: true });
    return { sent: asked.length, held: [], gone: this.gone };
  }
}
