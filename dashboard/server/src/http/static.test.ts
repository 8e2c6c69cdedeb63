import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startBroker } from "@fieldmesh/broker";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Dashboard } from "../dashboard.js";
import { Stack } from "../testing/stack.js";

describe("the browser app", () => {
  let stack: Stack;
  let dashboard: Dashboard;
  beforeAll(async () => {
    stack = await Stack.start(startBroker);
    const web = await mkdtemp(join(tmpdir(), "fieldmesh-web-"));
    stack.own(() => rm(web, { recursive: true }));
    await mkdir(join(web, "assets"));
    await writeFile(join(web, "index.html"), "<!doctype html><title>app</title>");
    await writeFile(join(web, "assets", "index-abc123.js"), "export {};");
    await writeFile(join(web, "theme.js"), "1;");
    dashboard = await stack.dashboard({}, { web });
  });
  afterAll(async () => {
    await stack.close();
  });

  const get = (path: string, init?: RequestInit): Promise<Response> => fetch(`${dashboard.url}${path}`, init);

  test("its page answers every address of its own, never cached unseen", async () => {
    for (const path of ["/", "/alarms", "/stream/env_a_b", "/node/env/a"]) {
      const answer = await get(path);
      expect([path, answer.status]).toEqual([path, 200]);
      expect(answer.headers.get("content-type")).toContain("text/html");
      expect(answer.headers.get("cache-control")).toBe("no-cache");
      expect(await answer.text()).toContain("<title>app</title>");
    }
  });

  test("files with their hash in the name are kept for good, others are asked for", async () => {
    const hashed = await get("/assets/index-abc123.js");
    expect(hashed.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect((await get("/theme.js")).headers.get("cache-control")).toBe("no-cache");
    const missing = await get("/assets/index-old.js");
    expect(missing.status).toBe(404);
    expect(missing.headers.get("cache-control")).toBeNull();
  });

  test("nothing runs but our own scripts, and nothing is loaded or framed from elsewhere", async () => {
    const policy = (await get("/")).headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("connect-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
  });

  test("unknown parts of the interface are problems, not pages", async () => {
    const answer = await get("/api/nothing");
    expect(answer.status).toBe(404);
    expect(answer.headers.get("content-type")).toContain("application/problem+json");
    expect((await get("/..%2f..%2fetc/passwd")).headers.get("content-type")).not.toContain("octet");
    expect((await get("/", { method: "POST" })).status).toBe(404);
  });
});
