import type { IClientOptions } from "mqtt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BROKERS, type Options, PACKET_BYTES, type Running } from "./brokers.js";
import { connectPacket, RawClient, TestClient } from "./test-client.js";

for (const [name, start, missing] of BROKERS) {
  describe.skipIf(missing !== null)(missing === null ? name : `${name}: ${missing}`, () => contract(start));
}

function contract(start: (options: Options) => Promise<Running>): void {
  let broker: Running;
  const connect = (options: IClientOptions = {}): Promise<TestClient> =>
    TestClient.connect(`mqtt://127.0.0.1:${broker.port}`, options);
  beforeAll(async () => {
    broker = await start({});
  });
  afterAll(() => broker.close());

  test.each([0, 1, 2] as const)("delivers QoS %i in order, at the lower of the two QoS", async (qos) => {
    await using publisher = await connect();
    await using full = await connect();
    await using least = await connect();
    await full.subscribe(`order/${qos}`, 2);
    await least.subscribe(`order/${qos}`, 0);
    const sent = Array.from({ length: 200 }, (_, i) => String(i));
    // Mosquitto takes 20 messages of QoS 2 under way, and waits for ever with more.
    for (let i = 0; i < sent.length; i += 10) {
      const some = sent.slice(i, i + 10);
      await Promise.all(some.map((payload) => publisher.publish(`order/${qos}`, payload, { qos })));
    }
    await full.until((seen) => seen.length >= sent.length);
    await least.until((seen) => seen.length >= sent.length);
    expect(full.seen.map(({ payload }) => payload)).toEqual(sent);
    expect(least.seen.map(({ payload }) => payload)).toEqual(sent);
    expect(new Set(full.seen.map((message) => message.qos))).toEqual(new Set([qos]));
    expect(new Set(least.seen.map((message) => message.qos))).toEqual(new Set([0]));
  });

  test("lowers QoS 2 to 1 for a wildcard subscription of QoS 1", async () => {
    await using client = await connect();
    await client.subscribe("lower/+", 1);
    await client.publish("lower/x", "m", { qos: 2 });
    const [message] = await client.until((seen) => seen.length === 1);
    expect(message?.qos).toBe(1);
  });

  test("keeps the newest retained message, marks it, and forgets it at an empty one", async () => {
    await using client = await connect();
    await client.publish("kept/a", "old", { qos: 1, retain: true });
    await client.publish("kept/a", "new", { qos: 1, retain: true });
    await client.publish("kept/b", "gone", { qos: 1, retain: true });
    await client.publish("kept/b", "", { qos: 1, retain: true });
    await using late = await connect();
    await late.subscribe("kept/#", 1);
    await late.publish("kept/marker", "", { qos: 1 });
    await late.settled("kept/marker");
    expect(late.seen[0]).toMatchObject({ topic: "kept/a", payload: "new", retain: true, qos: 1 });
    expect(late.seen.filter(({ topic }) => topic === "kept/b")).toEqual([]);
    // For a subscription that stands, a message is not "retained" [MQTT-3.3.1-9].
    await client.publish("kept/a", "live", { qos: 1, retain: true });
    const seen = await late.until((all) => all.some(({ payload }) => payload === "live"));
    expect(seen.at(-1)?.retain).toBe(false);
  });

  test("publishes a will when the connection breaks, and not after DISCONNECT", async () => {
    await using watcher = await connect();
    await watcher.subscribe("will/#", 1);
    const will = (clientId: string) => ({
      clientId,
      will: { topic: `will/${clientId}`, payload: Buffer.from("gone"), qos: 1 as const },
    });
    const polite = await connect(will("polite"));
    const rude = await connect(will("rude"));
    await polite.end();
    await rude.break();
    await watcher.until((seen) => seen.length > 0);
    expect(watcher.seen.map(({ topic }) => topic)).toEqual(["will/rude"]);
  });

  test("publishes the will of a client that is silent for 1.5 times its keep-alive", async () => {
    await using watcher = await connect();
    await watcher.subscribe("silent/#", 1);
    using raw = new RawClient(broker.port);
    raw.send(
      connectPacket("silent", {
        keepalive: 1,
        will: { topic: "silent/x", payload: Buffer.from("gone"), qos: 0, retain: false },
      }),
    );
    await raw.bytes(4);
    await watcher.until((seen) => seen.length === 1);
    await raw.closed;
  });

  test("holds messages for a persistent session, in order and once, and forgets them with a clean one", async () => {
    const session = { clientId: "keeper", clean: false };
    const first = await connect(session);
    expect(first.sessionPresent).toBe(false);
    await first.subscribe(["held/#", "held/+"], 1);
    await first.end();
    await using publisher = await connect();
    const sent = Array.from({ length: 300 }, (_, i) => String(i));
    for (const payload of sent) await publisher.publish("held/x", payload, { qos: 1 });
    const again = await connect(session);
    expect(again.sessionPresent).toBe(true);
    await again.until((seen) => seen.length >= sent.length);
    expect(again.seen.map(({ payload }) => payload)).toEqual(sent);
    await again.end();
    await publisher.publish("held/x", "lost", { qos: 1 });
    await (await connect({ clientId: "keeper", clean: true })).end();
    await using last = await connect(session);
    expect(last.sessionPresent).toBe(false);
  });

  test("sends what was not acknowledged again, with DUP and the same identifier", async () => {
    await (async () => {
      await using setup = await connect({ clientId: "slowpoke", clean: false });
      await setup.subscribe("again/x", 1);
    })();
    await using publisher = await connect();
    await publisher.publish("again/x", "m", { qos: 1 });
    const frames: Buffer[] = [];
    for (let i = 0; i < 2; i++) {
      using raw = new RawClient(broker.port);
      raw.send(connectPacket("slowpoke", { clean: false }));
      frames.push((await raw.bytes(4 + 14)).subarray(4));
      raw.socket.destroy();
      await raw.closed;
    }
    expect(frames.map((frame) => frame[0])).toEqual([0x32, 0x3a]);
    expect(frames[1]?.subarray(1)).toEqual(frames[0]?.subarray(1));
  });

  test("matches wildcards as the standard says", async () => {
    await using client = await connect();
    await using all = await connect();
    await client.subscribe(["w/+/x", "w/p/#"], 0);
    await all.subscribe("#", 0);
    for (const topic of ["w/a/x", "w//x", "w/a/b/x", "w/p", "w/p/q/r", "w", "w/marker/x"])
      await client.publish(topic, topic);
    expect(await client.settled("w/marker/x")).toEqual(["w/a/x", "w//x", "w/p", "w/p/q/r"]);
    expect((await all.settled("w/marker/x")).some((topic) => topic.startsWith("$"))).toBe(false);
  });

  test("delivers once to a client whose filters overlap, at the highest QoS", async () => {
    await using client = await connect();
    await client.subscribe("o/#", 0);
    await client.subscribe("o/x/+", 1);
    await client.subscribe("o/+/y", 0);
    await client.publish("o/x/y", "m", { qos: 1 });
    await client.publish("o/marker", "");
    expect(await client.settled("o/marker")).toEqual(["o/x/y"]);
    expect(client.seen[0]?.qos).toBe(1);
  });

  test("stops sending after UNSUBSCRIBE", async () => {
    await using client = await connect();
    await client.subscribe(["u/a", "u/b"], 1);
    await client.mqtt.unsubscribeAsync("u/a");
    await client.publish("u/a", "", { qos: 1 });
    await client.publish("u/b", "", { qos: 1 });
    expect(await client.settled("u/b")).toEqual([]);
  });

  test("gives the connection to the newer of two clients with one id", async () => {
    const older = await connect({ clientId: "twin" });
    await using newer = await connect({ clientId: "twin" });
    await older.closed;
    await newer.subscribe("twin", 1);
    await newer.publish("twin", "m", { qos: 1 });
    await newer.until((seen) => seen.length === 1);
  });

  test("takes CONNECT and 500 messages in one write", async () => {
    await using watcher = await connect();
    await watcher.subscribe("burst", 0);
    using raw = new RawClient(broker.port);
    const messages = Array.from(
      { length: 500 },
      (_, i) =>
        ({
          cmd: "publish",
          topic: "burst",
          payload: String(i),
          qos: 0,
          dup: false,
          retain: false,
        }) as const,
    );
    raw.send(connectPacket("bursting"), ...messages);
    await watcher.until((seen) => seen.length === 500);
    expect(watcher.seen.map(({ payload }) => Number(payload))).toEqual(messages.map((_, i) => i));
  });

  test("refuses an empty client id with a session, by return code 2", async () => {
    using raw = new RawClient(broker.port);
    raw.send(connectPacket("x", { clean: false }));
    using empty = new RawClient(broker.port);
    empty.send(Buffer.from("100c00044d5154540400000000" + "00", "hex"));
    expect((await empty.bytes(4)).subarray(0, 4)).toEqual(Buffer.from([0x20, 2, 0, 2]));
    await empty.closed;
  });

  test.each([
    ["a wildcard in a topic", Buffer.from([0x30, 5, 0, 3, 97, 47, 35])],
    ["U+0000 in a topic", Buffer.from([0x30, 5, 0, 3, 97, 0, 98])],
    ["ill-formed UTF-8 in a topic", Buffer.from([0x30, 5, 0, 3, 97, 0xff, 98])],
    ["packet identifier 0", Buffer.from([0x32, 6, 0, 1, 97, 0, 0, 120])],
    ["QoS 3", Buffer.from([0x36, 6, 0, 1, 97, 0, 1, 120])],
    ["a second CONNECT", Buffer.from("100d00044d5154540402000000017a", "hex")],
    ["a remaining length of five bytes", Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 1])],
    ["a filter with # inside", Buffer.from([0x82, 8, 0, 1, 0, 3, 35, 47, 97, 0])],
  ])("closes the connection at %s, and serves the others", async (_what, bytes) => {
    using raw = new RawClient(broker.port);
    raw.send(connectPacket("malformed"));
    await raw.bytes(4);
    raw.send(bytes);
    await raw.closed;
    await (await connect()).end();
  });

  test("closes the connection at a packet that is too large, and serves the others", async () => {
    await using watcher = await connect();
    await watcher.subscribe("large", 1);
    await using client = await connect();
    client.publish("large", "x".repeat(PACKET_BYTES), { qos: 1 }).catch(() => undefined);
    await client.closed;
    await watcher.publish("large", "fits", { qos: 1 });
    await watcher.until((seen) => seen.length > 0);
    expect(watcher.seen.map(({ payload }) => payload)).toEqual(["fits"]);
  });

  test("publishes $SYS, retained, and lets no client write it", async () => {
    await using client = await connect();
    await client.subscribe("$SYS/broker/#", 0);
    const names = [
      "version",
      "uptime",
      "clients/connected",
      "messages/received",
      "retained messages/count",
      "load/bytes/sent/1min",
    ];
    await client.until((seen) =>
      names.every((name) => seen.some(({ topic, retain }) => retain && topic === `$SYS/broker/${name}`)),
    );
    client.publish("$SYS/broker/version", "forged", { qos: 0, retain: true }).catch(() => undefined);
    await using later = await connect();
    await later.subscribe("$SYS/broker/version", 0);
    const [version] = await later.until((seen) => seen.length > 0);
    expect(version?.payload).not.toBe("forged");
  });
}
