import { once } from "node:events";
import { createServer } from "node:net";
import {
  type AlarmEvent,
  type Birth,
  buildTopic,
  encodeBirth,
  encodeEvent,
  encodeReading,
  encodeReply,
  encodeStats,
  encodeStatus,
  parseMessage,
  type SensorAccount,
  type Stats,
} from "@fieldmesh/protocol";
import { Aedes } from "aedes";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createLog } from "../log.js";
import type { MessageHandler } from "../mqtt/connection.js";
import { createMqttLink, type MqttLink } from "../mqtt/link.js";
import { NotConnectedError } from "../mqtt/link-errors.js";
import { createStreamConsumer } from "./consumer.js";
import type { ArrivedReading, StreamConsumer, StreamConsumerOptions } from "./stream-consumer.js";

const log = createLog("test", { level: "silent" });
const BOOT = 1_763_639_000;
const DESK = { domain: "env", node: "desk" };
const TEMPERATURE = { ...DESK, sensor: "temperature" };

/** A link without a network: what is published can be looked at, and answered. */
class FakeLink implements MqttLink {
  connected = false;
  readonly url = "mqtt://fake:1883";
  readonly published: { topic: string; payload: string }[] = [];
  filters: readonly string[] = [];
  /** What a node does with a command. */
  node: (topic: string, payload: string) => void = () => {};
  readonly #onConnect: ((n: number) => void)[] = [];
  readonly #onDisconnect: ((reason: string) => void)[] = [];
  readonly #onMessage: MessageHandler[] = [];

