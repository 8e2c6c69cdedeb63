import { join } from "node:path";
import { startBroker } from "@fieldmesh/broker";
import { addToken, addUser, removeUser } from "@fieldmesh/runtime";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Dashboard } from "./dashboard.js";
import type { TestNode } from "./testing/node.js";
import { Stack } from "./testing/stack.js";

const WAIT = { timeout: 10_000, interval: 20 };
const ROLES = ["nobody", "viewer", "operator", "admin"] as const;

/** Each endpoint with the least role that may use it, and what it answers to that one. */
const ENDPOINTS: [
  method: string,
  path: string,
  body: unknown,
  least: (typeof ROLES)[number],
  status: number,
][] = [
  ["GET", "/api/session", undefined, "nobody", 200],
  ["GET", "/healthz", undefined, "nobody", 200],
  ["GET", "/api/state", undefined, "viewer", 200],
  ["GET", "/api/streams/env_greenhouse_temperature/window", undefined, "viewer", 200],
  ["GET", "/api/channels", undefined, "viewer", 200],
  ["POST", "/api/acks", { key: "env_greenhouse_temperature/none", boot: 1, seq: 1 }, "operator", 404],
  [
    "POST",
    "/api/commands",
    { domain: "env", node: "greenhouse", name: "read-now", args: {} },
    "operator",
    200,
  ],
  ["POST", "/api/channels/none/test", undefined, "admin", 404],
  ["DELETE", "/api/nodes/env/greenhouse/sensors/none", undefined, "admin", 404],
  ["DELETE", "/api/nodes/env/none", undefined, "admin", 404],
];

describe("who may what", () => {
  let stack: Stack;
  let dashboard: Dashboard;
  let node: TestNode;
  const tokens: Record<string, string> = {};

  beforeEach(async () => {
    stack = await Stack.start(startBroker);
    const users = join(stack.folder, "users.yaml");
    for (const role of ["viewer", "operator", "admin"] as const) {
      tokens[role] = await addToken(users, { name: `${role}-program`, role });
    }
    await addUser(users, { name: "ann", role: "viewer", password: "correct horse" });
    dashboard = await stack.dashboard();
    node = await stack.node("greenhouse");
    await node.answer();
    await node.read(21);
    await vi.waitFor(async () => {
      const answer = await request("viewer", "GET", "/api/streams/env_greenhouse_temperature/window");
      expect(answer.status).toBe(200);
    }, WAIT);
  });
  afterEach(async () => {
    await stack.close();
  });

  function request(role: string, method: string, path: string, body?: unknown): Promise<Response> {
    const token = tokens[role];
    return fetch(`${dashboard.url}${path}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  test.each(ENDPOINTS)("%s %s", async (method, path, body, least, status) => {
    for (const role of ROLES) {
      const answer = await request(role, method, path, body);
      const text = await answer.text();
      if (ROLES.indexOf(role) >= ROLES.indexOf(least))
        expect([role, answer.status, text]).toEqual([role, status, text]);
      else {
        expect([role, answer.status]).toEqual([role, role === "nobody" ? 401 : 403]);
        expect(answer.headers.get("content-type")).toContain("application/problem+json");
      }
    }
  });

  test("bodies that are not what they should be are refused with the field", async () => {
    const cases: [string, unknown, number, string][] = [
      ["/api/acks", { key: 5, boot: 1, seq: 1 }, 422, "/key"],
      ["/api/acks", { key: "x", boot: 1, seq: 1, more: 1 }, 422, ""],
      ["/api/acks", "text", 400, ""],
      ["/api/commands", { domain: "env", node: "greenhouse", name: "explode", args: {} }, 422, ""],
      ["/api/commands", { domain: "env", node: "greenhouse", name: "set-interval", args: {} }, 422, "args"],
      ["/api/commands", { domain: "../..", node: "greenhouse", name: "read-now", args: {} }, 404, ""],
      ["/api/commands", { domain: "env", node: "__proto__", name: "read-now", args: {} }, 404, ""],
    ];
    for (const [path, body, status, mentioned] of cases) {
      const answer = await request("operator", "POST", path, body);
      const text = await answer.text();
      expect([path, body, answer.status]).toEqual([path, body, status]);
      expect(text).toContain(mentioned);
    }
  });

  test("a browser without a session is turned away, and one whose user is removed is signed out", async () => {
    const stranger = stack.browser(dashboard.url);
    await vi.waitFor(() => expect(stranger.error).toBe("unauthorized"), WAIT);
    expect(stranger.hello).toBeUndefined();

    const wrong = await request("nobody", "POST", "/api/session", { name: "ann", password: "wrong" });
    expect(wrong.status).toBe(401);
    const signedIn = await request("nobody", "POST", "/api/session", {
      name: "ann",
      password: "correct horse",
    });
    expect(await signedIn.json()).toEqual({ user: { name: "ann", role: "viewer" } });
    const cookie = signedIn.headers.get("set-cookie")?.split(";")[0] ?? "";
    const browser = stack.browser(dashboard.url, { cookie });
    await vi.waitFor(() => expect(browser.hello?.user).toEqual({ name: "ann", role: "viewer" }), WAIT);

    await removeUser(join(stack.folder, "users.yaml"), "ann");
    await vi.waitFor(() => expect(browser.signedOut).toBe(true), WAIT);
    await vi.waitFor(() => expect(browser.socket.connected).toBe(false), WAIT);
  });

  test("a page of another site gets no connection", async () => {
    const foreign = stack.browser(dashboard.url, {
      origin: "https://evil.example",
      authorization: `Bearer ${tokens["admin"]}`,
    });
    await vi.waitFor(() => expect(foreign.error).toBeDefined(), WAIT);
    expect(foreign.hello).toBeUndefined();
  });
});
