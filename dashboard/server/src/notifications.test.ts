import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { startBroker } from "@fieldmesh/broker";
import { encodeEvent } from "@fieldmesh/protocol";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { defaultDashboardConfig, parseDashboardConfig } from "./config/read-config.js";
import type { DashboardConfig } from "./config/schema.js";
import type { Notification } from "./notify/notification.js";
import { Stack } from "./testing/stack.js";

const WAIT = { timeout: 15_000, interval: 20 };

describe("notifications of the dashboard", () => {
  let stack: Stack;
  let server: Server;
  let received: Notification[];
  let status: number;
  let config: Partial<DashboardConfig>;

  beforeEach(async () => {
    stack = await Stack.start(startBroker);
    received = [];
    status = 200;
    server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        if (status === 200) received.push(JSON.parse(Buffer.concat(parts).toString()) as Notification);
        response.writeHead(status).end("busy");
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    stack.own(async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    });
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const { channels } = parseDashboardConfig(
      `channels: [{name: ops, kind: webhook, url: "http://127.0.0.1:${port}/hook", minSeverity: warning}]`,
      "test.yaml",
    );
    config = { channels, nodes: { ...defaultDashboardConfig().nodes, after: 0 } };
  });
  afterEach(async () => {
    await stack.close();
  });

  const told = (): string[] => received.map(({ what, rule, severity }) => `${what} ${rule} ${severity}`);

  test("a raise, its end, and a node that is gone, each once, over a restart", async () => {
    const first = await stack.dashboard(config);
    const browser = stack.browser(first.url);
    const node = await stack.node("greenhouse");
    await node.event("raised", 1);
    await vi.waitFor(() => expect(told()).toEqual(["raised too-hot warning"]), WAIT);
    await vi.waitFor(
      () => expect(browser.dropped?.channels[0]).toMatchObject({ name: "ops", sent: 1, pending: 0 }),
      WAIT,
    );
    await first.close();

    const second = await stack.dashboard(config);
    const later = stack.browser(second.url);
    await vi.waitFor(() => expect(later.standing.size).toBe(1), WAIT);
    await node.event("raised", 1); // its node connected anew
    await node.event("cleared", 2);
    await vi.waitFor(
      () => expect(told()).toEqual(["raised too-hot warning", "cleared too-hot warning"]),
      WAIT,
    );
    await node.status("offline", "connection lost");
    await vi.waitFor(() => expect(told().slice(2)).toEqual(["raised offline critical"]), WAIT);
    expect(received[2]?.message).toBe("node greenhouse is offline: connection lost");
    node.conn = 2;
    await node.status("online");
    await vi.waitFor(() => expect(told().slice(3)).toEqual(["cleared offline critical"]), WAIT);
    expect(new Set(received.map(({ id }) => id)).size).toBe(4);
  });

  test("a promise that is broken, which the historian tells", async () => {
    await stack.dashboard(config);
    const node = await stack.node("greenhouse");
    const told = {
      node: "greenhouse",
      sensor: "temperature",
      rule: "slo-availability",
      severity: "critical" as const,
      value: 97.2,
      limit: 99,
      unit: "%",
      timestamp: Date.now(),
      since: Date.now(),
      boot: 1,
      message: "availability 97.2 % of 24 h, promised 99 %: the budget burns 8 times too fast",
    };
    const tell = async (state: "raised" | "cleared", seq: number) =>
      await node.link.publish(
        "mesh/alarm/env_greenhouse_temperature/slo-availability",
        encodeEvent({ ...told, state, seq }),
        { qos: 1, retain: true },
      );
    await tell("raised", 1);
    await vi.waitFor(() => expect(received).toHaveLength(1), WAIT);
    expect(received[0]).toMatchObject({ what: "raised", severity: "critical", message: told.message });
    await tell("raised", 1); // the historian connected anew
    await tell("cleared", 2);
    await vi.waitFor(() => expect(received.map(({ what }) => what)).toEqual(["raised", "cleared"]), WAIT);
  });

  test("what a channel does not take is shown, kept over a restart, and sent when it does", async () => {
    status = 503;
    const first = await stack.dashboard(config);
    const browser = stack.browser(first.url);
    const node = await stack.node("greenhouse");
    await vi.waitFor(() => expect(browser.nodes.size).toBe(1), WAIT);
    await node.event("raised", 1);
    await vi.waitFor(() => {
      const [channel] = browser.dropped?.channels ?? [];
      expect(channel).toMatchObject({ sent: 0, pending: 1 });
      expect(channel?.lastError?.message).toContain("answered 503: busy");
    }, WAIT);
    const test = await fetch(`${first.url}/api/channels/ops/test`, { method: "POST" });
    expect(test.status).toBe(502);
    expect(await test.json()).toMatchObject({
      code: "channel_failed",
      detail: expect.stringContaining("503"),
    });
    await first.close();
    status = 200;
    const second = await stack.dashboard(config);
    await vi.waitFor(() => expect(told()).toEqual(["raised too-hot warning"]), WAIT);
    const again = await fetch(`${second.url}/api/channels/ops/test`, { method: "POST" });
    expect(await again.json()).toEqual({ ok: true });
    await vi.waitFor(() => expect(told().at(-1)).toBe("test test info"), WAIT);
  });
});
