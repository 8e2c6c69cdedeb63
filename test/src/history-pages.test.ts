import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startBroker } from "@fieldmesh/broker";
import { defaultDashboardConfig, startDashboard } from "@fieldmesh/dashboard";
import { startHistorian } from "@fieldmesh/historian";
import { createLog } from "@fieldmesh/runtime";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { TestBrowser } from "./browser.js";
import { EdgeProcess } from "./faults/harness/edge-node.js";
import { pause } from "./faults/harness/pause.js";
import { SwallowingProxy } from "./faults/harness/proxy.js";
import { lacks } from "./requirements.js";

const STREAM = "env_greenhouse_temperature";
const INTERVAL_MS = 500;
const OUTAGE_MS = 15_000;
/** The page's live window is shorter than what is looked at: that comes from the historian. */
const WINDOW_MS = 10_000;
const WITHIN = { timeout: 45_000, interval: 200 }; // ms
// 1 % of an hour is 36 s: an outage of 15 s takes a good part of it, and burns.
const PROMISE = `version: 1
defaults:
  objectives:
    availability: { target: 99%, within: 2s, window: 1h }
`;

interface Drawn {
  t: number;
  v: number | null;
}

async function drawn(page: Page): Promise<Drawn[]> {
  return await page.evaluate(
    (name) =>
      (globalThis as unknown as { __fieldmesh: { drawn: (stream: string) => Drawn[] } }).__fieldmesh.drawn(
        name,
      ),
    STREAM,
  );
}

describe.skipIf(lacks("chromium"))("a node whose network was cut, afterwards", { timeout: 120_000 }, () => {
  const closers: (() => Promise<unknown>)[] = [];
  let browser: TestBrowser;
  let proxy: SwallowingProxy;
  let url: string;

  beforeAll(async () => {
    const log = createLog("test", { level: process.env["TEST_LOG"] ?? "silent" });
    const folder = await mkdtemp(join(tmpdir(), "fieldmesh-pages-"));
    closers.push(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
    const broker = await startBroker({ port: 0 });
    closers.push(() => broker.close());
    const configFile = join(folder, "historian.yaml");
    await writeFile(configFile, PROMISE);
    const place = {
      host: "127.0.0.1",
      port: 0,
      usersFile: join(folder, "users.yaml"),
      brokers: [[`mqtt://127.0.0.1:${broker.port}`]],
    };
    const historian = await startHistorian(
      { ...place, folder: join(folder, "historian"), configFile },
      { log },
    );
    closers.push(() => historian.close());
    const usual = defaultDashboardConfig();
    const dashboard = await startDashboard(
      {
        ...place,
        folder: join(folder, "dashboard"),
        config: { ...usual, window: { ...usual.window, length: WINDOW_MS } },
        historian: new URL(historian.url),
      },
      { log },
    );
    closers.push(() => dashboard.close());
    url = dashboard.url;
    proxy = new SwallowingProxy(broker.port);
    await proxy.start();
    closers.push(() => proxy.close());
    const nodeFolder = join(folder, "node");
    await mkdir(nodeFolder);
    const node = new EdgeProcess({
      id: "greenhouse",
      folder: nodeFolder,
      url: proxy.url,
      sensors: ["temperature"],
      intervalMs: INTERVAL_MS,
    });
    await node.start();
    closers.push(() => node.stop());
    browser = await TestBrowser.open();
    closers.push(() => browser.close());
  });
  afterAll(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  test("a person reads what happened, what was late and what it did to the promise", async () => {
    const page = await browser.page(`${url}/stream/${STREAM}`);
    const availability = page.locator('[data-objective="availability"]');
    await vi.waitFor(async () => {
      expect(await availability.textContent({ timeout: 1_000 })).toContain(
        "99 % of 1 h: a reading not older than 2 s",
      );
      expect((await drawn(page)).length).toBeGreaterThan(10);
    }, WITHIN);

    const cutAt = Date.now();
    proxy.swallow();
    await pause(OUTAGE_MS);
    proxy.heal();

    // The ledger: when, how many, why, and that all came.
    // What was read before the node had its first connection may be an entry of its own.
    const late = page
      .locator('[data-entry="late"]')
      .filter({ hasText: /\d\d readings late/ })
      .first();
    await vi.waitFor(async () => {
      expect(await late.textContent({ timeout: 1_000 })).toMatch(
        /^\d\d:\d\d:\d\d–\d\d:\d\d:\d\d: \d+ readings late, the node could not reach the broker; all came at \d\d:\d\d:\d\d/,
      );
    }, WITHIN);
    const text = (await late.textContent()) ?? "";
    const count = Number(/(\d+) readings late/.exec(text)?.[1]);
    expect(count).toBeGreaterThanOrEqual(OUTAGE_MS / INTERVAL_MS - 4);
    expect(text).toMatch(
      /No fresh reading for about \d+ s: about \d+ % of the 1 h error budget of availability/,
    );
    const from = Date.parse((await late.locator("time").getAttribute("datetime")) ?? "");
    expect(Math.abs(from - cutAt)).toBeLessThan(5_000);
    const sums = await page.locator("[data-sums]").textContent();
    expect(Number(/(\d+) late/.exec(sums ?? "")?.[1])).toBeGreaterThanOrEqual(count);
    expect(sums).not.toMatch(/lost for good|missing/);

    // The promise: what it cost, and that it burns, here and among the alarms.
    await vi.waitFor(async () => {
      expect(await availability.getAttribute("data-state", { timeout: 1_000 })).toBe("burning");
      expect(await availability.textContent()).toMatch(/Burning.*\d+ s spent, \d+(\.\d)? s left/);
    }, WITHIN);
    await page
      .getByRole("link", { name: /^Alarms/ })
      .first()
      .click();
    const alarm = page.locator(`[data-alarm*="${STREAM}/slo-availability"]`).first();
    await vi.waitFor(async () => {
      expect(await alarm.textContent({ timeout: 1_000 })).toMatch(/availability .* promised 99 % .*too fast/);
    }, WITHIN);

    // Back by the alarm's own link, and into history: the outage's readings are all there.
    await alarm.getByRole("link").click();
    await late.getByRole("button").click();
    expect(await page.locator("[data-axis]").getAttribute("data-axis")).toBe("fixed");
    const cameBy = from + count * INTERVAL_MS;
    await vi.waitFor(async () => {
      const times = (await drawn(page)).map(({ t }) => t).filter((t) => t > from - 3_000 && t < cameBy);
      expect(times.length).toBeGreaterThanOrEqual(count);
      const steps = times.slice(1).map((t, i) => t - (times[i] ?? 0));
      expect(Math.max(...steps)).toBeLessThan(2 * INTERVAL_MS);
    }, WITHIN);
    expect(browser.errors).toEqual([]);
  });
});
