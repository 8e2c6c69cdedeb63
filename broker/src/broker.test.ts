import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { EnvironmentError } from "@fieldmesh/runtime";
import { describe, expect, test, vi } from "vitest";
import { formatPasswordFile } from "./access/password-file.js";
import { hashPassword } from "./access/password-hash.js";
import { type Broker, startBroker } from "./broker.js";
import { readBrokerConfig } from "./config.js";
import { makeCertificates } from "./contract/test-certificates.js";
import { connectPacket, RawClient, TestClient } from "./contract/test-client.js";
import { DEFAULT_LIMITS, type Limits } from "./limits.js";
import { SILENT_LOG } from "./log.js";

const open = (limits: Partial<Limits> = {}): Promise<Broker> => startBroker({ port: 0 }, { limits });
const url = (broker: Broker): string => `mqtt://127.0.0.1:${broker.port}`;

describe("start", () => {
  test("reads its configuration from the environment", () => {
    const config = readBrokerConfig({ HOST: "127.0.0.2", MQTT_PORT: "1884", ALLOWED_HOSTS: "a.example" });
    expect(config).toMatchObject({
      host: "127.0.0.2",
      port: 1884,
      tlsPort: 8883,
      wsPort: 9001,
      allowedHosts: ["a.example"],
    });
    expect(() => readBrokerConfig({ MQTT_PORT: "many" })).toThrow(EnvironmentError);
  });

  test("reads its limits from the environment, which may not contradict one another", () => {
    const { limits } = readBrokerConfig({
      MQTT_MAX_CLIENTS: "100",
      MQTT_MAX_PACKET: "64KiB",
      MQTT_QUEUE_WAIT: "128KiB",
      MQTT_QUEUE_MAX: "1MiB",
      MQTT_SESSION_MESSAGES: "500",
      MQTT_SESSION_EXPIRY: "12h",
    });
    expect(limits).toEqual({
      clients: 100,
      connections: 120,
      sessions: 200,
      packetBytes: 65_536,
      softQueueBytes: 131_072,
      hardQueueBytes: 1_048_576,
      queuedMessages: 500,
      sessionExpiryMs: 43_200_000,
    });
    expect(DEFAULT_LIMITS).toMatchObject(readBrokerConfig({}).limits);
    expect(() => readBrokerConfig({ MQTT_MAX_PACKET: "16MiB" })).toThrow(/MQTT_QUEUE_MAX/);
  });

  test.each([
    [(port: number) => ({ port }), "MQTT_PORT"],
    [(port: number) => ({ port: 0, wsPort: port }), "MQTT_WS_PORT"],
  ])(
    "a taken port is refused with the variable that changes it, and nothing stays open",
    async (config, variable) => {
      await using first = await open();
      await expect(startBroker(config(first.port))).rejects.toThrow(variable);
    },
  );

  test("HOST beyond loopback without passwords is refused", async () => {
    await expect(startBroker({ host: "0.0.0.0", port: 0 })).rejects.toThrow("PASSWORD_FILE");
    await expect(startBroker({ host: "0.0.0.0", port: 0, aclFile: "acl" })).rejects.toThrow("PASSWORD_FILE");
  });

  test("a file that is missing or broken is refused by name", async () => {
    await expect(startBroker({ port: 0, passwordFile: "/nowhere/passwords" })).rejects.toThrow(
      "/nowhere/passwords",
    );
    await expect(startBroker({ port: 0, tlsCert: "/nowhere/cert.pem" })).rejects.toThrow("TLS_KEY");
  });

  test("beyond loopback everyone signs in, and ALSO on this machine", async () => {
    const folder = await mkdtemp(join(tmpdir(), "fieldmesh-broker-"));
    const passwordFile = join(folder, "passwords");
    await writeFile(passwordFile, formatPasswordFile([{ user: "a", encoded: await hashPassword("s") }]));
    await using broker = await startBroker({ host: "0.0.0.0", port: 0, passwordFile });
    const address =
      Object.values(networkInterfaces())
        .flat()
        .find((each) => each?.family === "IPv4")?.address ?? "127.0.0.1";
    await expect(TestClient.connect(`mqtt://${address}:${broker.port}`)).rejects.toMatchObject({ code: 5 });
    await expect(TestClient.connect(url(broker))).rejects.toMatchObject({ code: 5 });
    await (
      await TestClient.connect(`mqtt://${address}:${broker.port}`, { username: "a", password: "s" })
    ).end();
    await rm(folder, { recursive: true });
  });
});

