import { startBroker } from "@fieldmesh/broker";
import { createMqttLink } from "@fieldmesh/runtime";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { defaultDashboardConfig } from "./config/read-config.js";
import { TestNode } from "./testing/node.js";
import { quiet } from "./testing/quiet.js";
import { Stack } from "./testing/stack.js";

const WAIT = { timeout: 10_000, interval: 20 };
const TEMPERATURE = "env_greenhouse_temperature";
const AT_ONCE = { nodes: { ...defaultDashboardConfig().nodes, after: 0 } };

describe("nodes", () => {
  let stack: Stack;
  beforeEach(async () => {
    stack = await Stack.start(startBroker);
  });
  afterEach(async () => {
    await stack.close();
  });

  /** Topics that the broker retains, as a newcomer is told. */
  async function retained(): Promise<string[]> {
    const link = createMqttLink({ urls: [stack.brokerUrl], clientId: `look_${Math.random()}`, log: quiet });
    const topics: string[] = [];
    link.onMessage((topic, _payload, { retain }) => {
      if (retain && topic !== "look/end") topics.push(topic);
    });
    const connected = new Promise((resolve) => link.onConnect(resolve));
    await link.subscribe(["env/#", "mesh/#"], 1);
    link.start();
    await connected;
    await link.close();
    return topics.sort();
  }

  test("one that is offline turns stale and is an alarm, which can be acknowledged, until it is back", async () => {
    const dashboard = await stack.dashboard(AT_ONCE);
    const node = await stack.node("greenhouse");
    await node.read(21);
    const browser = stack.browser(dashboard.url);
    await vi.waitFor(() => expect(browser.nodes.get("env/greenhouse")?.sensors[0]?.stale).toBe(false), WAIT);
    await node.status("offline", "connection lost");
    const key = "env_greenhouse_node/offline";
    await vi.waitFor(() => {
      const view = browser.nodes.get("env/greenhouse");
      expect(view).toMatchObject({ presence: "offline", reason: "connection lost" });
      expect(view?.sensors[0]?.stale).toBe(true);
      expect(browser.standing.get(key)?.event).toMatchObject({ severity: "critical", boot: 1_000, seq: 1 });
    }, WAIT);
    const answer = await fetch(`${dashboard.url}/api/acks`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ key, boot: 1_000, seq: 1 }),
    });
    expect(answer.status).toBe(200);
    await vi.waitFor(() => expect(browser.standing.get(key)?.ack?.by).toBe("local"), WAIT);
    expect(await retained()).toContain("mesh/ack/env/greenhouse/node/offline");
    node.conn = 2;
    await node.status("online");
    await vi.waitFor(() => {
      expect(browser.standing.has(key)).toBe(false);
      expect(browser.nodes.get("env/greenhouse")?.presence).toBe("online");
    }, WAIT);
    expect(browser.history[0]).toMatchObject({ key, ack: { by: "local" } });
  });

  test("one that is retired is gone for good, with all that it left at the broker", async () => {
    const dashboard = await stack.dashboard();
    const node = await stack.node("greenhouse");
    const other = await stack.node("cellar");
    const browser = stack.browser(dashboard.url);
    browser.show(TEMPERATURE);
    await node.stats();
    await node.read(21);
    await other.event("raised", 1);
    await node.event("raised", 1);
    const key = `${TEMPERATURE}/too-hot`;
    await vi.waitFor(() => expect(browser.standing.size).toBe(2), WAIT);
    await fetch(`${dashboard.url}/api/acks`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ key, boot: 1_000, seq: 1 }),
    });
    const early = await fetch(`${dashboard.url}/api/nodes/env/greenhouse`, { method: "DELETE" });
    expect(early.status).toBe(409);
    expect(await early.json()).toMatchObject({ code: "node_online" });
    await node.status("offline");
    await vi.waitFor(() => expect(browser.nodes.get("env/greenhouse")?.presence).toBe("offline"), WAIT);
    const answer = await fetch(`${dashboard.url}/api/nodes/env/greenhouse`, { method: "DELETE" });
    const { removed } = (await answer.json()) as { removed: string[] };
    expect(removed.sort()).toEqual([
      "env/event/greenhouse/temperature/too-hot",
      "env/greenhouse/birth",
      "env/greenhouse/stats",
      "env/greenhouse/status",
      "mesh/ack/env/greenhouse/temperature/too-hot",
    ]);
    await vi.waitFor(() => {
      expect([...browser.nodes.keys()]).toEqual(["env/cellar"]);
      expect([...browser.standing.keys()]).toEqual(["env_cellar_temperature/too-hot"]);
      expect(browser.history[0]).toMatchObject({ key, ended: "removed" });
    }, WAIT);
    expect((await retained()).filter((topic) => topic.includes("greenhouse"))).toEqual([]);
    expect((await fetch(`${dashboard.url}/api/streams/${TEMPERATURE}/window`)).status).toBe(404);
    await dashboard.close();
    const again = await stack.dashboard();
    const later = stack.browser(again.url);
    await vi.waitFor(() => expect([...later.nodes.keys()]).toEqual(["env/cellar"]), WAIT);
  });

  test("commands reach the node, and its answer, or its refusal, the page", async () => {
    const dashboard = await stack.dashboard();
    const node = await stack.node("greenhouse");
    await node.answer();
    await vi.waitFor(async () => {
      const answer = await fetch(`${dashboard.url}/api/commands`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          domain: "env",
          node: "greenhouse",
          name: "simulate",
          args: { type: "overheat" },
        }),
      });
      expect(answer.status).toBe(200);
    }, WAIT);
    expect(node.commands.at(-1)).toEqual({ name: "simulate", args: { type: "overheat" }, by: "local" });
  });

  test("bare publishers and the older forms are shown, and take the older simulation", async () => {
    const dashboard = await stack.dashboard();
    const browser = stack.browser(dashboard.url);
    browser.show("env_desk_temperature", "env_legacy_humidity");
    const link = createMqttLink({ urls: [stack.brokerUrl], clientId: "bare", log: quiet });
    stack.own(() => link.close());
    const simulated: string[] = [];
    link.onMessage((_topic, payload) => void simulated.push(payload.toString()));
    const connected = new Promise((resolve) => link.onConnect(resolve));
    await link.subscribe(["greenhouse/control/simulate"], 1);
    link.start();
    await connected;
    await vi.waitFor(() => expect(browser.hello?.brokers[0]?.connected).toBe(true), WAIT);
    await link.publish("env/desk/temperature/raw", "21.5");
    await link.publish("env/humidity/raw", JSON.stringify({ sensor: "humidity", value: 55 }));
    await link.publish(
      "env/event/HighTemp",
      JSON.stringify({ sensor: "temperature", value: 33, event: "too hot" }),
    );
    await link.publish("env/desk/temperature/raw", "warm");
    await vi.waitFor(() => {
      expect(browser.nodes.get("env/desk")).toMatchObject({ legacy: true, presence: "unknown" });
      expect(browser.nodes.get("env/legacy")?.sensors[0]).toMatchObject({ unit: "%RH", latest: { v: 55 } });
      expect([...(browser.streams.get("env_desk_temperature") ?? [])].map(([, { v }]) => v)).toEqual([21.5]);
      expect(browser.standing.size).toBe(1);
      expect(browser.dropped?.byCause["json"]).toBe(1);
      expect(browser.dropped?.recent[0]).toMatchObject({ topic: "env/desk/temperature/raw", count: 1 });
    }, WAIT);
    const answer = await fetch(`${dashboard.url}/api/commands`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ domain: "env", node: "desk", name: "simulate", args: { type: "overheat" } }),
    });
    expect(answer.status).toBe(200);
    await vi.waitFor(
      () => expect(JSON.parse(simulated[0] ?? "{}")).toMatchObject({ type: "overheat" }),
      WAIT,
    );
  });

  test("are found on every broker, and spoken to through their own", async () => {
    const other = await startBroker({ port: 0 });
    stack.own(() => other.close());
    const url = `mqtt://127.0.0.1:${other.port}`;
    const dashboard = await stack.dashboard({}, { brokers: [[stack.brokerUrl], [url]] });
    const browser = stack.browser(dashboard.url);
    const here = await stack.node("greenhouse");
    const there = new TestNode(url, "cellar", 1_000, ["temperature"]);
    await there.connect();
    stack.own(() => there.close());
    for (const node of [here, there]) await node.answer();
    await vi.waitFor(
      () => expect([...browser.nodes.keys()].sort()).toEqual(["env/cellar", "env/greenhouse"]),
      WAIT,
    );
    for (const node of ["cellar", "greenhouse"]) {
      const answer = await fetch(`${dashboard.url}/api/commands`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ domain: "env", node, name: "read-now", args: {} }),
      });
      expect(answer.status).toBe(200);
    }
    for (const node of [here, there]) {
      expect(node.commands.filter(({ name }) => name === "read-now")).toHaveLength(1);
    }
    await there.status("offline");
    await vi.waitFor(() => expect(browser.nodes.get("env/cellar")?.presence).toBe("offline"), WAIT);
    expect((await fetch(`${dashboard.url}/api/nodes/env/cellar`, { method: "DELETE" })).status).toBe(200);
    await vi.waitFor(() => expect([...browser.nodes.keys()]).toEqual(["env/greenhouse"]), WAIT);
    await other.close();
    await vi.waitFor(
      () => expect(browser.hello?.brokers.map(({ connected }) => connected)).toEqual([true, false]),
      WAIT,
    );
  });

  test("readings are drawn with the error of their node's clock taken out", async () => {
    const dashboard = await stack.dashboard();
    const node = await stack.node("greenhouse");
    const hour = 3_600_000;
    await node.answer(hour);
    const browser = stack.browser(dashboard.url);
    browser.show(TEMPERATURE);
    await node.read(1, "temperature", { timestamp: Date.now() + hour });
    await vi.waitFor(() => {
      const offset = browser.nodes.get("env/greenhouse")?.clockOffsetMs ?? 0;
      expect(Math.abs(offset - hour)).toBeLessThan(1_000);
    }, WAIT);
    await node.read(2, "temperature", { timestamp: Date.now() + hour });
    await vi.waitFor(() => {
      const times = [...(browser.streams.get(TEMPERATURE) ?? [])].map(([, { t }]) =>
        Math.abs(t - Date.now()),
      );
      expect(times).toHaveLength(2);
      expect(Math.max(...times)).toBeLessThan(10_000);
    }, WAIT);
  });
});