  start(): void {
    this.connect();
  }
  connect(): void {
    this.connected = true;
    for (const handler of this.#onConnect) handler(1);
  }
  disconnect(): void {
    this.connected = false;
    for (const handler of this.#onDisconnect) handler("gone");
  }
  onConnect(handler: (n: number) => void) {
    this.#onConnect.push(handler);
    return () => {};
  }
  onDisconnect(handler: (reason: string) => void) {
    this.#onDisconnect.push(handler);
    return () => {};
  }
  onMessage(handler: MessageHandler) {
    this.#onMessage.push(handler);
    return () => {};
  }
  async publish(topic: string, payload: string | Buffer): Promise<void> {
    if (!this.connected) throw new NotConnectedError();
    this.published.push({ topic, payload: payload.toString() });
    this.node(topic, payload.toString());
  }
  async subscribe(filters: readonly string[]): Promise<void> {
    this.filters = filters;
  }
  async close(): Promise<void> {
    this.connected = false;
  }
  /** A message from the broker. */
  send(topic: string, payload: string, retain = false): void {
    for (const handler of this.#onMessage)
      handler(topic, Buffer.from(payload), { retain, dup: false, qos: 1 });
  }
  commands(name: string): { id: string; args: unknown }[] {
    return this.published
      .filter(({ topic }) => topic.endsWith(`/cmd/${name}`))
      .map(({ payload }) => JSON.parse(payload) as { id: string; args: unknown });
  }
}

const reading = (seq: number, over: object = {}) =>
  encodeReading({
    node: "desk",
    sensor: "temperature",
    value: 20 + seq / 100,
    unit: "Cel",
    timestamp: Date.now(),
    boot: BOOT,
    seq,
    ...over,
  });
const birth: Birth = { ...DESK, boot: BOOT, version: "1", host: "desk", startedAt: 1, sensors: [] };
const account = (lastSeq: number, over: Partial<SensorAccount> = {}): SensorAccount => ({
  read: lastSeq,
  suppressed: 0,
  lastSeq,
  dropped: [],
  held: [],
  keptFrom: 1,
  ...over,
});
const stats = (
  lastSeq: number,
  over: Partial<SensorAccount> = {},
  previous: Stats["previous"] = [],
  boot = BOOT,
) =>
  encodeStats({
    boot,
    timestamp: Date.now(),
    sensors: { temperature: { ...account(lastSeq, over), bad: 0, state: "ok" } },
    log: { bytes: 0, oldest: null },
    previous,
  });
const status = (state: "online" | "offline", conn: number, boot = BOOT) =>
  encodeStatus({ state, boot, conn, timestamp: Date.now() });
const event = (over: Partial<AlarmEvent>) =>
  encodeEvent({
    node: "desk",
    sensor: "temperature",
    rule: "too-hot",
    state: "raised",
    severity: "warning",
    value: 31,
    unit: "Cel",
    timestamp: Date.now(),
    since: Date.now(),
    boot: BOOT,
    seq: 1,
    message: "hot",
    ...over,
  });

const RAW = buildTopic({ kind: "raw", ...TEMPERATURE });
const BIRTH = buildTopic({ kind: "birth", ...DESK });
const STATUS = buildTopic({ kind: "status", ...DESK });
const STATS = buildTopic({ kind: "stats", ...DESK });
const EVENT = buildTopic({ kind: "event", ...TEMPERATURE, rule: "too-hot" });

describe("a stream consumer", () => {
  let link: FakeLink;
  let consumer: StreamConsumer;
  let arrived: ArrivedReading[];

  const begin = (options: Partial<StreamConsumerOptions> = {}) => {
    link = new FakeLink();
    arrived = [];
    const onReading = (one: ArrivedReading) => arrived.push(one);
    consumer = createStreamConsumer({
      links: [link],
      by: "test",
      log,
      measureClocks: false,
      onReading,
      ...options,
    });
    consumer.start();
  };
  const online = () => {
    link.send(STATUS, status("online", 1));
    link.send(BIRTH, encodeBirth(birth));
  };
  const seqs = () => arrived.map(({ reading: { seq } }) => seq);

  beforeEach(() => {
    vi.useFakeTimers({ now: 1_763_640_000_000 });
    begin();
  });
  afterEach(async () => {
    await consumer.close();
    vi.useRealTimers();
  });

  it("subscribes to readings, alarms, nodes, acknowledgements and replies", () => {
    expect(link.filters).toEqual(
      expect.arrayContaining([
        "+/+/+/raw",
        "+/+/raw",
        "+/event/#",
        "+/+/birth",
        "+/+/status",
        "+/+/stats",
        "+/+/cmd/+/reply",
      ]),
    );
  });

  it("passes each reading on once, and tells of those that came again", async () => {
    await consumer.close();
    const again: [string, number][] = [];
    begin({ onDuplicate: ({ name }, at) => again.push([name, at]) });
    for (const seq of [1, 2, 2, 1, 3]) link.send(RAW, reading(seq));
    expect(seqs()).toEqual([1, 2, 3]);
    expect(again).toEqual([1, 2].map(() => ["env_desk_temperature", Date.now()]));
    expect(arrived[0]).toMatchObject({ name: "env_desk_temperature", accounted: true, outOfOrder: false });
  });

  it("asks for a gap after its grace, once, and no more when it is filled", async () => {
    online();
    link.send(STATS, stats(0));
    for (const seq of [1, 2, 6]) link.send(RAW, reading(seq));
    await vi.advanceTimersByTimeAsync(1_900);
    expect(link.commands("resend")).toEqual([]);
    await vi.advanceTimersByTimeAsync(600);
    expect(link.commands("resend")).toMatchObject([
      { args: { sensor: "temperature", boot: BOOT, from: 3, to: 5 } },
    ]);
    for (const seq of [3, 4, 5]) link.send(RAW, reading(seq, { backfill: true }));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(link.commands("resend")).toHaveLength(1);
    expect(consumer.audit()).toMatchObject([{ stored: 6, unknown: 0, duplicates: 0 }]);
  });

  it("gives up by name what the node says is gone, and waits for what it holds", async () => {
    online();
    link.node = (topic, payload) => {
      const { id } = JSON.parse(payload) as { id: string };
      const gone: [number, number, string][] = [[2, 3, "expired"]];
      link.send(`${topic}/reply`, encodeReply({ id, ok: true, result: { sent: 0, held: [[4, 5]], gone } }));
    };
    link.send(STATS, stats(0));
    for (const seq of [1, 6]) link.send(RAW, reading(seq));
    await vi.advanceTimersByTimeAsync(3_000);
    expect(consumer.audit()).toMatchObject([
      { stored: 2, dropped: 2, droppedBy: { expired: 2 }, held: 2, unknown: 0 },
    ]);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(link.commands("resend")).toHaveLength(1);
  });

  it("tells what it asks for before it asks, and the answer when its ledger has it", async () => {
    await consumer.close();
    const told: unknown[] = [];
    begin({
      onAsked: ({ name }, asked) => told.push([name, asked, link.commands("resend").length]),
      onAnswered: ({ ledger }, boot, { gone }) => told.push([boot, gone, ledger.terms()[0]?.dropped]),
    });
    online();
    link.node = (topic, payload) => {
      const { id } = JSON.parse(payload) as { id: string };
      const result = { sent: 0, held: [], gone: [[2, 3, "expired"]] };
      link.send(`${topic}/reply`, encodeReply({ id, ok: true, result }));
    };
    link.send(STATS, stats(0));
    for (const seq of [1, 4]) link.send(RAW, reading(seq));
    await vi.advanceTimersByTimeAsync(3_000);
    expect(told).toEqual([
      ["env_desk_temperature", { boot: BOOT, from: 2, to: 3 }, 0],
      [BOOT, [[2, 3, "expired"]], 2],
    ]);
  });

  it("does not ask for what is held, and asks when it no longer is", async () => {
    online();
    link.send(STATS, stats(10, { held: [[1, 10]] }));
    await vi.advanceTimersByTimeAsync(9_000);
    expect(link.commands("resend")).toEqual([]);
    link.send(STATS, stats(10));
    await vi.advanceTimersByTimeAsync(3_000);
    expect(link.commands("resend")).toMatchObject([{ args: { from: 1, to: 10 } }]);
  });

  it("asks a node that does not answer ever more rarely, one request at a time", async () => {
    online();
    link.send(STATS, stats(0));
    for (const seq of [1, 3, 5, 7]) link.send(RAW, reading(seq));
    await vi.advanceTimersByTimeAsync(9_000);
    expect(link.commands("resend")).toHaveLength(1);
    for (let half = 0; half < 20; half++) {
      link.send(STATUS, status("online", 1)); // it is there, but says nothing of this
      await vi.advanceTimersByTimeAsync(30_000);
    }
    const asked = link.commands("resend").length;
    expect(asked).toBeGreaterThan(3);
    expect(asked).toBeLessThanOrEqual(12); // in ten minutes: each waits 60 s for its answer
  });

  it("asks again at once when the connection broke before the answer came", async () => {
    online();
    link.send(STATS, stats(4));
    await vi.advanceTimersByTimeAsync(3_000);
    expect(link.commands("resend")).toHaveLength(1); // and no answer
    link.disconnect();
    await vi.advanceTimersByTimeAsync(100);
    link.connect();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(link.commands("resend")).toHaveLength(2);
  });

  it("asks a node that comes back as if it had never been silent", async () => {
    online();
    link.send(STATS, stats(4));
    await vi.advanceTimersByTimeAsync(300_000);
    const before = link.commands("resend").length; // its waits have grown to a minute
    link.send(STATUS, status("online", 2));
    await vi.advanceTimersByTimeAsync(3_000);
    expect(link.commands("resend")).toHaveLength(before + 1);
  });

  it("asks for a long gap in parts, one behind the other", async () => {
    online();
    link.send(STATS, stats(0));
    link.node = (topic, payload) => {
      const { id, args } = JSON.parse(payload) as { id: string; args: { from: number; to: number } };
      for (let seq = args.from; seq <= args.to; seq++) link.send(RAW, reading(seq, { backfill: true }));
      const result = { sent: args.to - args.from + 1, held: [], gone: [] };
      link.send(`${topic}/reply`, encodeReply({ id, ok: true, result }));
    };
    for (const seq of [1, 5_002]) link.send(RAW, reading(seq));
    await vi.advanceTimersByTimeAsync(4_000);
    expect(link.commands("resend").map(({ args }) => args)).toMatchObject([
      { from: 2, to: 2_001 },
      { from: 2_002, to: 4_001 },
      { from: 4_002, to: 5_001 },
    ]);
    expect(consumer.audit()).toMatchObject([{ stored: 5_002, unknown: 0, duplicates: 0 }]);
  });

  it("does not ask a node that is offline", async () => {
    online();
    link.send(STATS, stats(0));
    link.send(STATUS, status("offline", 1));
    for (const seq of [1, 3]) link.send(RAW, reading(seq));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(link.commands("resend")).toEqual([]);
  });

  it("counts from retained stats when it joins a node that runs", async () => {
    link.send(STATUS, status("online", 1), true);
    link.send(STATS, stats(5_000), true);
    link.send(RAW, reading(5_001));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(link.commands("resend")).toEqual([]);
    expect(consumer.audit()).toMatchObject([{ countedFrom: 5_001, stored: 1 }]);
  });

  it("counts from what it sees itself when it may not ask", async () => {
    await consumer.close();
    begin({ resend: false });
    link.send(STATUS, status("online", 1), true);
    link.send(STATS, stats(5_000), true);
    link.send(RAW, reading(5_040)); // what came since those stats was before this consumer
    link.send(STATS, stats(5_041));
    link.send(RAW, reading(5_041));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(link.commands("resend")).toEqual([]);
    expect(consumer.audit()).toMatchObject([{ countedFrom: 5_040, stored: 2, unknown: 0, ok: true }]);
  });

  it("counts a node that begins before its eyes from 1", async () => {
    online();
    link.send(STATS, stats(7));
    link.send(RAW, reading(8));
    await vi.advanceTimersByTimeAsync(3_000);
    expect(consumer.audit()).toMatchObject([{ countedFrom: 1, unknown: 7 }]);
    expect(link.commands("resend")).toMatchObject([{ args: { from: 1, to: 7 } }]);
  });

  it("keeps the account of an earlier boot beside that of the present one", () => {
    online();
    link.send(STATS, stats(3));
    for (const seq of [1, 2, 3]) link.send(RAW, reading(seq));
    link.send(STATUS, status("online", 1, BOOT + 9));
    link.send(STATS, stats(0, {}, [{ boot: BOOT, sensors: { temperature: account(3) } }], BOOT + 9));
    link.send(RAW, reading(1, { boot: BOOT + 9 }));
    expect(consumer.audit()).toMatchObject([
      { boot: BOOT + 9, current: true, stored: 1, countedFrom: 1 },
      { boot: BOOT, current: false, stored: 3, ok: true },
    ]);
  });

  it("goes on counting after a restart of its own", async () => {
    online();
    link.send(STATS, stats(0));
    for (const seq of [1, 2]) link.send(RAW, reading(seq));
    link.send(EVENT, event({}));
    const state = JSON.parse(JSON.stringify(consumer.save()));
    await consumer.close();
    begin({ state });
    expect([...consumer.alarms()]).toMatchObject([{ event: { rule: "too-hot", state: "raised" } }]);
    link.send(STATUS, status("online", 1), true);
    for (const seq of [2, 5]) link.send(RAW, reading(seq));
    expect(seqs()).toEqual([5]);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(link.commands("resend")).toMatchObject([{ args: { from: 3, to: 4 } }]);
  });

  it("refuses a state that a newer program wrote", () => {
    const state = { v: 2, nodes: [], alarms: [] } as unknown as NonNullable<StreamConsumerOptions["state"]>;
    expect(() => createStreamConsumer({ links: [], by: "test", log, state })).toThrow(/version 2/);
  });

  it("ignores the will of a connection that has been replaced", () => {
    link.send(STATUS, status("online", 2));
    link.send(STATUS, status("offline", 1));
    expect(consumer.node("env", "desk")?.presence.presence).toBe("online");
    link.send(STATUS, status("offline", 2));
    expect(consumer.node("env", "desk")?.presence.presence).toBe("offline");
  });

  it("notices silence, and its end", async () => {
    const changes: string[] = [];
    await consumer.close();
    begin({ onNode: ({ presence }, change) => change === "presence" && changes.push(presence.presence) });
    online();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(changes).toEqual(["online", "silent"]);
    link.send(STATS, stats(1));
    expect(changes.at(-1)).toBe("online");
  });

  it("accuses nobody of silence while it hears no broker itself", async () => {
    online();
    link.disconnect();
    await vi.advanceTimersByTimeAsync(300_000);
    expect(consumer.node("env", "desk")?.presence.presence).toBe("online");
    link.connect();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(consumer.node("env", "desk")?.presence.presence).toBe("online");
    await vi.advanceTimersByTimeAsync(6_000);
    expect(consumer.node("env", "desk")?.presence.presence).toBe("silent");
  });

  it("takes forms without accounting, but never for a node that has a birth", () => {
    link.send(RAW, "21.5");
    expect(arrived).toMatchObject([{ accounted: false, reading: { boot: 0, value: 21.5 } }]);
    expect(consumer.node("env", "desk")?.legacy).toBe(true);
    online();
    expect(consumer.stream(TEMPERATURE)).toBeUndefined();
    link.send(RAW, "99");
    expect(arrived).toHaveLength(1);
    expect(consumer.dropped.byCause).toEqual({ unaccounted: 1 });
  });

  it("drops and counts what it cannot take, by topic and cause, within its bound", async () => {
    await consumer.close();
    const dropped = vi.fn();
    begin({ limits: { droppedTopics: 3, nodes: 2 }, onDropped: dropped });
    for (let n = 0; n < 10; n++) link.send(`env/desk/s-${n}/raw`, "no json");
    link.send("env/desk/s-9/raw", "no json");
    for (let n = 0; n < 5; n++) link.send(`env/n-${n}/a/raw`, "1");
    expect(consumer.dropped.total).toBe(14);
    expect(consumer.dropped.byCause).toEqual({ json: 11, limit: 3 });
    expect(consumer.dropped.recent()).toHaveLength(3);
    expect(consumer.dropped.recent()[0]).toMatchObject({ topic: "env/n-4/a/raw", cause: "limit", count: 1 });
    expect(dropped).toHaveBeenCalledTimes(14);
  });

  it("says of each event whether it is the present state of its alarm", async () => {
    await consumer.close();
    const orders: string[] = [];
    begin({ onEvent: ({ order, event: { seq } }) => orders.push(`${seq} ${order}`) });
    link.send(EVENT, event({ seq: 3 }));
    link.send(EVENT, event({ seq: 3 }), true);
    link.send(EVENT, event({ seq: 2, backfill: true }));
    link.send(EVENT, event({ seq: 4, state: "cleared" }));
    expect(orders).toEqual(["3 newest", "3 same", "2 older", "4 newest"]);
  });

  it("ends an alarm of the older form after a minute, and one whose topic is emptied", async () => {
    await consumer.close();
    const ended: string[] = [];
    begin({ onEventEnded: ({ event: { rule } }, why) => ended.push(`${rule} ${why}`) });
    link.send("env/event/poorair", '{"sensor":"airquality","value":1800}');
    link.send(EVENT, event({}));
    link.send(EVENT, "", true);
    await vi.advanceTimersByTimeAsync(61_000);
    expect(ended).toEqual(["too-hot removed", "poorair expired"]);
  });

  it("speaks to a node through the broker that it is at", async () => {
    const left = new FakeLink();
    await consumer.close();
    link = new FakeLink();
    consumer = createStreamConsumer({ links: [left, link], by: "test", log, measureClocks: false });
    consumer.start();
    link.send(STATUS, status("online", 7), true);
    left.send(STATUS, status("online", 3), true);
    left.send(BIRTH, encodeBirth(birth), true);
    expect(consumer.node("env", "desk")?.link).toBe(1);
    consumer.request({ ...DESK, name: "time" }, {}).catch(() => undefined); // nobody answers here
    expect([left.commands("time"), link.commands("time")].map((sent) => sent.length)).toEqual([0, 1]);
  });

  it("forgets a node whose birth is emptied", () => {
    online();
    link.send(RAW, reading(1));
    link.send(BIRTH, "", true);
    expect(consumer.nodes.size).toBe(0);
    link.send(STATUS, "", true);
    expect(consumer.nodes.size).toBe(0);
  });

  it("takes the clock's offset out of a node's times", async () => {
    await consumer.close();
    begin({ measureClocks: true });
    const AHEAD_MS = 3_600_000;
    link.node = (topic, payload) => {
      if (!topic.endsWith("/time")) return;
      const { id } = JSON.parse(payload) as { id: string };
      const at = Date.now() + AHEAD_MS;
      link.send(`${topic}/reply`, encodeReply({ id, ok: true, result: { receivedAt: at, sentAt: at } }));
    };
    online();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(consumer.node("env", "desk")?.clockOffset?.offsetMs).toBeCloseTo(AHEAD_MS, -2);
    link.send(RAW, reading(1, { timestamp: Date.now() + AHEAD_MS }));
    expect(arrived.at(-1)?.clockOffsetMs).toBeCloseTo(AHEAD_MS, -2);
  });

  it("matches replies to requests, and says what a node refuses or does not answer", async () => {
    online();
    link.node = (topic, payload) => {
      const { id } = JSON.parse(payload) as { id: string };
      if (topic.endsWith("/read-now"))
        link.send(`${topic}/reply`, encodeReply({ id, ok: true, result: { sensors: ["a"] } }));
      if (topic.endsWith("/simulate")) {
        const error = { code: "not_simulated", message: "no simulated sensor here", field: "args.sensor" };
        link.send(`${topic}/reply`, encodeReply({ id, ok: false, error }));
      }
      // An answer of another node, or to another command, is not one.
      link.send("env/other/cmd/time/reply", encodeReply({ id, ok: true, result: 0 }));
    };
    await expect(consumer.request({ ...DESK, name: "read-now" }, {})).resolves.toEqual({ sensors: ["a"] });
    await expect(consumer.request({ ...DESK, name: "simulate" }, {})).rejects.toMatchObject({
      code: "not_simulated",
      field: "args.sensor",
    });
    const unanswered = expect(consumer.request({ ...DESK, name: "time" }, {}, 500)).rejects.toMatchObject({
      code: "request_timeout",
    });
    await vi.advanceTimersByTimeAsync(600);
    await unanswered;
    link.disconnect();
    await expect(consumer.request({ ...DESK, name: "time" }, {})).rejects.toMatchObject({
      code: "mqtt_not_connected",
    });
  });

  it("keeps the requests that wait within their bound", async () => {
    await consumer.close();
    begin({ limits: { requests: 2 } });
    online();
    const waiting = [1, 2].map(() =>
      consumer.request({ ...DESK, name: "time" }, {}).catch((error: unknown) => error),
    );
    await expect(consumer.request({ ...DESK, name: "time" }, {})).rejects.toMatchObject({
      code: "too_many_requests",
    });
    await consumer.close();
    for (const error of await Promise.all(waiting)) expect(error).toMatchObject({ code: "consumer_closed" });
  });
});

describe("on real brokers", () => {
  const closers: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function broker(): Promise<string> {
    const aedes = await Aedes.createBroker();
    const server = createServer((socket) => {
      aedes.handle(socket);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("not listening");
    closers.push(
      () => new Promise((resolve) => server.close(resolve)),
      () => new Promise<void>((resolve) => aedes.close(resolve)),
    );
    return `mqtt://127.0.0.1:${address.port}`;
  }

  async function node(url: string, name: string): Promise<MqttLink> {
    const link = createMqttLink({ urls: [url], clientId: `fm_env_${name}`, log });
    closers.push(() => link.close());
    const connected = new Promise<void>((resolve) => link.onConnect(() => resolve()));
    await link.subscribe([`env/${name}/cmd/+`]);
    link.start();
    await connected;
    return link;
  }

  it("gathers the nodes of several, and gets from one what it missed", async () => {
    const urls = await Promise.all([broker(), broker()]);
    const links = urls.map((url, n) => createMqttLink({ urls: [url], clientId: `consumer-${n}`, log }));
    const stored: string[] = [];
    const consumer = createStreamConsumer({
      links,
      by: "test",
      log,
      graceMs: 50,
      onReading: ({ name, reading: { seq } }) => stored.push(`${name} ${seq}`),
    });
    closers.push(() => consumer.close());
    consumer.start();
    await vi.waitFor(() => expect(consumer.listening().every((since) => since !== null)).toBe(true));

    for (const [n, url] of urls.entries()) {
      const name = `node-${n}`;
      const link = await node(url, name);
      const of = { domain: "env", node: name, sensor: "temperature" };
      const send = (seq: number, over = {}) =>
        link.publish(buildTopic({ kind: "raw", ...of }), reading(seq, { node: name, ...over }));
      link.onMessage((topic, payload) => {
        const parsed = parseMessage(topic, payload, { now: Date.now(), retain: false });
        if (!parsed.ok || parsed.value.kind !== "command" || parsed.value.name !== "resend") return;
        const { command } = parsed.value;
        const { from, to } = command.args as { from: number; to: number };
        for (let seq = from; seq <= to; seq++) void send(seq, { backfill: true });
        const result = { sent: to - from + 1, held: [], gone: [] };
        void link.publish(`${topic}/reply`, encodeReply({ id: command.id, ok: true, result }));
      });
      await link.publish(`env/${name}/status`, status("online", 1), { retain: true });
      await link.publish(`env/${name}/stats`, stats(0), { retain: true });
      for (const seq of [1, 4]) await send(seq);
      await link.publish(`env/${name}/stats`, stats(4), { retain: true });
    }
    await vi.waitFor(
      () => expect(consumer.audit().filter((row) => row.ok && row.stored === 4)).toHaveLength(2),
      10_000,
    );
    expect(stored).toHaveLength(8);
    expect([...consumer.nodes.values()].map(({ link }) => link).sort((a, b) => a - b)).toEqual([0, 1]);
  });
});
