import { startBroker } from "@fieldmesh/broker";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Stack } from "./testing/stack.js";

const WAIT = { timeout: 10_000, interval: 20 };
const TEMPERATURE = "env_greenhouse_temperature";

describe("the dashboard on a real broker", () => {
  let stack: Stack;
  beforeEach(async () => {
    stack = await Stack.start(startBroker);
  });
  afterEach(async () => {
    await stack.close();
  });

  test("a reading reaches a browser, with its node, and an alarm is raised, acknowledged and cleared", async () => {
    const dashboard = await stack.dashboard();
    const node = await stack.node("greenhouse");
    const browser = stack.browser(dashboard.url);
    browser.show(TEMPERATURE);
    await node.read(21.5);
    await node.read(22.5);
    await vi.waitFor(() => expect(browser.seqs(TEMPERATURE)).toEqual([1, 2]), WAIT);
    await vi.waitFor(() => {
      const view = browser.nodes.get("env/greenhouse");
      expect(view).toMatchObject({ presence: "online", legacy: false, host: "test" });
      expect(view?.sensors[0]).toMatchObject({ stream: TEMPERATURE, unit: "Cel", stale: false });
    }, WAIT);
    expect(browser.hello).toMatchObject({ user: { name: "local", role: "admin" }, frameMs: 50 });
    expect(browser.hello?.brokers).toMatchObject([{ connected: true }]);

    await node.event("raised", 1);
    const key = `${TEMPERATURE}/too-hot`;
    await vi.waitFor(() => expect(browser.standing.get(key)?.event.seq).toBe(1), WAIT);
    const response = await fetch(`${dashboard.url}/api/acks`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ key, boot: 1_000, seq: 1, note: "on my way" }),
    });
    expect(await response.json()).toMatchObject({ by: "local", note: "on my way", seq: 1 });
    await vi.waitFor(() => expect(browser.standing.get(key)?.ack?.by).toBe("local"), WAIT);
    await node.event("cleared", 2);
    await vi.waitFor(() => expect(browser.standing.size).toBe(0), WAIT);
    expect(browser.history[0]).toMatchObject({
      key,
      event: { state: "raised", seq: 1 },
      ack: { by: "local" },
    });
    expect(browser.history[0]?.endedAt).toBeGreaterThan(0);
  });
});
