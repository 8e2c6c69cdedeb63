import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startBroker } from "@fieldmesh/broker";
import { type Dashboard, defaultDashboardConfig, startDashboard } from "@fieldmesh/dashboard";
import { type Historian, startHistorian } from "@fieldmesh/historian";
import type { HistoryReadings, HistoryStream, ImportProgress } from "@fieldmesh/protocol";
import { addToken, addUser, createLog, createMqttLink } from "@fieldmesh/runtime";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

const WAIT = { timeout: 20_000, interval: 50 };
const log = createLog("test", { level: process.env["TEST_LOG"] ?? "silent" });
const DESK = "env_desk_temperature";

describe("history behind the dashboard", () => {
  let folder: string;
  let users: string;
  let mqttUrl: string;
  const closers: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "fieldmesh-history-"));
    users = join(folder, "users.yaml");
    const broker = await startBroker({ port: 0 });
    mqttUrl = `mqtt://127.0.0.1:${broker.port}`;
    closers.push(
      () => rm(folder, { recursive: true, force: true }),
      () => broker.close(),
    );
  });
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function historian(): Promise<Historian> {
    const started = await startHistorian(
      {
        host: "127.0.0.1",
        port: 0,
        usersFile: users,
        brokers: [[mqttUrl]],
        folder: join(folder, "historian"),
      },
      { log },
    );
    closers.push(() => started.close());
    return started;
  }

  async function dashboard(url: string, publicUrl?: URL): Promise<Dashboard> {
    const started = await startDashboard(
      {
        host: "127.0.0.1",
        port: 0,
        usersFile: users,
        brokers: [[mqttUrl]],
        folder: join(folder, "dashboard"),
        config: defaultDashboardConfig(),
        historian: new URL(url),
        publicUrl,
      },
      { log },
    );
    closers.push(() => started.close());
    return started;
  }

  /** Publishes as anyone can from a shell. */
  async function publish(value: string): Promise<void> {
    const link = createMqttLink({ urls: [mqttUrl], clientId: "desk", log });
    link.start();
    closers.push(() => link.close());
    await vi.waitFor(() => expect(link.connected).toBe(true), WAIT);
    await link.publish("env/desk/temperature/raw", value, { qos: 1, retain: false });
  }

  const csv = (stream: string): [string, RequestInit] => [
    `/api/history/streams/${stream}/import`,
    {
      method: "POST",
      headers: { "content-type": "text/csv" },
      body: `time,value,unit\n${Date.now() - 60_000},20.5,Cel\n${Date.now() - 30_000},21,Cel\n`,
    },
  ];

  test("without users: what was published is read, and a file goes in and out, all at the dashboard", async () => {
    const { url } = await dashboard((await historian()).url);
    await vi.waitFor(async () => {
      const answer = await fetch(`${url}/api/history/status`);
      expect(await answer.json()).toMatchObject({ role: "writer", brokers: [{ connected: true }] });
    }, WAIT);
    await publish("21.5");
    await vi.waitFor(async () => {
      const answer = await fetch(`${url}/api/history/streams/${DESK}/latest`);
      expect(await answer.json()).toMatchObject({ stream: DESK, value: 21.5, unit: "Cel", boot: 0 });
    }, WAIT);

    const [path, init] = csv(DESK);
    const imported = await fetch(`${url}${path}`, init);
    const lines = (await imported.text()).trim().split("\n");
    expect(JSON.parse(lines.at(-1) ?? "") as ImportProgress).toMatchObject({ stored: 2, done: true });
    const found = await fetch(`${url}/api/history/streams/${DESK}/readings?last=1h`);
    expect(((await found.json()) as HistoryReadings).v).toEqual([20.5, 21, 21.5]);
    await vi.waitFor(async () => {
      const rows = await fetch(`${url}/api/history/streams/${DESK}/readings?last=1h&level=minute`);
      expect(((await rows.json()) as HistoryReadings).max?.at(-1)).toBe(21.5);
    }, WAIT);
    const exported = await fetch(`${url}/api/history/streams/${DESK}/readings?last=1h`, {
      headers: { accept: "text/csv" },
    });
    expect((await exported.text()).trim().split("\r\n").length).toBe(4);
    const streams = (await (await fetch(`${url}/api/history/streams`)).json()) as HistoryStream[];
    expect(streams.map(({ stream, readings }) => [stream, readings])).toEqual([[DESK, 3]]);

    // As a proxy on this machine would pass a stranger's request on.
    const request = httpRequest(`${url}/api/history/streams`, {
      headers: { "x-forwarded-for": "192.0.2.1" },
    });
    request.end();
    const [response] = await once(request, "response");
    response.resume();
    expect(response.statusCode).toBe(401);
  });

  test("with users: one sign-in holds for both, by https or not, and roles hold at the historian", async () => {
    await addUser(users, { name: "ann", role: "viewer", password: "correct horse" });
    const token = await addToken(users, { name: "loader", role: "operator" });
    const history = await historian();
    for (const publicUrl of [undefined, new URL("https://mesh.example.org")]) {
      const front = await dashboard(history.url, publicUrl);
      const { url } = front;
      expect((await fetch(`${url}/api/history/streams`)).status).toBe(401);
      const signedIn = await fetch(`${url}/api/session`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ name: "ann", password: "correct horse" }),
      });
      expect(signedIn.status).toBe(200);
      const cookie = signedIn.headers.get("set-cookie")?.split(";")[0] ?? "";
      const [path, init] = csv("env_lab_humidity");
      const asAnn = await fetch(`${url}${path}`, {
        ...init,
        headers: { "content-type": "text/csv", cookie },
      });
      expect(asAnn.status).toBe(403);
      const asLoader = await fetch(`${url}${path}`, {
        ...init,
        headers: { "content-type": "text/csv", authorization: `Bearer ${token}` },
      });
      expect(await asLoader.text()).toContain('"done":true');
      const read = await fetch(`${url}/api/history/streams/env_lab_humidity/latest`, { headers: { cookie } });
      expect([read.status, ((await read.json()) as { value: number }).value]).toEqual([200, 21]);
      // The historian itself knows the session too.
      const direct = await fetch(`${history.url}/api/history/streams`, { headers: { cookie } });
      expect(direct.status).toBe(200);
      await fetch(`${url}/api/session`, { method: "DELETE", headers: { cookie } });
      expect((await fetch(`${url}/api/history/streams`, { headers: { cookie } })).status).toBe(401);
      expect((await fetch(`${history.url}/api/history/streams`, { headers: { cookie } })).status).toBe(401);
      await front.close();
    }
  });

  test("a historian that ends is said to be away, and one that comes back answers again", async () => {
    const first = await historian();
    const { url } = await dashboard(first.url);
    expect((await fetch(`${url}/api/history/status`)).status).toBe(200);
    await first.close();
    const away = await fetch(`${url}/api/history/status`);
    expect([away.status, ((await away.json()) as { code: string }).code]).toEqual([502, "historian_away"]);
    const port = first.port;
    const again = await startHistorian(
      { host: "127.0.0.1", port, usersFile: users, brokers: [[mqttUrl]], folder: join(folder, "historian") },
      { log },
    );
    closers.push(() => again.close());
    expect((await fetch(`${url}/api/history/status`)).status).toBe(200);
  });
});
