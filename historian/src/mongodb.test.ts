import { join } from "node:path";
import { startBroker } from "@fieldmesh/broker";
import type { HistoryGaps, HistoryStatus } from "@fieldmesh/protocol";
import { lacksOwnMongo, startMongo, type TestMongo } from "@fieldmesh/storage/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Historian } from "./historian.js";
import type { TestNode } from "./testing/node.js";
import { checkpointed, Stack, statusOf } from "./testing/stack.js";

const STREAM = "env_greenhouse_temperature";
const WAIT = { timeout: 30_000, interval: 100 };
/** What a second instance has to take over in. */
const TAKEOVER = { timeout: 15_000, interval: 100 };

describe.skipIf(lacksOwnMongo())("the historian on MongoDB", () => {
  let stack: Stack;
  let mongo: TestMongo;
  beforeEach(async () => {
    stack = await Stack.start(startBroker);
    const started = await startMongo({ own: true });
    if (started === undefined) throw new Error("no server");
    mongo = started;
    stack.own(() => mongo.stop());
  });
  afterEach(async () => {
    await stack.close();
  });

  function historian(folder = "historian"): Promise<Historian> {
    return stack.historian({
      folder: join(stack.folder, folder),
      storage: { kind: "mongodb", url: mongo.url },
    });
  }

  async function hasRole(url: string, role: HistoryStatus["role"], within = WAIT): Promise<void> {
    await vi.waitFor(async () => {
      const { role: now, brokers } = await statusOf(url);
      expect(now).toBe(role);
      // Who writes listens; what is published before is not heard.
      if (role === "writer") expect(brokers).toMatchObject([{ connected: true }]);
    }, within);
  }

  /** Until everything that the node has read is stored, and the identity says so. */
  async function hasAll(url: string, node: TestNode): Promise<void> {
    await vi.waitFor(async () => {
      const read = node.read.get("temperature")?.length;
      const { account } = (await (
        await fetch(`${url}/api/history/streams/${STREAM}/gaps`)
      ).json()) as HistoryGaps;
      expect(account[0]).toMatchObject({ countedFrom: 1, lastSeq: read, stored: read, unknown: 0 });
      expect((await statusOf(url)).ingest.queued).toBe(0);
      const readings = await fetch(`${url}/api/history/streams/${STREAM}/readings?last=1h&points=10000`);
      const { v } = (await readings.json()) as { v: number[] };
      expect(v).toEqual(node.read.get("temperature")?.map(({ value }) => value));
    }, WAIT);
  }

  test("starts while the store is away, puts on disk what comes, and stores it when it is there", async () => {
    await mongo.kill();
    const { url } = await historian();
    const isConnected = async () => expect((await statusOf(url)).brokers[0]?.connected).toBe(true);
    await vi.waitFor(isConnected, WAIT);
    expect(await (await fetch(`${url}/healthz`)).json()).toMatchObject({ status: "ok", role: "standby" });
    const node = await stack.node("greenhouse");
    await node.stats();
    for (let i = 0; i < 20; i += 1) await node.readNow(i);
    await vi.waitFor(async () => {
      const { store, ingest } = await statusOf(url);
      expect(store).toMatchObject({ reachable: false });
      expect(ingest).toMatchObject({ received: 20, spilled: 20 });
    }, WAIT);
    await mongo.restart();
    await hasRole(url, "writer");
    await vi.waitFor(isConnected, WAIT);
    for (let i = 20; i < 30; i += 1) await node.readNow(i);
    await vi.waitFor(async () => expect((await statusOf(url)).ingest.stored).toBe(30), WAIT);
    const readings = await fetch(`${url}/api/history/streams/${STREAM}/readings?last=1h`);
    const { v } = (await readings.json()) as { v: number[] };
    expect(v).toEqual(node.read.get("temperature")?.map(({ value }) => value));
    expect((await statusOf(url)).store).toMatchObject({ reachable: true });
  }, 60_000);

  test("loses nothing while the store is away", async () => {
    const { url } = await historian();
    await hasRole(url, "writer");
    const node = await stack.node("greenhouse");
    await node.stats();
    await node.readNow(0);
    await vi.waitFor(async () => expect((await statusOf(url)).ingest.stored).toBe(1), WAIT);
    await mongo.kill();
    for (let i = 1; i < 100; i += 1) await node.readNow(i);
    await vi.waitFor(async () => expect((await statusOf(url)).ingest.spilled).toBe(99), WAIT);
    await mongo.restart();
    await node.stats();
    await hasAll(url, node);
  }, 90_000);

  test("loses nothing that waits on disk when it is killed while the store is away", async () => {
    const env = { STORAGE: mongo.url };
    const first = await stack.spawnHistorian(env);
    await hasRole(first.url, "writer");
    const node = await stack.node("greenhouse");
    await node.stats();
    for (let i = 0; i < 10; i += 1) await node.readNow(i);
    await checkpointed(first.url);
    await mongo.kill();
    for (let i = 10; i < 60; i += 1) await node.readNow(i);
    await vi.waitFor(async () => expect((await statusOf(first.url)).ingest.spilled).toBe(50), WAIT);
    await first.kill();
    node.resends.length = 0;
    await mongo.restart();
    const second = await stack.spawnHistorian(env);
    await hasRole(second.url, "writer");
    await node.stats();
    await hasAll(second.url, node);
    expect(node.resends).toEqual([]);
  }, 90_000);

  test("has one instance write, and another take over when it goes, in order or not", async () => {
    const first = await historian("first");
    await hasRole(first.url, "writer");
    const second = await historian("second");
    const node = await stack.node("greenhouse");
    await node.stats();
    for (let i = 0; i < 20; i += 1) await node.readNow(i);
    await hasAll(first.url, node);
    expect((await statusOf(second.url)).role).toBe("standby");
    // It answers from the store that the other one writes.
    const latest = await fetch(`${second.url}/api/history/streams/${STREAM}/latest`);
    expect([200, 404]).toContain(latest.status); // whether it knows of the stream yet
    const configuration = { streams: { "env_*_temperature": { objectives: { validity: false } } } };
    const put = (url: string) =>
      fetch(`${url}/api/history/configuration`, {
        method: "PUT",
        headers: { "content-type": "application/json", "if-match": '"0"' },
        body: JSON.stringify(configuration),
      });
    expect((await put(second.url)).status).toBe(503);
    expect((await put(first.url)).status).toBe(200);
    await first.close();
    await hasRole(second.url, "writer", TAKEOVER);
    // What an administrator put at the one holds at the other.
    const configured = await fetch(`${second.url}/api/history/configuration`);
    expect(configured.headers.get("etag")).toBe('"1"');
    expect(await configured.json()).toMatchObject(configuration);
    for (let i = 20; i < 40; i += 1) await node.readNow(i);
    await node.stats();
    await hasAll(second.url, node);

    const third = await stack.spawnHistorian({
      STORAGE: mongo.url,
      DATA_DIR: join(stack.folder, "third"),
    });
    await hasRole(third.url, "standby");
    await second.close();
    await hasRole(third.url, "writer", TAKEOVER);
    const fourth = await historian("fourth");
    await third.kill();
    await hasRole(fourth.url, "writer", TAKEOVER);
    for (let i = 40; i < 50; i += 1) await node.readNow(i);
    await node.stats();
    await hasAll(fourth.url, node);
  }, 120_000);
});
