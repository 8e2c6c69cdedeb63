import { startBroker } from "@fieldmesh/broker";
import { lacksOwnMongo, startMongo, type TestMongo } from "@fieldmesh/storage/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Stack } from "../testing/stack.js";

const WAIT = { timeout: 20_000, interval: 50 };
const KEY = "env_greenhouse_temperature/too-hot";

describe.skipIf(lacksOwnMongo())("with its alarms in MongoDB, the dashboard", () => {
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

  const dashboard = () => stack.dashboard({}, { storage: { kind: "mongodb", url: mongo.url } });

  async function health(url: string): Promise<{ status: number; text: string }> {
    const answer = await fetch(`${url}/healthz`);
    return { status: answer.status, text: await answer.text() };
  }

  test("waits for the server, says that it is away, and writes what came meanwhile when it is back", async () => {
    await mongo.kill();
    const starting = dashboard();
    await mongo.restart();
    const first = await starting;
    const node = await stack.node("greenhouse");
    const browser = stack.browser(first.url);
    await vi.waitFor(() => expect(browser.nodes.size).toBe(1), WAIT);
    expect((await health(first.url)).status).toBe(200);

    await mongo.kill();
    await node.event("raised", 1);
    await vi.waitFor(() => expect(browser.standing.has(KEY)).toBe(true), WAIT);
    await vi.waitFor(async () => {
      const { status, text } = await health(first.url);
      expect(status).toBe(503);
      expect(text).toContain("cannot write to its store");
    }, WAIT);
    await mongo.restart();
    await vi.waitFor(async () => expect((await health(first.url)).status).toBe(200), WAIT);
    await node.event("cleared", 2);
    await vi.waitFor(() => expect(browser.history).toHaveLength(1), WAIT);
    await first.close();

    const second = stack.browser((await dashboard()).url);
    await vi.waitFor(() => expect(second.history).toHaveLength(1), WAIT);
    expect(second.history[0]).toMatchObject({ event: { seq: 1, state: "raised" } });
  }, 90_000);
});
