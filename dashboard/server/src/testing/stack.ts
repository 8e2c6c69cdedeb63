import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type AlarmEvent,
  type Alarms,
  type AlarmView,
  type Birth,
  type BrowserToServer,
  buildTopic,
  type Catalogue,
  type Commands,
  type Dropped,
  encodeBirth,
  encodeEvent,
  encodeReading,
  encodeReply,
  encodeStats,
  encodeStatus,
  type Frame,
  type Hello,
  type NodeView,
  parseMessage,
  type SensorStats,
  type ServerToBrowser,
  type Stats,
} from "@fieldmesh/protocol";
import { createLog, createMqttLink, type MqttLink } from "@fieldmesh/runtime";
import { io, type Socket } from "socket.io-client";
import { defaultDashboardConfig } from "../config/read-config.js";
import type { DashboardConfig } from "../config/schema.js";
import { type Dashboard, startDashboard } from "../dashboard.js";
import type { DashboardOptions, DashboardWorld } from "../options.js";

export const quiet = createLog("test", { level: process.env["TEST_LOG"] ?? "silent" });

interface TestBroker {
  readonly port: number;
  close(): Promise<void>;
}

/** A broker, a folder, and dashboards on them: real ones. Closed as a whole. */
export class Stack {
  readonly folder: string;
  readonly brokerPort: number;
  readonly #closers: (() => Promise<unknown>)[] = [];

  private constructor(folder: string, brokerPort: number) {
    this.folder = folder;
    this.brokerPort = brokerPort;
  }

  /** @param startBroker from `broker/`, which only test files may import */
  static async start(startBroker: (config: { port: number }) => Promise<TestBroker>): Promise<Stack> {
    const folder = await mkdtemp(join(tmpdir(), "fieldmesh-dashboard-"));
    const broker = await startBroker({ port: 0 });
    const stack = new Stack(folder, broker.port);
    stack.#closers.push(
      () => rm(folder, { recursive: true, force: true }),
      () => broker.close(),
    );
    return stack;
  }

  own(close: () => Promise<unknown>): void {
    this.#closers.push(close);
  }

  get brokerUrl(): string {
    return `mqtt://127.0.0.1:${this.brokerPort}`;
  }

  async dashboard(
    config: Partial<DashboardConfig> = {},
    more: Partial<DashboardOptions> = {},
    world: Partial<DashboardWorld> = {},
  ): Promise<Dashboard> {
    const dashboard = await startDashboard(
      {
        host: "127.0.0.1",
        port: 0,
        usersFile: join(this.folder, "users.yaml"),
        brokers: [[this.brokerUrl]],
        folder: join(this.folder, "dashboard"),
        config: { ...defaultDashboardConfig(), ...config },
        ...more,
      },
      { log: quiet, ...world },
    );
    this.own(() => dashboard.close());
    return dashboard;
  }

  async node(name: string, boot = 1_000, sensors: string[] = ["temperature"]): Promise<TestNode> {
    const node = new TestNode(this.brokerUrl, name, boot, sensors);
    await node.connect();
    this.own(() => node.close());
    return node;
  }

  browser(url: string, headers: Record<string, string> = {}): Browser {
    const browser = new Browser(url, headers);
    this.own(() => Promise.resolve(browser.close()));
    return browser;
  }

  async close(): Promise<void> {
    for (const close of this.#closers.reverse()) await close();
  }
}

/** Speaks as a node does, as far as a test tells it to. */
export class TestNode {
  readonly name: string;
  readonly link: MqttLink;
  readonly birth: Birth;
  conn = 1;
  readonly commands: { name: string; args: unknown }[] = [];
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

