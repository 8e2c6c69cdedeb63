// Each limit refuses in the way that docs/broker.md says, and is counted.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { formatPasswordFile } from "./access/password-file.js";
import { hashPassword } from "./access/password-hash.js";
import { type Broker, startBroker } from "./broker.js";
import { connectPacket, RawClient, TestClient } from "./contract/test-client.js";
import type { Limits } from "./limits.js";
import { SILENT_LOG } from "./log.js";

const open = (limits: Partial<Limits> = {}): Promise<Broker> => startBroker({ port: 0 }, { limits });
const url = (broker: Broker): string => `mqtt://127.0.0.1:${broker.port}`;

describe("limits refuse clearly and are counted", () => {
  test("clients: CONNACK 3", async () => {
    await using broker = await open({ clients: 1 });
    await using _first = await TestClient.connect(url(broker));
    await expect(TestClient.connect(url(broker))).rejects.toMatchObject({ code: 3 });
    expect(broker.drops["client-limit"]).toBe(1);
  });

  test("connections: closed at once", async () => {
    await using broker = await open({ connections: 1 });
    await using _first = await TestClient.connect(url(broker));
    using second = new RawClient(broker.port);
    await second.closed;
    expect(broker.drops["client-limit"]).toBe(1);
  });

  test("connections of one address in a minute: closed at once", async () => {
    await using broker = await open({ connectsPerMinute: 2, exemptLoopback: false });
    for (let i = 0; i < 2; i++) await (await TestClient.connect(url(broker))).end();
    using third = new RawClient(broker.port);
    await third.closed;
    expect(broker.drops["connect-rate"]).toBe(1);
  });

  test("wrong passwords of one address: it waits, with CONNACK 3, for the right one too", async () => {
    const folder = await mkdtemp(join(tmpdir(), "fieldmesh-broker-"));
    const passwordFile = join(folder, "passwords");
    await writeFile(passwordFile, formatPasswordFile([{ user: "a", encoded: await hashPassword("s") }]));
    const limits = { freeFailedSignIns: 3, exemptLoopback: false };
    await using broker = await startBroker({ port: 0, passwordFile }, { limits });
    const right = { username: "a", password: "s" };
    const wrong = (): Promise<unknown> =>
      TestClient.connect(url(broker), { ...right, password: "guess" }).then(
        () => "in",
        (error: { code?: number }) => error.code,
      );
    await (await TestClient.connect(url(broker), right)).end();
    const answers = await Promise.all(Array.from({ length: 20 }, wrong));
    expect(answers.filter((code) => code === 3).length).toBeGreaterThan(0);
    expect(answers).not.toContain("in");
    await expect(TestClient.connect(url(broker), right)).rejects.toMatchObject({ code: 3 });
    expect(broker.drops["sign-in-limit"]).toBeGreaterThan(0);
    await rm(folder, { recursive: true });
  });

  test("sessions: CONNACK 3 for one more, none for one that is known", async () => {
    await using broker = await open({ sessions: 1 });
    await (await TestClient.connect(url(broker), { clientId: "a", clean: false })).end();
    await expect(TestClient.connect(url(broker), { clientId: "b", clean: false })).rejects.toMatchObject({
      code: 3,
    });
    await (await TestClient.connect(url(broker), { clientId: "a", clean: false })).end();
  });

  test("time that a client with a session may be away: its session is ended, and said", async () => {
    const warnings: object[] = [];
    const log = { ...SILENT_LOG, warn: (fields: object) => void warnings.push(fields) };
    await using broker = await startBroker(
      { port: 0, limits: { sessionExpiryMs: 300 } },
      { log, sysIntervalMs: 50 },
    );
    await using stays = await TestClient.connect(url(broker), { clientId: "stays", clean: false });
    await stays.subscribe(["gone", "$SYS/broker/clients/expired"], 1);
    const leaves = await TestClient.connect(url(broker), { clientId: "leaves", clean: false });
    await leaves.subscribe("gone", 1);
    await leaves.end();
    await stays.publish("gone", "m", { qos: 1 });
    await stays.until((seen) =>
      seen.some(({ topic, payload }) => topic.startsWith("$SYS") && payload === "1"),
    );
    expect(broker.drops["session-expired"]).toBe(1);
    expect(warnings).toContainEqual(expect.objectContaining({ clientId: "leaves", messages: 1 }));
    await using again = await TestClient.connect(url(broker), { clientId: "leaves", clean: false });
    expect(again.sessionPresent).toBe(false);
  });

  test.each([true, false])("subscriptions per client (clean session %s): SUBACK 0x80", async (clean) => {
    await using broker = await open({ subscriptionsPerClient: 2 });
    await using client = await TestClient.connect(url(broker), { clientId: "s", clean });
    expect(await client.subscribe("a")).toEqual([0]);
    expect(await client.subscribe("b")).toEqual([0]);
    expect(await client.subscribe("c")).toEqual([128]);
    expect(await client.subscribe("b", 1)).toEqual([1]);
    expect(broker.drops["subscription-limit"]).toBe(1);
  });

  test("levels of a filter: 0x80; of a topic: the connection ends", async () => {
    await using broker = await open({ topicLevels: 3 });
    await using client = await TestClient.connect(url(broker));
    expect(await client.subscribe("a/b/c/#")).toEqual([128]);
    client.publish("a/b/c/d", "x").catch(() => undefined);
    await client.closed;
    expect(broker.drops["topic-levels"]).toBe(2);
  });

  test("retained messages: the next topic is delivered, not kept", async () => {
    await using broker = await open({ retainedMessages: 0 });
    await using client = await TestClient.connect(url(broker));
    await client.subscribe("r", 1);
    await client.publish("r", "x", { qos: 1, retain: true });
    await client.until((seen) => seen.length === 1);
    expect(broker.drops["retained-limit"]).toBeGreaterThan(0);
  });

  test("no CONNECT in time: the connection ends", async () => {
    await using broker = await open({ connectTimeoutMs: 100 });
    using raw = new RawClient(broker.port);
    await raw.closed;
    expect(broker.drops["connect-refused"]).toBe(1);
  });

  test("the queue of a session that is away: bounded, counted, and said once", async () => {
    await using broker = await open({ queuedMessages: 10 });
    const session = { clientId: "away", clean: false };
    const first = await TestClient.connect(url(broker), session);
    await first.subscribe("q", 1);
    await first.end();
    await using publisher = await TestClient.connect(url(broker));
    for (let i = 0; i < 25; i++) await publisher.publish("q", String(i), { qos: 1 });
    await using again = await TestClient.connect(url(broker), session);
    await publisher.publish("q", "live", { qos: 1 });
    await again.until((seen) => seen.length === 11);
    expect(again.seen.map(({ payload }) => payload)).toEqual([
      ...Array.from({ length: 10 }, (_, i) => String(i)),
      "live",
    ]);
    expect(broker.drops["session-queue"]).toBe(15);
  });
});

