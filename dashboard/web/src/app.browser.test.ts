import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { charted, installed, useStage } from "./testing/browser.js";

/** Machines that test are slow at times; what is waited for comes, or it does not. */
const patient = { timeout: 20_000, interval: 100 };

describe.skipIf(!installed)("the app in a browser", { timeout: 60_000 }, () => {
  const stage = useStage();
  const TEMPERATURE = "env_greenhouse_temperature";

  it("shows every node and sensor with its value, and charts that move", async () => {
    const { url } = await stage.mock();
    const page = await stage.open(url);
    const tile = page.locator(`[data-stream="${TEMPERATURE}"]`);
    await tile.locator("canvas").waitFor();
    await expect.poll(() => tile.locator("[data-value]").textContent(), patient).toMatch(/^\d\d\.\d$/);
    expect(await page.locator("[data-node]").count()).toBe(3);
    // The canvas is there before its window has come.
    await expect.poll(async () => (await charted(page, TEMPERATURE)).length, patient).toBeGreaterThan(200);
    const before = await charted(page, TEMPERATURE);
    await expect
      .poll(async () => (await charted(page, TEMPERATURE)).length, patient)
      .toBeGreaterThan(before.length);
    await expect.poll(() => tile.locator("canvas").getAttribute("aria-label"), patient).toContain("lowest");
    expect(await page.locator("[data-alarm-counter]").textContent()).toContain("3 unacknowledged");
  });

  it("says that the connection is lost, comes back by itself, and charts what the server has", async () => {
    const first = await stage.mock();
    const page = await stage.open(`${first.url}/stream/${TEMPERATURE}`);
    await expect.poll(async () => (await charted(page, TEMPERATURE)).length, patient).toBeGreaterThan(100);
    await first.stop();
    await page.locator("[data-banner]").waitFor();
    await stage.mock("--port", new URL(first.url).port);
    await page.locator("[data-banner]").waitFor({ state: "detached" });
    // The restarted mock counts from 1 anew: what was charted before has been replaced.
    await expect.poll(async () => (await charted(page, TEMPERATURE))[0]?.seq, patient).toBe(1);
    const sequence = (await charted(page, TEMPERATURE)).map((reading) => reading.seq);
    expect(sequence).toEqual(sequence.map((_, i) => i + 1));
  });

  it("shows markup in names as text", async () => {
    const { url } = await stage.mock("--hostile");
    const page = await stage.open(url);
    await expect
      .poll(() => page.locator("[data-node] h2").first().textContent(), patient)
      .toContain("<img src=x");
    expect(await page.locator("[data-node] img").count()).toBe(0);
    expect(await page.title()).not.toContain("owned");
  });

  it("fits a phone on every page", async () => {
    const { url } = await stage.mock();
    const page = await stage.open(url, 390);
    for (const path of [
      "/",
      "/alarms",
      "/events",
      "/quality",
      "/compare",
      "/system",
      "/mesh",
      "/node/env/greenhouse",
      `/stream/${TEMPERATURE}`,
    ]) {
      await page.goto(url + path);
      await page.locator("main h1").waitFor();
      await page.waitForFunction(() => globalThis.__fieldmesh.connected());
      expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBe(390);
    }
  });

  it("acknowledges, simulates and reports what the node refuses, by keyboard and by button", async () => {
    const { url } = await stage.mock();
    const page = await stage.open(url);
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
    const { url } = await stage.mock("--sign-in");
    const page = await stage.open(`${url}/node/env/greenhouse`);
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
    const { url } = await stage.mock("--streams", "2000");
    const page = await stage.open(url);
    await page.locator("[data-stream] canvas").first().waitFor();
    await expect.poll(() => page.locator("[data-stream]").count(), patient).toBe(2000);
    expect(await page.evaluate(() => globalThis.__fieldmesh.streams().length)).toBeLessThan(80);
    await page.getByPlaceholder("Search nodes and sensors").fill("sensor-1999");
    await expect.poll(() => page.locator("[data-stream]").count(), patient).toBe(1);
    await expect
      .poll(() => page.evaluate(() => globalThis.__fieldmesh.streams()), patient)
      .toEqual(["env_node-40_sensor-1999"]);
  });

  it("ships no validator and nothing inline", async () => {
    const files = await readdir(join(stage.app, "assets"));
    for (const file of files.filter((name) => name.endsWith(".js"))) {
      expect(await readFile(join(stage.app, "assets", file), "utf8")).not.toContain("ZodError");
    }
    const html = await readFile(join(stage.app, "index.html"), "utf8");
    expect(html).not.toMatch(/<style|style=|<script>|data:/);
  });
});
