// What every broker that Fieldmesh runs on has to do: ours, and a real Mosquitto as its measure.
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { IClientOptions } from "mqtt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aclBlock } from "../access/acl-block.js";
import { formatPasswordFile } from "../access/password-file.js";
import { hashPassword } from "../access/password-hash.js";
import { startBroker } from "../broker.js";
import { mosquittoMissing, startMosquitto } from "./mosquitto.js";
import { connectPacket, RawClient, TestClient } from "./test-client.js";

interface Running {
  port: number;
  /** Makes it notice changed files, if it does not by itself. */
  reload(): void;
  close(): Promise<void>;
}
interface Options {
  passwordFile?: string;
  aclFile?: string;
}
type Start = (options: Options) => Promise<Running>;

const PACKET_BYTES = 64 * 1024;
const brokers: [string, Start, string | null][] = [
  [
    "fieldmesh",
    async (options) => {
      const broker = await startBroker({ port: 0, ...options }, { limits: { packetBytes: PACKET_BYTES } });
      return { port: broker.port, reload: () => undefined, close: () => broker.close() };
    },
    null,
  ],
  [
    "mosquitto",
    (options) => startMosquitto({ ...options, lines: [`max_packet_size ${PACKET_BYTES}`] }),
    await mosquittoMissing(),
  ],
];

for (const [name, start, missing] of brokers) {
  describe.skipIf(missing !== null)(missing === null ? name : `${name}: ${missing}`, () => contract(start));
}

