import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { aclBlock, formatPasswordFile, hashPassword, startBroker } from "@fieldmesh/broker";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Dashboard } from "./dashboard.js";
import { TestNode } from "./testing/node.js";
import { Stack } from "./testing/stack.js";

const WAIT = { timeout: 10_000, interval: 20 };

describe("on a broker that lets nobody do more than their role", () => {
  let stack: Stack;
  let node: TestNode;

  beforeEach(async () => {
    const folder = await mkdtemp(join(tmpdir(), "fieldmesh-broker-"));
    const encoded = await hashPassword("pw");
    const passwordFile = join(folder, "passwords");
    const aclFile = join(folder, "acl");
    const users = ["service", "operator", "greenhouse"];
    await writeFile(passwordFile, formatPasswordFile(users.map((user) => ({ user, encoded }))), {
      mode: 0o600,
    });
    const blocks = [
      aclBlock({ user: "service", role: "service" }),
      aclBlock({ user: "operator", role: "operator", domain: "env" }),
      aclBlock({ user: "greenhouse", role: "node", domain: "env", name: "greenhouse" }),
    ];
    await writeFile(aclFile, blocks.join("\n"), { mode: 0o600 });
    stack = await Stack.start(({ port }) => startBroker({ port, passwordFile, aclFile }));
    stack.own(() => rm(folder, { recursive: true }));
    node = new TestNode(stack.brokerUrl.replace("//", "//greenhouse:pw@"), "greenhouse", 1_000, [
      "temperature",
    ]);
    await node.connect();
    stack.own(() => node.close());
    await node.answer();
  });
  afterEach(async () => {
    await stack.close();
  });

  const send = (dashboard: Dashboard, method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(`${dashboard.url}${path}`, {
      method,
      headers: { "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

  async function acknowledge(dashboard: Dashboard): Promise<void> {
    const browser = stack.browser(dashboard.url);
    const key = "env_greenhouse_temperature/too-hot";
    await vi.waitFor(() => expect(browser.standing.has(key)).toBe(true), WAIT);
    expect((await send(dashboard, "POST", "/api/acks", { key, boot: 1_000, seq: 1 })).status).toBe(200);
    const command = { domain: "env", node: "greenhouse", name: "read-now", args: {} };
    expect((await send(dashboard, "POST", "/api/commands", command)).status).toBe(200);
    await node.status("offline");
    await vi.waitFor(() => expect(browser.nodes.get("env/greenhouse")?.presence).toBe("offline"), WAIT);
  }

  test("a dashboard of the role service reads, acknowledges, commands and removes", async () => {
    await node.event("raised", 1);
    const dashboard = await stack.dashboard({}, { mqtt: { username: "service", password: "pw" } });
    await acknowledge(dashboard);
    expect((await send(dashboard, "DELETE", "/api/nodes/env/greenhouse")).status).toBe(200);
  });

  test("one of the role operator does so too, and says that it may not remove a node", async () => {
    await node.event("raised", 1);
    const dashboard = await stack.dashboard({}, { mqtt: { username: "operator", password: "pw" } });
    await acknowledge(dashboard);
    const answer = await send(dashboard, "DELETE", "/api/nodes/env/greenhouse");
    expect(answer.status).toBe(502);
    expect(await answer.json()).toMatchObject({ code: "not_removed" });
    expect((await send(dashboard, "GET", "/api/state")).status).toBe(200);
  });
});
