import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { Inspection } from "./inspection.js";

const CHROMIUM = "/usr/bin/chromium";
const room = join(import.meta.dirname, "..");
const installed = existsSync(CHROMIUM);
if (!installed)
  process.stderr.write("browser tests of dashboard/web are skipped: apt-get install chromium\n");

declare global {
  var __fieldmesh: Inspection;
}

interface Mock {
  url: string;
  stop: () => Promise<void>;
}

describe.skipIf(!installed)("the app in a browser", { timeout: 60_000 }, () => {
  let app: string;
  let browser: Browser;

  beforeAll(async () => {
    app = await mkdtemp(join(tmpdir(), "fieldmesh-web-"));
    await build({ root: room, logLevel: "error", build: { outDir: app } });
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      chromiumSandbox: false,
      args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
    });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    if (app !== undefined) await rm(app, { recursive: true });
  });

  async function mock(...options: string[]): Promise<Mock> {
    const child: ChildProcess = spawn(
      process.execPath,
      [
        join(room, "dev/mock-server.mjs"),
        "--app",
        app,
        ...(options.includes("--port") ? [] : ["--port", "0"]),
        ...options,
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const stop = async (): Promise<void> => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, "exit");
      child.kill();
      await gone;
    };
    onTestFinished(stop);
    if (child.stdout === null) throw new Error("the mock server has no stdout");
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    return { url: line.toString().trim(), stop };
  }

  /** A page that fails the test when anything is refused by the security headers or throws. */
  async function open(url: string, width = 1280): Promise<Page> {
    const context = await browser.newContext({ viewport: { width, height: 900 } });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const wrong: string[] = [];
    page.on("pageerror", (error) => wrong.push(String(error)));
    page.on("console", (message) => {
      // What the network refuses is shown on the page; everything else is a fault.
      const ofNetwork = /ERR_CONNECTION|status of 4\d\d/.test(message.text());
      if (message.type() === "error" && !ofNetwork) wrong.push(message.text());
    });
    page.on("request", (request) => {
      if (new URL(request.url()).hostname !== "127.0.0.1") wrong.push(`asked another host: ${request.url()}`);
    });
    onTestFinished(() => expect(wrong).toEqual([]));
    await page.goto(url);
    return page;
  }

  const charted = (page: Page, stream: string) =>
    page.evaluate((s) => globalThis.__fieldmesh.charted(s), stream);
  const TEMPERATURE = "env_greenhouse_temperature";

  it("shows every node and sensor with its value, and charts that move", async () => {
    const { url } = await mock();
    const page = await open(url);
    const tile = page.locator(`[data-stream="${TEMPERATURE}"]`);
    await tile.locator("canvas").waitFor();
    await expect.poll(() => tile.locator("[data-value]").textContent()).toMatch(/^\d\d\.\d$/);
    expect(await page.locator("[data-node]").count()).toBe(3);
    // The canvas is there before its window has come.
    await expect.poll(async () => (await charted(page, TEMPERATURE)).length).toBeGreaterThan(200);
    const before = await charted(page, TEMPERATURE);
    await expect.poll(async () => (await charted(page, TEMPERATURE)).length).toBeGreaterThan(before.length);
    await expect.poll(() => tile.locator("canvas").getAttribute("aria-label")).toContain("lowest");
    expect(await page.locator("[data-alarm-counter]").textContent()).toContain("2 unacknowledged");
  });

  it("says that the connection is lost, comes back by itself, and charts what the server has", async () => {
    const first = await mock();
    const page = await open(`${first.url}/stream/${TEMPERATURE}`);
    await expect.poll(async () => (await charted(page, TEMPERATURE)).length).toBeGreaterThan(100);
    await first.stop();
    await page.locator("[data-banner]").waitFor();
    await mock("--port", new URL(first.url).port);
    await page.locator("[data-banner]").waitFor({ state: "detached" });
    // The restarted mock counts from 1 anew: what was charted before has been replaced.
    await expect.poll(async () => (await charted(page, TEMPERATURE))[0]?.seq).toBe(1);
    const sequence = (await charted(page, TEMPERATURE)).map((reading) => reading.seq);
    expect(sequence).toEqual(sequence.map((_, i) => i + 1));
  });

  it("shows markup in names as text", async () => {
    const { url } = await mock("--hostile");
    const page = await open(url);
    await expect.poll(() => page.locator("[data-node] h2").first().textContent()).toContain("<img src=x");
    expect(await page.locator("[data-node] img").count()).toBe(0);
    expect(await page.title()).not.toContain("owned");
  });

  it("fits a phone on every page", async () => {
    const { url } = await mock();
    const page = await open(url, 390);
    for (const path of ["/", "/alarms", "/system", "/node/env/greenhouse", `/stream/${TEMPERATURE}`]) {
      await page.goto(url + path);
      await page.locator("main h1").waitFor();
      await page.waitForFunction(() => globalThis.__fieldmesh.connected());
      expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBe(390);
    }
  });

  it("acknowledges, simulates and reports what the node refuses, by keyboard and by button", async () => {
    const { url } = await mock();
    const page = await open(url);
    await page.locator("[data-node]").first().waitFor();
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to the content");
    await page.keyboard.press("a");
    await page.getByRole("button", { name: /Acknowledge: airquality/ }).click();
    await page.getByLabel("Note (optional)").fill("window opened");
    await page.keyboard.press("Enter");
    await page.getByText("“window opened”").waitFor();

    await page.goto(`${url}/stream/${TEMPERATURE}`);
    await page.getByRole("button", { name: "Overheat" }).click();
    await page.getByText("Overheat begun on Temperature.").waitFor();
    await page.getByLabel("Interval (s)").fill("0.001");
    await page.getByRole("button", { name: "Set interval" }).click();
    await page.getByText("expected 10 or more").waitFor();
  });

  it("asks for sign-in, hides what a viewer may not do, and ends the session", async () => {
    const { url } = await mock("--sign-in");
    const page = await open(`${url}/node/env/greenhouse`);
    await page.getByLabel("Name").fill("viewer");
    await page.getByLabel("Password").fill("right");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Sensors" }).waitFor();
    expect(await page.getByRole("button", { name: "Overheat" }).count()).toBe(0);
    expect(await page.getByRole("button", { name: /Remove/ }).count()).toBe(0);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Password").waitFor();
  });

  it("puts 2,000 streams on the page and charts only those on screen", async () => {
    const { url } = await mock("--streams", "2000");
    const page = await open(url);
    await page.locator("[data-stream] canvas").first().waitFor();
    await expect.poll(() => page.locator("[data-stream]").count()).toBe(2000);
    expect(await page.evaluate(() => globalThis.__fieldmesh.streams().length)).toBeLessThan(80);
    await page.getByPlaceholder("Search nodes and sensors").fill("sensor-1999");
    await expect.poll(() => page.locator("[data-stream]").count()).toBe(1);
    await expect
      .poll(() => page.evaluate(() => globalThis.__fieldmesh.streams()))
      .toEqual(["env_node-40_sensor-1999"]);
  });

  it("ships no validator and nothing inline", async () => {
    const files = await readdir(join(app, "assets"));
    for (const file of files.filter((name) => name.endsWith(".js"))) {
      expect(await readFile(join(app, "assets", file), "utf8")).not.toContain("ZodError");
    }
    const html = await readFile(join(app, "index.html"), "utf8");
    expect(html).not.toMatch(/<style|style=|<script>|data:/);
  });
});
