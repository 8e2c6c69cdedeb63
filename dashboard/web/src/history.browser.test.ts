import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { charted, drawn, installed, useStage } from "./testing/browser.js";

const TEMPERATURE = "env_greenhouse_temperature";
const INTERVAL_MS = 1_000;
/** Machines that test are slow at times; what is waited for comes, or it does not. */
const patient = { timeout: 20_000, interval: 100 };

describe.skipIf(!installed)("history in a browser", { timeout: 90_000 }, () => {
  const stage = useStage();

  const chart = (page: Page) => page.locator(".chart-large canvas").first();
  const axis = (page: Page) => page.locator("[data-axis]");
  const rows = (page: Page) => drawn(page, TEMPERATURE);
  const span = async (page: Page): Promise<number> => {
    const all = await rows(page);
    return (all.at(-1)?.t ?? 0) - (all[0]?.t ?? 0);
  };

  /** Opens a stream's page and waits until it has its live readings. */
  async function openStream(url: string, search = "", width = 1280): Promise<Page> {
    const page = await stage.open(`${url}/stream/${TEMPERATURE}${search}`, width);
    await expect.poll(async () => (await charted(page, TEMPERATURE)).length, patient).toBeGreaterThan(200);
    return page;
  }

  /** Steps in time between neighbours; each reading is there once and in order when all are one interval. */
  async function steps(page: Page): Promise<number[]> {
    const times = (await rows(page)).map(({ t }) => t);
    return times.slice(1).map((t, i) => t - (times[i] ?? 0));
  }

  async function wheel(page: Page, deltaY: number): Promise<void> {
    const box = await chart(page).boundingBox();
    if (box === null) throw new Error("the chart is not on the screen");
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.wheel(0, deltaY);
  }

  it("zooms from live into history and back without a seam", async () => {
    // Without outages: every reading of the time shown is there.
    const { url } = await stage.mock("--quiet");
    const page = await openStream(url);
    expect(await axis(page).getAttribute("data-axis")).toBe("live");
    await expect
      .poll(async () => {
        if ((await span(page)) < 12 * 60_000) await wheel(page, 100);
        return span(page);
      }, patient)
      .toBeGreaterThan(12 * 60_000);
    // Readings of the historian stand left of those that are live, none missing and none twice.
    await expect
      .poll(async () => {
        const all = await steps(page);
        return all.length > 700 && all.every((step) => step === INTERVAL_MS);
      }, patient)
      .toBe(true);
    expect(await axis(page).getAttribute("data-axis")).toBe("live");
    const live = new Set((await charted(page, TEMPERATURE)).map(({ seq }) => seq));
    expect((await rows(page)).length).toBeGreaterThan(live.size + 300);

    // And back again, around now.
    await chart(page).focus();
    await expect
      .poll(async () => {
        if ((await span(page)) > 3 * 60_000) await page.keyboard.press("+");
        return span(page);
      }, patient)
      .toBeLessThan(3 * 60_000);
    const all = await steps(page);
    expect(all.length).toBeGreaterThan(10);
    expect(new Set(all)).toEqual(new Set([INTERVAL_MS]));
  });

  it("keeps the joint whole while both sides move", async () => {
    const { url } = await stage.mock("--quiet");
    const page = await openStream(url, "?span=8m");
    await expect.poll(async () => (await rows(page)).length, patient).toBeGreaterThan(450);
    const first = (await rows(page))[0]?.t ?? 0;
    // Several readings later some of the live window's have become the historian's.
    await expect
      .poll(async () => {
        expect(new Set(await steps(page))).toEqual(new Set([INTERVAL_MS]));
        return ((await rows(page))[0]?.t ?? 0) - first;
      }, patient)
      .toBeGreaterThanOrEqual(4_000);
  });

  it("pans by keys, by buttons and by dragging, and comes back to now", async () => {
    const { url } = await stage.mock("--quiet");
    const page = await openStream(url);
    await chart(page).focus();
    await page.keyboard.press("PageUp");
    await page.keyboard.press("ArrowLeft");
    await expect.poll(() => axis(page).getAttribute("data-axis"), patient).toBe("fixed");
    const windowStart = Date.now() - 300_000;
    await expect
      .poll(async () => ((await rows(page)).length > 250 ? (await rows(page)).at(-1)?.t : undefined), patient)
      .toBeLessThan(windowStart + 5_000);
    const before = (await rows(page))[0]?.t ?? 0;

    const box = await chart(page).boundingBox();
    if (box === null) throw new Error("the chart is not on the screen");
    await page.mouse.move(box.x + 300, box.y + 100);
    await page.mouse.down();
    await page.mouse.move(box.x + 700, box.y + 100, { steps: 5 });
    await page.mouse.up();
    await expect.poll(async () => (await rows(page))[0]?.t ?? 0, patient).toBeLessThan(before - 60_000);
    await expect.poll(async () => (await rows(page)).length, patient).toBeGreaterThan(250);

    await page.getByRole("button", { name: "Later" }).click();
    await expect.poll(async () => (await rows(page))[0]?.t ?? 0, patient).toBeGreaterThan(before - 60_000);
    await chart(page).focus();
    await page.keyboard.press("Home");
    await expect.poll(() => axis(page).getAttribute("data-axis"), patient).toBe("live");
    await expect
      .poll(async () => (await rows(page)).at(-1)?.t ?? 0, patient)
      .toBeGreaterThan(windowStart + 290_000);
  });

  it("opens exactly the view that a link names, and goes back to the one before", async () => {
    const { url } = await stage.mock();
    const page = await openStream(url);
    await page.getByRole("button", { name: "1 h", exact: true }).click();
    await expect.poll(() => page.url(), patient).toContain("span=1h");
    await chart(page).focus();
    for (let i = 0; i < 3; i++) await page.keyboard.press("PageUp");
    await expect.poll(() => page.url(), patient).toMatch(/from=\d+&to=\d+/);
    await expect.poll(async () => (await rows(page)).length, patient).toBeGreaterThan(500);
    const shown = await axis(page).textContent();

    const other = await stage.open(page.url());
    await expect.poll(() => axis(other).textContent(), patient).toBe(shown);
    await expect.poll(() => rows(other), patient).toEqual(await rows(page));
    expect(new URL(other.url()).search).toBe(new URL(page.url()).search);

    await page.getByRole("button", { name: "24 h", exact: true }).click();
    await expect.poll(() => page.url(), patient).toContain("span=1d");
    await page.goBack();
    await expect.poll(() => axis(page).textContent(), patient).toBe(shown);
    await page.goForward();
    await expect.poll(() => axis(page).textContent(), patient).toContain("the last 1 d");
  });

  it("shows a stretch that is typed in", async () => {
    const { url } = await stage.mock();
    const page = await openStream(url);
    await page.getByText("From–to").click();
    await page.getByLabel("From", { exact: true }).fill("2026-01-02T10:00:00");
    await page.getByLabel("To", { exact: true }).fill("2026-01-02T09:00:00");
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await page.getByText("The end must lie behind the beginning.").waitFor();
    await page.getByLabel("To", { exact: true }).fill("2026-01-02T12:00:00");
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await expect.poll(() => axis(page).textContent(), patient).toMatch(/10:00:00 – 12:00:00/);
  });

  it("draws rollups as a band around their mean, with what nobody read left out", async () => {
    const { url } = await stage.mock();
    const page = await openStream(url, "?span=30d");
    await page.locator(".legend-band").waitFor();
    await expect
      .poll(async () => (await rows(page)).filter(({ stepMs }) => stepMs > 0).length, patient)
      .toBeGreaterThan(500);
    const all = await rows(page);
    for (const { v, low, high, stepMs } of all) {
      if (stepMs === 0 || v === null) continue;
      expect(low).toBeLessThanOrEqual(v);
      expect(high).toBeGreaterThanOrEqual(v);
    }
    // The node was down for a day: a row without a value breaks the line there.
    expect(all.some(({ v }, i) => v === null && i > 0 && i < all.length - 1)).toBe(true);
    await expect.poll(() => chart(page).getAttribute("aria-label"), patient).toContain("last 30 d: lowest");
  });

  it("names outages, marks them and leads to them", async () => {
    const { url } = await stage.mock();
    const page = await openStream(url, "?span=1h");
    const late = page.locator('[data-loss="late"]');
    await late.waitFor();
    expect(await late.textContent()).toContain("61 readings came late (broker unreachable)");
    await expect.poll(() => chart(page).getAttribute("aria-label"), patient).toContain("outages");
    await late.click();
    await expect.poll(() => axis(page).getAttribute("data-axis"), patient).toBe("fixed");
    await expect.poll(() => span(page), patient).toBeLessThan(6 * 60_000);
    // Under the pointer the chart says what happened.
    const box = await chart(page).boundingBox();
    if (box === null) throw new Error("the chart is not on the screen");
    await expect
      .poll(async () => {
        await page.mouse.move(box.x + box.width / 2, box.y + 100);
        await page.mouse.move(box.x + box.width / 2 + 2, box.y + 100);
        return page.locator(".tooltip-loss").textContent({ timeout: 1_000 });
      }, patient)
      .toContain("came late");
  });

  it("says that the historian is away, draws what is live, and goes on when it is back", async () => {
    const { url } = await stage.mock("--quiet");
    await fetch(`${url}/mock/historian/away`);
    const page = await openStream(url, "?span=15m");
    await page.locator('[data-historian="away"]').filter({ hasText: "cannot be reached" }).waitFor();
    expect((await rows(page)).length).toBeGreaterThan(200);
    const newest = (await rows(page)).at(-1)?.t ?? 0;
    await expect.poll(async () => (await rows(page)).at(-1)?.t ?? 0, patient).toBeGreaterThan(newest);
    await fetch(`${url}/mock/historian/here`);
    await expect.poll(async () => (await rows(page)).length, patient).toBeGreaterThan(850);
    await page.locator('[data-historian="here"]').waitFor({ state: "attached" });
  });

  it("works without a historian", async () => {
    const { url } = await stage.mock("--quiet", "--no-history");
    const asked: string[] = [];
    const page = await openStream(url);
    page.on("request", (request) => asked.push(request.url()));
    await page.getByRole("button", { name: "1 h", exact: true }).click();
    await page.locator('[data-historian="none"]').filter({ hasText: "No historian" }).waitFor();
    expect((await rows(page)).length).toBeGreaterThan(200);
    expect(await page.getByRole("link", { name: /CSV/ }).count()).toBe(0);
    expect(asked.filter((address) => address.includes("/api/history"))).toEqual([]);
  });

  it("shows what is kept of a sensor that no node has any more", async () => {
    const { url } = await stage.mock("--quiet");
    const page = await stage.open(`${url}/stream/env_cellar_pressure`);
    await page.locator("[data-past]").waitFor();
    await expect.poll(() => axis(page).getAttribute("data-axis"), patient).toBe("fixed");
    await expect
      .poll(async () => (await drawn(page, "env_cellar_pressure")).length, patient)
      .toBeGreaterThan(50);
    await page.goto(`${url}/stream/env_cellar_nothing`);
    await page.getByText("There is no stream env_cellar_nothing.").waitFor();
  });

  it("compares streams on one time axis: adds, points, removes, and keeps them in its address", async () => {
    const { url } = await stage.mock();
    const page = await openStream(url, "?span=1h");
    await page.getByRole("link", { name: "Compare" }).last().click();
    await page.locator(`[data-compared="${TEMPERATURE}"]`).waitFor();
    expect(page.url()).toContain("span=1h");
    const add = async (words: string, stream: string): Promise<void> => {
      await page.getByLabel("Add a stream").fill(words);
      await page.locator(".found button").first().click();
      await page.locator(`[data-compared="${stream}"]`).waitFor();
    };
    await add("cpu temperature", "env_atlas_cpu-temperature");
    expect(await page.locator("[data-chart]").count()).toBe(1);
    await add("greenhouse humidity", "env_greenhouse_humidity");
    await expect.poll(() => page.locator("[data-chart]").count(), patient).toBe(2);
    await expect
      .poll(async () => (await drawn(page, "env_atlas_cpu-temperature")).length, patient)
      .toBeGreaterThan(800);
    await expect
      .poll(async () => (await drawn(page, "env_greenhouse_humidity")).length, patient)
      .toBeGreaterThan(800);

    // The crosshair stands at the same moment in both charts.
    const box = await chart(page).boundingBox();
    if (box === null) throw new Error("the chart is not on the screen");
    await expect
      .poll(async () => {
        await page.mouse.move(box.x + box.width / 2, box.y + 40);
        await page.mouse.move(box.x + box.width / 2 + 3, box.y + 40);
        return page.locator('[data-compared] [data-at="cursor"]').count();
      }, patient)
      .toBe(3);

    const other = await stage.open(page.url());
    await expect.poll(() => other.locator("[data-compared]").count(), patient).toBe(3);
    expect(await axis(other).textContent()).toBe(await axis(page).textContent());
    await page.getByRole("button", { name: /Remove .*CPU temperature/ }).click();
    await expect.poll(() => page.locator("[data-compared]").count(), patient).toBe(2);
    await page.goBack();
    await expect.poll(() => page.locator("[data-compared]").count(), patient).toBe(3);
  });

  it("saves exactly the view as CSV and as a picture", async () => {
    const { url } = await stage.mock("--quiet");
    const page = await openStream(url, "?span=15m");
    await page.getByRole("button", { name: "Earlier" }).click();
    await expect.poll(() => page.url(), patient).toMatch(/from=\d+&to=\d+/);
    const query = new URL(page.url()).searchParams;
    const [csv] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "CSV" }).click(),
    ]);
    expect(csv.url()).toContain(`from=${query.get("from")}&to=${query.get("to")}&format=csv`);
    expect(csv.suggestedFilename()).toMatch(/^env_greenhouse_temperature_.*\.csv$/);
    const [png] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save the chart as a PNG picture" }).click(),
    ]);
    expect(png.suggestedFilename()).toMatch(/^env_greenhouse_temperature_.*\.png$/);
    const chunks: Buffer[] = [];
    for await (const chunk of await png.createReadStream()) chunks.push(Buffer.from(chunk as Buffer));
    const file = Buffer.concat(chunks);
    expect(file.subarray(1, 4).toString("latin1")).toBe("PNG");
    expect(file.readUInt32BE(16)).toBeGreaterThan(1_000); // width
  });

  it("fits a phone, where one finger scrolls the page and two zoom", async () => {
    const { url } = await stage.mock();
    const page = await stage.open(`${url}/stream/${TEMPERATURE}?span=24h`, 390, {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
      isMobile: true,
    });
    await expect.poll(async () => (await rows(page)).length, patient).toBeGreaterThan(500);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    expect(await chart(page).evaluate((canvas) => getComputedStyle(canvas).touchAction)).toBe("pan-y");
    await page.locator(".axis-steps summary").click();
    await page.getByLabel("From", { exact: true }).waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    await page.locator(".axis-steps summary").click();

    await chart(page).scrollIntoViewIfNeeded();
    const box = await chart(page).boundingBox();
    if (box === null) throw new Error("the chart is not on the screen");
    const y = box.y + 60;
    const middle = box.x + box.width / 2;
    const touch = await page.context().newCDPSession(page);
    const send = (type: "touchStart" | "touchMove" | "touchEnd", apart: number) =>
      touch.send("Input.dispatchTouchEvent", {
        type,
        touchPoints:
          type === "touchEnd" ? [] : [middle - apart, middle + apart].map((x, id) => ({ x, y, id })),
      });
    await send("touchStart", 30);
    for (const apart of [40, 60, 80, 100]) await send("touchMove", apart);
    await send("touchEnd", 0);
    await expect.poll(() => axis(page).getAttribute("data-axis"), patient).toBe("fixed");
    await expect.poll(() => page.url(), patient).toMatch(/from=\d+&to=\d+/);
    const query = new URL(page.url()).searchParams;
    expect(Number(query.get("to")) - Number(query.get("from"))).toBeLessThan(12 * 3_600_000);

    await page.goto(`${url}/compare?s=${TEMPERATURE}&s=env_greenhouse_humidity&span=24h`);
    await page.locator("[data-chart]").first().waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  });
});