test("more retained messages than a session may hold come as they are acknowledged", async () => {
  await using broker = await open({ queuedMessages: 10 });
  await using publisher = await TestClient.connect(url(broker));
  const topics = Array.from({ length: 100 }, (_, i) => `many/${i}`);
  for (const topic of topics) await publisher.publish(topic, "m", { qos: 1, retain: true });
  await using client = await TestClient.connect(url(broker), { clientId: "s", clean: false });
  await client.subscribe("many/+", 1);
  await client.until((seen) => seen.length === topics.length);
  expect(client.seen.map(({ topic }) => topic).sort()).toEqual([...topics].sort());
  expect(broker.drops["session-queue"]).toBe(0);
});

test("retained messages that a connection's end cut off come on the next one", async () => {
  await using broker = await open({ queuedMessages: 10 });
  await using publisher = await TestClient.connect(url(broker));
  const topics = Array.from({ length: 50 }, (_, i) => `cut/${i}`);
  for (const topic of topics) await publisher.publish(topic, "m", { qos: 1, retain: true });
  using first = new RawClient(broker.port);
  const subscriptions = [{ topic: "cut/+", qos: 1 as const }];
  first.send(connectPacket("s", { clean: false }), { cmd: "subscribe", messageId: 1, subscriptions });
  await first.bytes(4 + 5 + 12); // the first of them; without an acknowledgement only some follow
  first.socket.end();
  await first.closed;
  await using again = await TestClient.connect(url(broker), { clientId: "s", clean: false });
  await again.until((seen) => new Set(seen.map(({ topic }) => topic)).size === topics.length);
});