function contract(start: Start): void {
  describe("without files", () => {
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
  });

  describe("with passwords and access rules", () => {
    let folder = "";
    let broker: Running;
    const files = { passwordFile: "", aclFile: "" };
    const users = new Map<string, string>();
    const connect = (username: string, options: IClientOptions = {}): Promise<TestClient> =>
      TestClient.connect(`mqtt://127.0.0.1:${broker.port}`, {
        username,
        password: `${username}-secret`,
        ...options,
      });
    const writePasswords = async (): Promise<void> => {
      const text = formatPasswordFile(Array.from(users, ([user, encoded]) => ({ user, encoded })));
      await writeFile(`${files.passwordFile}.new`, text);
      await rename(`${files.passwordFile}.new`, files.passwordFile);
    };
    const blocks = [
      aclBlock({ user: "n1", role: "node", domain: "env", name: "n1" }),
      aclBlock({ user: "n2", role: "node", domain: "env", name: "n2" }),
      aclBlock({ user: "reader", role: "reader", domain: "env" }),
      aclBlock({ user: "operator", role: "operator", domain: "env" }),
      aclBlock({ user: "service", role: "service" }),
      aclBlock({ user: "legacy", role: "legacy", domain: "env" }),
    ];
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "fieldmesh-contract-"));
      files.passwordFile = join(folder, "passwords");
      files.aclFile = join(folder, "acl");
      for (const user of ["n1", "n2", "reader", "operator", "service", "legacy", "doomed"]) {
        users.set(user, await hashPassword(`${user}-secret`));
      }
      await writePasswords();
      await writeFile(files.aclFile, blocks.join("\n"));
      broker = await start(files);
    });
    afterAll(async () => {
      await broker.close();
      await rm(folder, { recursive: true });
    });

    test("refuses a wrong password, an unknown user and an anonymous client", async () => {
      // 4 = bad user name or password, 5 = not authorized: Mosquitto says 5 for all.
      for (const options of [
        { username: "n1", password: "wrong" },
        { username: "nobody", password: "x" },
        {},
      ]) {
        const refused = TestClient.connect(`mqtt://127.0.0.1:${broker.port}`, options);
        await expect(refused).rejects.toMatchObject({ code: expect.toBeOneOf([4, 5]) });
      }
      await (await connect("n1")).end();
    });

    /** What of these topics, published by the user, a service gets to see. */
    async function published(user: string, topics: readonly string[]): Promise<string[]> {
      await using service = await connect("service");
      await service.subscribe("#", 1);
      await service.subscribe("mesh/#", 1);
      await using client = await connect(user);
      for (const topic of topics) await client.publish(topic, user, { qos: 1 }); // acknowledged, allowed or not
      await service.publish("mesh/marker", "", { qos: 1 });
      return [...(await service.settled("mesh/marker"))].filter((topic) => topics.includes(topic));
    }

    test.each([
      [
        "n1",
        ["env/n1/temperature/raw", "env/n1/birth", "env/n1/cmd/time/reply", "env/event/n1/temperature/hot"],
      ],
      ["operator", ["env/n1/cmd/read-now", "mesh/ack/env/n1/temperature/hot"]],
      ["service", ["mesh/product/x", "env/n1/cmd/resend", "env/gone/birth", "env/event/gone/t/r"]],
      ["legacy", ["env/temperature/raw", "env/event/overheat"]],
    ])("%s publishes what its role may", async (user, topics) => {
      expect(await published(user, topics)).toEqual(topics);
    });

    test.each([
      [
        "n1",
        [
          "env/n2/temperature/raw",
          "env/event/n2/temperature/hot",
          "env/n2/status",
          "lab/n1/birth",
          "mesh/ack/env/n1/t/r",
          "env/n10/birth",
        ],
      ],
      ["reader", ["env/n1/temperature/raw", "env/n1/cmd/read-now", "mesh/product/x"]],
      ["operator", ["env/n1/temperature/raw", "lab/n1/cmd/read-now", "mesh/product/x"]],
      ["service", ["env/n1/temperature/raw"]],
      ["legacy", ["env/n1/temperature/raw", "env/event/n1/t/r"]],
    ])("%s cannot forge anything else, and stays connected", async (user, topics) => {
      expect(await published(user, topics)).toEqual([]);
    });

    test("a forged will is not published", async () => {
      await using service = await connect("service");
      await service.subscribe("#", 1);
      const will = { topic: "env/n2/status", payload: Buffer.from("offline"), qos: 1 as const, retain: true };
      const forger = await connect("n1", { will }).catch(() => null);
      await forger?.break();
      await service.publish("mesh/marker", "", { qos: 1 });
      expect(await service.settled("mesh/marker")).toEqual([]);
    });

    test("reads are limited to the role, whatever the filter", async () => {
      await using node = await connect("n1");
      await using reader = await connect("reader");
      await node.subscribe("#", 1);
      await node.subscribe("env/n1/cmd/#", 1);
      await reader.subscribe("+/+/+/raw", 1);
      await reader.subscribe("mesh/#", 1);
      await using other = await connect("n2");
      await using service = await connect("service");
      await other.publish("env/n2/temperature/raw", "1", { qos: 1 });
      await service.publish("lab/n1/cmd/time", "x", { qos: 1 });
      await service.publish("env/n1/cmd/time", "x", { qos: 1 });
      await service.publish("mesh/product/x", "x", { qos: 1 });
      await service.publish("mesh/marker", "", { qos: 1 });
      expect(await node.until((seen) => seen.length > 0)).toMatchObject([{ topic: "env/n1/cmd/time" }]);
      expect(await reader.settled("mesh/marker")).toEqual(["env/n2/temperature/raw", "mesh/product/x"]);
      expect(node.seen).toHaveLength(1);
    });

    test("a retained status is read by its own node at once", async () => {
      await using node = await connect("n1");
      await node.publish("env/n1/status", "offline", { qos: 1, retain: true });
      await using again = await connect("n1");
      await again.subscribe("env/n1/status", 1);
      expect(await again.until((seen) => seen.length > 0)).toMatchObject([
        { payload: "offline", retain: true },
      ]);
      await again.publish("env/n1/status", "", { qos: 1, retain: true });
    });

    test("changed files are read again: the removed user is disconnected, the new one let in", async () => {
      await using doomed = await connect("doomed");
      await using kept = await connect("n2");
      users.delete("doomed");
      users.set("newcomer", await hashPassword("newcomer-secret"));
      const changed = performance.now();
      await writePasswords();
      broker.reload();
      await doomed.closed;
      expect(performance.now() - changed).toBeLessThan(1_000);
      await expect(connect("doomed")).rejects.toThrow();
      await (await connect("newcomer")).end();
      await kept.publish("env/n2/birth", "still here", { qos: 1 });
    });

    test("changed access rules hold from the next message on, for connections that stand", async () => {
      await using service = await connect("service");
      await service.subscribe("env/#", 1);
      await using legacy = await connect("legacy");
      await legacy.publish("env/extra", "before", { qos: 1 });
      await writeFile(`${files.aclFile}.new`, `${blocks.join("\n")}\ntopic write env/extra\n`); // legacy's is the last block
      await rename(`${files.aclFile}.new`, files.aclFile);
      broker.reload();
      while (!service.seen.some(({ topic }) => topic === "env/extra")) {
        await legacy.publish("env/extra", "after", { qos: 1 });
        await service.publish("env/n1/cmd/tick", "", { qos: 1 });
      }
      expect(service.seen.find(({ topic }) => topic === "env/extra")?.payload).toBe("after");
    });
  });
}
