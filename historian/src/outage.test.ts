import { startBroker } from "@fieldmesh/broker";
import type { HistoryGaps } from "@fieldmesh/protocol";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FailingStores } from "./testing/failing-stores.js";
import type { TestNode } from "./testing/node.js";
import { Stack, statusOf } from "./testing/stack.js";

const WAIT = { timeout: 30_000, interval: 50 };
const STREAM = "env_greenhouse_temperature";
/** So small that some hundred readings are more than memory and disk take. */
const SMALL = { batchReadings: 20, spillReadings: 40, memoryReadings: 100 };

describe("a store that does not take readings", () => {
  let stack: Stack;
  let stores: FailingStores;
  let node: TestNode;
  beforeEach(async () => {
    stack = await Stack.start(startBroker);
    stores = new FailingStores();
  });
  afterEach(async () => {
    stores.away = false;
    await stack.close();
  });

  async function accountOf(url: string): Promise<HistoryGaps["account"][number] | undefined> {
    const response = await fetch(`${url}/api/history/streams/${STREAM}/gaps`);
    const { account } = (await response.json()) as HistoryGaps;
    return account[0];
  }

  /** (seq, value) of all that is stored, in order of seq. */
  async function stored(): Promise<[number, unknown][]> {
    const samples = await stack.stored(STREAM);
    return samples.map(({ seq, value }): [number, unknown] => [seq, value]).toSorted(([a], [b]) => a - b);
  }

  function read(): [number, unknown][] {
    return (node.read.get("temperature") ?? []).map(({ seq, value }) => [seq, value]);
  }

  test("has them wait on disk, and all of them when it is back", async () => {
    const historian = await stack.historian({ ingest: SMALL }, { openStores: stores.open });
    node = await stack.node("greenhouse");
    await node.readNow(0);
    await vi.waitFor(async () => expect((await statusOf(historian.url)).ingest.stored).toBe(1), WAIT);
    stores.away = true;
    for (let i = 1; i < 300; i += 1) await node.readNow(i);
    await vi.waitFor(async () => {
      const { ingest, store } = await statusOf(historian.url);
      expect(ingest).toMatchObject({ received: 300, stored: 1, queued: 299, dropped: 0 });
      expect(ingest.spilled).toBeGreaterThan(200);
      expect(store).toMatchObject({ reachable: false, reason: expect.stringContaining("does not answer") });
    }, WAIT);
    stores.away = false;
    await vi.waitFor(async () => {
      const { ingest, store } = await statusOf(historian.url);
      expect(ingest).toMatchObject({ stored: 300, queued: 0, spilledBytes: 0, duplicates: 0 });
      expect(store.reachable).toBe(true);
    }, WAIT);
    await historian.close();
    expect(await stored()).toEqual(read());
  });

  test("has them wait over a restart, orderly or not, and asks no node for them", async () => {
    const first = await stack.historian({ ingest: SMALL }, { openStores: stores.open });
    node = await stack.node("greenhouse");
    await node.stats();
    stores.away = true;
    for (let i = 0; i < 100; i += 1) await node.readNow(i);
    await vi.waitFor(async () => expect((await statusOf(first.url)).ingest.received).toBe(100), WAIT);
    await first.close();
    node.resends.length = 0;
    const second = await stack.historian({}, { openStores: stores.open });
    await node.stats();
    expect((await statusOf(second.url)).ingest).toMatchObject({ spilled: 100, dropped: 0 });
    stores.away = false;
    await vi.waitFor(async () => expect((await statusOf(second.url)).ingest.stored).toBe(100), WAIT);
    await vi.waitFor(
      async () =>
        expect(await accountOf(second.url)).toMatchObject({ lastSeq: 100, stored: 100, unknown: 0 }),
      WAIT,
    );
    expect(node.resends).toEqual([]);
    await second.close();
    expect(await stored()).toEqual(read());
  });

  test("past the bounds of memory and disk has the oldest given up by name, and the identity holds", async () => {
    const historian = await stack.historian(
      { ingest: SMALL, spillBytes: 8_000 },
      { openStores: stores.open },
    );
    node = await stack.node("greenhouse");
    await node.stats();
    stores.away = true;
    for (let i = 0; i < 600; i += 1) await node.readNow(i);
    await node.stats();
    await vi.waitFor(async () => {
      const { ingest } = await statusOf(historian.url);
      expect(ingest.received).toBe(600);
      expect(ingest.dropped).toBeGreaterThan(300);
      expect(ingest.spilledBytes).toBeLessThanOrEqual(8_000);
    }, WAIT);
    stores.away = false;
    await vi.waitFor(async () => expect((await statusOf(historian.url)).ingest.queued).toBe(0), WAIT);
    const { ingest } = await statusOf(historian.url);
    expect(ingest).toMatchObject({ droppedBy: { "historian-full": ingest.dropped } });
    expect(ingest.stored + ingest.dropped).toBe(600);
    expect(await accountOf(historian.url)).toMatchObject({
      countedFrom: 1,
      lastSeq: 600,
      stored: ingest.stored,
      dropped: ingest.dropped,
      held: 0,
      unknown: 0,
    });
    await historian.close();
    // The newest are there, and they are as they were read.
    expect(await stored()).toEqual(read().slice(ingest.dropped));
  });
});