  /** Tells the account of its sensors, as if the newest were sent and nothing lost. */
  async stats(): Promise<void> {
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
    const sensors = this.birth.sensors.map(({ id }) => [id, account(this.#seqs.get(id) ?? 0)]);
    const stats: Stats = {
      boot,
      timestamp: Date.now(),
      sensors: Object.fromEntries(sensors),
      log: { bytes: 0, oldest: null },
      previous: [],
    };
    await this.publish("stats", encodeStats(stats), true);
  }

  /** Answers commands as a node does: `time` by `clockAheadMs`, `resend` from memory; others with `ok`. */
  async answer(clockAheadMs = 0): Promise<void> {
    const prefix = `env/${this.name}/cmd/`;
    this.link.onMessage((topic, payload) => {
      const name = topic.slice(prefix.length);
      const parsed = parseMessage(topic, payload, { now: Date.now(), retain: false });
      if (!parsed.ok || parsed.value.kind !== "command") return;
      const { id, args } = parsed.value.command;
      this.commands.push({ name, args });
      void this.#reply(name, id, args, clockAheadMs);
    });
    await this.link.subscribe([`${prefix}+`], 1);
  }

  async #reply(name: string, id: string, args: unknown, clockAheadMs: number): Promise<void> {
    const now = Date.now() + clockAheadMs;
    let result: unknown = {};
    if (name === "time") result = { receivedAt: now, sentAt: now };
    if (name === "resend") {
      const { sensor, from, to } = args as Commands["resend"]["args"];
      for (let seq = from; seq <= to; seq += 1) await this.send(seq, seq, sensor, { backfill: true });
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
    await this.link.close();
  }
}

/** Holds what the browser's app would. */
export class Browser {
  readonly socket: Socket<ServerToBrowser, BrowserToServer>;
  hello: Hello | undefined;
  nodes = new Map<string, NodeView>();
  standing = new Map<string, AlarmView>();
  history: AlarmView[] = [];
  dropped: Dropped | undefined;
  signedOut = false;
  error: string | undefined;
  frames = 0;
  /** While true, frames are taken and not acknowledged. */
  holdsAcks = false;
  readonly #acks: (() => void)[] = [];
  readonly streams = new Map<string, Map<number, { seq: number; v: number | null; t: number }>>();

  constructor(url: string, headers: Record<string, string> = {}) {
    this.socket = io(url, {
      transports: ["websocket"],
      reconnection: false,
      forceNew: true,
      extraHeaders: { origin: url, ...headers },
    });
    this.socket.on("hello", (hello) => {
      this.hello = hello;
    });
    this.socket.on("catalogue", (catalogue) => this.#catalogue(catalogue));
    this.socket.on("alarms", (alarms) => this.#alarms(alarms));
    this.socket.on("dropped", (dropped) => {
      this.dropped = dropped;
    });
    this.socket.on("signed-out", () => {
      this.signedOut = true;
    });
    this.socket.on("connect_error", (error) => {
      this.error = error.message;
    });
    this.socket.on("frame", (frame, ack) => {
      this.#frame(frame);
      if (this.holdsAcks) this.#acks.push(ack);
      else ack();
    });
  }

  releaseAcks(): void {
    this.holdsAcks = false;
    for (const ack of this.#acks.splice(0)) ack();
  }

  show(...names: string[]): void {
    this.socket.emit("show", { streams: names.map((name) => ({ name })) });
  }

  seqs(stream: string): number[] {
    const held = [...(this.streams.get(stream) ?? [])].sort(([a], [b]) => a - b);
    return held.map(([, { seq }]) => seq);
  }

  close(): void {
    this.socket.disconnect();
  }

  #catalogue({ full, nodes }: Catalogue): void {
    if (full) this.nodes.clear();
    for (const [key, node] of Object.entries(nodes)) {
      if (node === null) this.nodes.delete(key);
      else this.nodes.set(key, node);
    }
  }

  #alarms({ full, standing, history }: Alarms): void {
    if (full) {
      this.standing.clear();
      this.history = [];
    }
    for (const [key, alarm] of Object.entries(standing)) {
      if (alarm === null) this.standing.delete(key);
      else this.standing.set(key, alarm);
    }
    const isSame = (one: AlarmView, other: AlarmView): boolean =>
      one.key === other.key && one.event.boot === other.event.boot && one.event.seq === other.event.seq;
    this.history = [
      ...history,
      ...this.history.filter((old) => !history.some((alarm) => isSame(alarm, old))),
    ];
  }

  #frame(frame: Frame): void {
    this.frames += 1;
    for (const [name, part] of Object.entries(frame.streams)) {
      const held = part.reset ? new Map() : (this.streams.get(name) ?? new Map());
      for (const [i, seq] of part.seq.entries()) {
        held.set(part.n + i, { seq, v: part.v[i] ?? null, t: part.t[i] ?? 0 });
      }
      for (const n of held.keys()) if (n < part.oldest) held.delete(n);
      this.streams.set(name, held);
    }
  }
}
