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
  parseMessage,
  type SensorStats,
  type Stats,
} from "@fieldmesh/protocol";
import { createMqttLink, type MqttLink } from "@fieldmesh/runtime";
import { quiet } from "./quiet.js";

/** Speaks as a node does, as far as a test tells it to. */
export class TestNode {
  readonly name: string;
  readonly link: MqttLink;
  readonly birth: Birth;
  conn = 1;
  readonly commands: { name: string; args: unknown; by: string }[] = [];
  #closed = false;
  readonly #seqs = new Map<string, number>();

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
        type: id,
        unit: "Cel",
        intervalMs: 1_000,
        driver: "simulated",
        rules: [{ id: "too-hot", kind: "above", limit: 30, severity: "warning" }],
      })),
    };
  }

  async connect(): Promise<void> {
    const connected = new Promise((resolve) => this.link.onConnect(resolve));
    this.link.start();
    await connected;
    await this.publish("birth", encodeBirth(this.birth), true);
    await this.status("online");
  }

  async status(state: "online" | "offline", reason?: string): Promise<void> {
    const status = { state, boot: this.birth.boot, conn: this.conn, timestamp: Date.now() };
    await this.publish("status", encodeStatus(reason === undefined ? status : { ...status, reason }), true);
  }

  async read(
    value: number | null,
    sensor = "temperature",
    more: Record<string, unknown> = {},
  ): Promise<number> {
    const seq = (this.#seqs.get(sensor) ?? 0) + 1;
    this.#seqs.set(sensor, seq);
    await this.send(seq, value, sensor, more);
    return seq;
  }

  async send(
    seq: number,
    value: number | null,
    sensor = "temperature",
    more: Record<string, unknown> = {},
  ): Promise<void> {
    const { boot } = this.birth;
    const reading = {
      node: this.name,
      sensor,
      value,
      unit: "Cel",
      timestamp: Date.now(),
      boot,
      seq,
      ...more,
    };
    const topic = buildTopic({ kind: "raw", domain: "env", node: this.name, sensor });
    await this.link.publish(topic, encodeReading(reading), { qos: 1, retain: false });
  }

  async event(state: "raised" | "cleared", seq: number, more: Partial<AlarmEvent> = {}): Promise<void> {
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
      ...more,
    };
    const { sensor, rule } = event;
    const topic = buildTopic({ kind: "event", domain: "env", node: this.name, sensor, rule });
    await this.link.publish(topic, encodeEvent(event), { qos: 1, retain: event.backfill !== true });
  }

  /** Tells the account of its sensors, or of these, as if the newest were sent and nothing lost. */
  async stats(of: readonly string[] = this.birth.sensors.map(({ id }) => id)): Promise<void> {
    const { boot } = this.birth;
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
    const sensors = of.map((id) => [id, account(this.#seqs.get(id) ?? 0)]);
    const stats: Stats = {
      boot,
      timestamp: Date.now(),
      sensors: Object.fromEntries(sensors),
      log: { bytes: 0, oldest: null },
      previous: [],
    };
    await this.publish("stats", encodeStats(stats), true);
  }

  /**
   * Answers commands as a node does: `time` by `clockAheadMs`, `resend` from memory, with readings of the age, ms, that
   * `ageOf` gives by number; others with `ok`.
   */
  async answer(clockAheadMs = 0, ageOf: (seq: number) => number = () => 0): Promise<void> {
    const prefix = `env/${this.name}/cmd/`;
    this.link.onMessage((topic, payload) => {
      const name = topic.slice(prefix.length);
      const parsed = parseMessage(topic, payload, { now: Date.now(), retain: false });
      if (!parsed.ok || parsed.value.kind !== "command") return;
      const { id, args, by } = parsed.value.command;
      this.commands.push({ name, args, by });
      this.#reply(name, id, args, clockAheadMs, ageOf).catch((error: unknown) => {
        if (!this.#closed) throw error; // asked in the moment in which the test was over
      });
    });
    await this.link.subscribe([`${prefix}+`], 1);
  }

  async #reply(
    name: string,
    id: string,
    args: unknown,
    clockAheadMs: number,
    ageOf: (seq: number) => number,
  ): Promise<void> {
    const now = Date.now() + clockAheadMs;
    let result: unknown = {};
    if (name === "time") result = { receivedAt: now, sentAt: now };
    if (name === "resend") {
      const { sensor, from, to } = args as Commands["resend"]["args"];
      for (let seq = from; seq <= to; seq += 1) {
        const timestamp = Date.now() - ageOf(seq);
        await this.send(seq, seq, sensor, { timestamp, backfill: true });
      }
      result = { sent: to - from + 1, held: [], gone: [] };
    }
    const topic = buildTopic({ kind: "reply", domain: "env", node: this.name, name });
    await this.link.publish(topic, encodeReply({ id, ok: true, result }), { qos: 1, retain: false });
  }

  async publish(kind: "birth" | "status" | "stats", payload: string, retain: boolean): Promise<void> {
    await this.link.publish(buildTopic({ kind, domain: "env", node: this.name }), payload, {
      qos: 1,
      retain,
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.link.close();
  }
}
