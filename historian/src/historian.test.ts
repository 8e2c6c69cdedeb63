import { createHash } from "node:crypto";
import { startBroker } from "@fieldmesh/broker";
import { createMqttLink } from "@fieldmesh/runtime";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { TestNode } from "./testing/node.js";
import { quiet } from "./testing/quiet.js";
import { Stack, statusOf } from "./testing/stack.js";

const WAIT = { timeout: 15_000, interval: 20 };
const STREAM = "env_greenhouse_temperature";

/** What a node has read, as it must be stored. */
function readBy(node: TestNode, sensor = "temperature") {
  return (node.read.get(sensor) ?? []).map(({ boot, seq, timestamp, value, unit }) => ({
    boot,
    seq,
    timestamp,
    value,
    unit,
  }));
}

async function storedOf(stack: Stack, stream = STREAM) {
  return (await stack.stored(stream))
    .map(({ at: _at, ...sample }) => sample)
    .toSorted((one, other) => one.boot - other.boot || one.seq - other.seq);
}

async function json<T>(url: string): Promise<T> {
  const response = await fetch(url);
  expect(response.status, url).toBe(200);
  return (await response.json()) as T;
}

describe("the historian", () => {
  let stack: Stack;
  beforeEach(async () => {
    stack = await Stack.start(startBroker);
  });
  afterEach(async () => {
    await stack.close();
  });

  test("stores what a node reads, exactly, and answers with it", async () => {
    const historian = await stack.historian();
    const node = await stack.node("greenhouse");
    for (let i = 0; i < 200; i += 1) await node.readNow(20 + i / 7);
    await node.event("raised", 1);
    await vi.waitFor(async () => expect((await statusOf(historian.url)).ingest.stored).toBe(200), WAIT);
    const [stream] = await json<Record<string, unknown>[]>(`${historian.url}/api/history/streams`);
    expect(stream).toMatchObject({ stream: STREAM, label: "the temperature", unit: "Cel", readings: 200 });
    const { v } = await json<{ v: number[] }>(
      `${historian.url}/api/history/streams/${STREAM}/readings?last=1h`,
    );
    expect(v).toEqual(readBy(node).map(({ value }) => value));
    await vi.waitFor(async () => {
      const events = await json<unknown[]>(`${historian.url}/api/history/events`);
      expect(events).toMatchObject([{ stream: STREAM, event: { state: "raised", seq: 1 } }]);
    }, WAIT);
    expect(await json(`${historian.url}/healthz`)).toMatchObject({ status: "ok" });
    await historian.close();
    expect(await storedOf(stack)).toEqual(readBy(node));
  });

  test("takes what comes twice, late and in another order once", async () => {
    const historian = await stack.historian();
    const node = await stack.node("greenhouse");
    for (let i = 0; i < 30; i += 1) await node.readNow(i, "temperature", { lost: true });
    const readings = node.read.get("temperature") ?? [];
    const shuffled = [...readings, ...readings].toSorted((one, other) => hash(one.seq) - hash(other.seq));
    for (const reading of shuffled) await node.send(reading);
    await vi.waitFor(async () => expect((await statusOf(historian.url)).ingest.stored).toBe(30), WAIT);
    await historian.close();
    expect(await storedOf(stack)).toEqual(readBy(node));
  });

  test("asks for what was lost on the way, and takes what is gone for good as dropped", async () => {
    const historian = await stack.historian();
    const node = await stack.node("greenhouse");
    node.gone = [[11, 12, "expired"]];
    for (let i = 1; i <= 20; i += 1) await node.readNow(i, "temperature", { lost: i > 5 && i < 15 });
    await node.stats();
    await vi.waitFor(async () => expect((await statusOf(historian.url)).ingest.stored).toBe(18), WAIT);
    const { account } = await json<{ account: unknown[] }>(
      `${historian.url}/api/history/streams/${STREAM}/gaps`,
    );
    expect(account).toMatchObject([{ lastSeq: 20, stored: 18, dropped: 2, held: 0, unknown: 0 }]);
  });

  test("stores a bare number, of which nobody gives an account", async () => {
    const historian = await stack.historian();
    const link = createMqttLink({ urls: [stack.brokerUrl], clientId: "bare", log: quiet });
    stack.own(() => link.close());
    const connected = new Promise((resolve) => link.onConnect(resolve));
    link.start();
    await connected;
    await link.publish("env/desk/temperature/raw", "21.5", { qos: 1, retain: false });
    await vi.waitFor(async () => expect((await statusOf(historian.url)).ingest.stored).toBe(1), WAIT);
    const latest = await json(`${historian.url}/api/history/streams/env_desk_temperature/latest`);
    expect(latest).toMatchObject({ value: 21.5, unit: "Cel", boot: 0 });
  });

  test("keeps the history of a node that was removed", async () => {
    const historian = await stack.historian();
    const node = await stack.node("greenhouse");
    for (let i = 0; i < 5; i += 1) await node.readNow(i);
    await vi.waitFor(async () => expect((await statusOf(historian.url)).ingest.stored).toBe(5), WAIT);
    await node.retire();
    await node.link.publish("env/desk/temperature/raw", "1", { qos: 1, retain: false });
    await vi.waitFor(async () => expect((await statusOf(historian.url)).ingest.stored).toBe(6), WAIT);
    await historian.close();
    const again = await stack.historian();
    const streams = await json<unknown[]>(`${again.url}/api/history/streams`);
    expect(streams).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ stream: STREAM, label: "the temperature", readings: 5 }),
      ]),
    );
  });

  test("starts without a broker, and listens to it when it is there", async () => {
    const spare = await startBroker({ port: 0 });
    const brokerUrl = `mqtt://127.0.0.1:${spare.port}`;
    await spare.close();
    const historian = await stack.historian({ brokers: [[brokerUrl]] });
    expect((await statusOf(historian.url)).brokers).toEqual([{ url: brokerUrl, connected: false }]);
    const broker = await startBroker({ port: spare.port });
    stack.own(() => broker.close());
    await vi.waitFor(
      async () => expect((await statusOf(historian.url)).brokers[0]?.connected).toBe(true),
      WAIT,
    );
  });

  test("refuses a folder that another one holds, and names it", async () => {
    await stack.historian();
    await expect(stack.historian()).rejects.toThrow(/held by historian \(host .*, pid \d+/);
  });
});

/** An order that is none, and the same at each run. */
function hash(seq: number): number {
  return createHash("md5").update(String(seq)).digest().readUInt16BE();
}
