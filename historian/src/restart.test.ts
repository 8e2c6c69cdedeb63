import { setTimeout as wait } from "node:timers/promises";
import { startBroker } from "@fieldmesh/broker";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { TestNode } from "./testing/node.js";
import { checkpointed, Stack, statusOf } from "./testing/stack.js";

const WAIT = { timeout: 30_000, interval: 50 };
const STREAM = "env_greenhouse_temperature";

/** Reads on and on until it is told to stop. */
function underLoad(node: TestNode): { stop(): Promise<void> } {
  let going = true;
  const done = (async () => {
    while (going) {
      await node.readNow(Math.random());
      await wait(2); // ms
    }
  })();
  done.catch(() => undefined); // a test that failed closes its node in the midst
  return {
    stop: async () => {
      going = false;
      await done;
    },
  };
}

async function gapsOf(url: string) {
  const response = await fetch(`${url}/api/history/streams/${STREAM}/gaps`);
  return (await response.json()) as {
    entries: { explanation: string; cause?: string; count: number }[];
    account: Record<string, number>[];
  };
}

describe("a restart of the historian", () => {
  let stack: Stack;
  let node: TestNode;
  beforeEach(async () => {
    stack = await Stack.start(startBroker);
  });
  afterEach(async () => {
    await stack.close();
  });

  /** Until everything that the node has read is stored. */
  async function caughtUp(url: string): Promise<void> {
    await vi.waitFor(async () => {
      const { account } = await gapsOf(url);
      const read = node.read.get("temperature")?.length;
      expect(account[0]).toMatchObject({ countedFrom: 1, lastSeq: read, stored: read, unknown: 0 });
      expect((await statusOf(url)).ingest.queued).toBe(0);
    }, WAIT);
  }

  async function expectExactlyWhatWasRead(): Promise<void> {
    const stored = (await stack.stored(STREAM)).toSorted((one, other) => one.seq - other.seq);
    const read = node.read.get("temperature") ?? [];
    expect(stored.map(({ boot, seq, value, timestamp }) => ({ boot, seq, value, timestamp }))).toEqual(
      read.map(({ boot, seq, value, timestamp }) => ({ boot, seq, value, timestamp })),
    );
  }

  test("by kill -9 under load, again and again, loses nothing and stores nothing twice", async () => {
    let historian = await stack.spawnHistorian();
    node = await stack.node("greenhouse");
    await node.stats();
    const load = underLoad(node);
    await checkpointed(historian.url);
    for (const stored of [10, 100, 300]) {
      // Whatever it is doing then: storing, writing a checkpoint, taking a backfill.
      await vi.waitFor(
        async () => expect((await statusOf(historian.url)).ingest.stored).toBeGreaterThan(stored),
        WAIT,
      );
      await historian.kill();
      historian = await stack.spawnHistorian();
    }
    await load.stop();
    await node.stats();
    await caughtUp(historian.url);
    const { entries } = await gapsOf(historian.url);
    expect(entries.length).toBeGreaterThan(0);
    expect(new Set(entries.map(({ explanation }) => explanation))).toEqual(new Set(["recovered"]));
    await historian.kill();
    await expectExactlyWhatWasRead();
  }, 90_000);

  test("by kill -9 asks nodes only for what it lacks", async () => {
    const first = await stack.spawnHistorian();
    node = await stack.node("greenhouse");
    await node.stats();
    for (let i = 0; i < 50; i += 1) await node.readNow(i);
    await vi.waitFor(async () => expect((await statusOf(first.url)).ingest.stored).toBe(50), WAIT);
    await checkpointed(first.url);
    for (let i = 50; i < 80; i += 1) await node.readNow(i);
    await vi.waitFor(async () => expect((await statusOf(first.url)).ingest.stored).toBe(80), WAIT);
    node.resends.length = 0; // of when it began to listen
    await first.kill();
    for (let i = 80; i < 90; i += 1) await node.readNow(i);
    const second = await stack.spawnHistorian();
    await node.stats();
    await caughtUp(second.url);
    expect(node.resends).toEqual([{ sensor: "temperature", boot: 1_000, from: 81, to: 90 }]);
    expect((await statusOf(second.url)).ingest.duplicates).toBe(0);
    await second.kill();
    await expectExactlyWhatWasRead();
  }, 60_000);

  test("in order keeps everything that had arrived, and asks for the rest", async () => {
    const first = await stack.historian();
    node = await stack.node("greenhouse");
    await node.stats();
    for (let i = 0; i < 40; i += 1) await node.readNow(i);
    await vi.waitFor(async () => expect((await statusOf(first.url)).ingest.received).toBe(40), WAIT);
    node.resends.length = 0;
    await first.close();
    for (let i = 40; i < 60; i += 1) await node.readNow(i);
    const second = await stack.historian();
    await node.stats();
    await caughtUp(second.url);
    expect(node.resends).toEqual([{ sensor: "temperature", boot: 1_000, from: 41, to: 60 }]);
    const { entries } = await gapsOf(second.url);
    expect(entries[0]).toMatchObject({ explanation: "recovered", cause: "historian-away", count: 20 });
    await second.close();
    await expectExactlyWhatWasRead();
  });
});