describe("with a certificate, beyond loopback", () => {
  test("MQTT without TLS is for this machine only, unless it is asked for; TLS is for all", async () => {
    const folder = await mkdtemp(join(tmpdir(), "fieldmesh-broker-"));
    const passwordFile = join(folder, "passwords");
    await writeFile(passwordFile, formatPasswordFile([{ user: "a", encoded: await hashPassword("s") }]));
    const { ca, cert, key } = await makeCertificates(folder);
    const config = {
      host: "0.0.0.0",
      port: 0,
      tlsPort: 0,
      wsPort: 0,
      passwordFile,
      tlsCert: cert,
      tlsKey: key,
    };
    // 127.0.0.2 is an address that 0.0.0.0 takes and 127.0.0.1 does not: as that of the network would be.
    const signedIn = { username: "a", password: "s" };
    const said: object[] = [];
    const ignore = (): void => {};
    const log = {
      debug: ignore,
      info: (fields: object) => void said.push(fields),
      warn: ignore,
      error: ignore,
    };
    await using broker = await startBroker(config, { log });
    await (await TestClient.connect(url(broker), signedIn)).end();
    await expect(TestClient.connect(`mqtt://127.0.0.2:${broker.port}`, signedIn)).rejects.toThrow(
      "ECONNREFUSED",
    );
    const tls = { ...signedIn, ca: await readFile(ca), servername: "localhost" };
    await (await TestClient.connect(`mqtts://127.0.0.2:${broker.tlsPort}`, tls)).end();
    expect(said).toContainEqual(expect.objectContaining({ host: "0.0.0.0", plainHost: "127.0.0.1" }));

    await using open = await startBroker({ ...config, plainHost: "0.0.0.0" });
    await (await TestClient.connect(`mqtt://127.0.0.2:${open.port}`, signedIn)).end();
    await rm(folder, { recursive: true });
  });

  test("MQTT_PLAIN_HOST alone beyond loopback wants passwords too", async () => {
    await expect(startBroker({ plainHost: "0.0.0.0", port: 0 })).rejects.toThrow("MQTT_PLAIN_HOST 0.0.0.0");
  });
});

describe("files that change", () => {
  test("a broken file keeps the rules of before and is logged with its line; mended, it is used", async () => {
    const folder = await mkdtemp(join(tmpdir(), "fieldmesh-broker-"));
    const passwordFile = join(folder, "passwords");
    const encoded = await hashPassword("s");
    const replace = async (text: string): Promise<void> => {
      await writeFile(`${passwordFile}.new`, text);
      await rename(`${passwordFile}.new`, passwordFile);
    };
    await replace(`a:${encoded}\n`);
    const errors: object[] = [];
    const ignore = (): void => {};
    const log = {
      debug: ignore,
      info: ignore,
      warn: ignore,
      error: (fields: object) => void errors.push(fields),
    };
    await using broker = await startBroker({ port: 0, passwordFile }, { log });
    await replace("a:not a hash\n");
    await vi.waitFor(() =>
      expect(errors).toMatchObject([{ error: expect.stringContaining("passwords:1:") }]),
    );
    await (await TestClient.connect(url(broker), { username: "a", password: "s" })).end();
    await replace(`b:${encoded}\n`);
    await vi.waitFor(async () =>
      (await TestClient.connect(url(broker), { username: "b", password: "s" })).end(),
    );
    await rm(folder, { recursive: true });
  });
});

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

describe("connections of other users", () => {
  test("a client id that another user is connected with is refused", async () => {
    const folder = await mkdtemp(join(tmpdir(), "fieldmesh-broker-"));
    const passwordFile = join(folder, "passwords");
    const encoded = await hashPassword("s");
    await writeFile(passwordFile, formatPasswordFile(["a", "b"].map((user) => ({ user, encoded }))));
    await using broker = await startBroker({ port: 0, passwordFile });
    await using mine = await TestClient.connect(url(broker), {
      clientId: "fm_env_n1",
      username: "a",
      password: "s",
    });
    const theft = TestClient.connect(url(broker), { clientId: "fm_env_n1", username: "b", password: "s" });
    await expect(theft).rejects.toMatchObject({ code: 2 });
    await mine.publish("still/here", "", { qos: 1 });
    await rm(folder, { recursive: true });
  });
});

test("closing publishes no wills twice, ends every connection and frees the port", async () => {
  const broker = await open();
  const client = await TestClient.connect(url(broker));
  using raw = new RawClient(broker.port);
  raw.send(connectPacket("raw"));
  await raw.bytes(4);
  await Promise.all([broker.close(), broker.close()]);
  await client.closed;
  await raw.closed;
  await using again = await startBroker({ port: broker.port });
  expect(again.port).toBe(broker.port);
});

test("a packet that only servers send closes the connection", async () => {
  await using broker = await open();
  using raw = new RawClient(broker.port);
  raw.send(connectPacket("raw"), Buffer.from([0xd0, 0]));
  await raw.closed;
  expect(broker.drops.malformed).toBe(1);
});
