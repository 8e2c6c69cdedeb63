import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { installed, useStage } from "./testing/browser.js";

const BURNING = "env_greenhouse_humidity";
/** Machines that test are slow at times; what is waited for comes, or it does not. */
const patient = { timeout: 20_000, interval: 100 };

describe.skipIf(!installed)("service levels, ledger and events in a browser", { timeout: 90_000 }, () => {
  const stage = useStage();

  const rows = (page: Page) => page.locator("[data-level]");
  const order = (page: Page): Promise<(string | null)[]> =>
    rows(page).evaluateAll((all) => all.map((row) => row.getAttribute("data-level")));
  const query = (page: Page): string => new URL(page.url()).search;
  const events = (page: Page) => page.locator("[data-event]");
  const told = (page: Page, selector: string): Promise<string[]> => page.locator(selector).allTextContents();
  const scrollsSideways = (page: Page): Promise<boolean> =>
    page.evaluate(() => document.documentElement.scrollWidth > innerWidth);

  it("shows a burning budget first, on the stream's page and among the alarms", async () => {
    const { url } = await stage.mock();
    const page = await stage.open(`${url}/quality`);
    await expect.poll(async () => (await order(page))[0], patient).toBe(BURNING);
    const row = rows(page).first();
    expect(await row.textContent()).toMatch(/Burning\s*8.3 times too fast/);
    expect(await row.textContent()).toContain("7 min 3 s spent, 7 min 20 s left");
    expect(await page.locator("[data-summary]").textContent()).toContain("4 of 52 promises are in trouble");

    await row.getByRole("link").click();
    const promise = page.locator('[data-objective="availability"]');
    await expect.poll(() => promise.getAttribute("data-state"), patient).toBe("burning");
    expect(await promise.textContent()).toContain(
      "99 % of 24 h: a reading not older than 30 s · 99.51 % so far",
    );
    // The link led to the promises, not to the top.
    const top = () => page.locator("#promises").evaluate((part) => part.getBoundingClientRect().top);
    await expect.poll(top, patient).toBeLessThan(500);

    await page
      .getByRole("link", { name: /^Alarms/ })
      .first()
      .click();
    const alarm = page.locator(`[data-alarm="${BURNING}/slo-availability"]`);
    await expect.poll(() => alarm.textContent(), patient).toContain("the budget burns 8.3 times too fast");
    expect(await alarm.getByRole("link").getAttribute("href")).toBe(`/stream/${BURNING}#promises`);
    await page.goto(url);
    const tile = page.locator(`[data-stream="${BURNING}"]`);
    await expect.poll(() => tile.textContent(), patient).toContain("the budget burns");
  });

  it("colours each window by what is promised, of each measure", async () => {
    const { url } = await stage.mock();
    const page = await stage.open(`${url}/quality`);
    const cells = (stream: string) =>
      page
        .locator(`[data-level="${stream}"] [data-tone]`)
        .evaluateAll((all) => all.map((cell) => `${cell.textContent} ${cell.getAttribute("data-tone")}`));
    await expect
      .poll(() => cells(BURNING), patient)
      .toEqual(["40 % broken", "95.8 % broken", "99.51 % good", "99.96 % good"]);
    expect(await cells("env_greenhouse_light")).toContain("99.33 % tight");
    expect(await cells("env_greenhouse_door")).toEqual(Array(4).fill("– none"));
    expect((await order(page)).at(-1)).toBe("env_greenhouse_door");

    expect(await page.locator('[data-trouble="completeness"]').textContent()).toContain("1");
    await page.getByRole("button", { name: "Completeness" }).click();
    await expect.poll(async () => (await order(page))[0], patient).toBe("env_greenhouse_soil-moisture");
    expect(query(page)).toBe("?measure=completeness");
    await page.getByRole("button", { name: "Timeliness" }).click();
    await expect.poll(() => cells("env_atlas_disk-free"), patient).toContain("8.4 s tight");
  });

  it("finds the worst among many streams, and searches them", async () => {
    const { url } = await stage.mock("--streams", "2000");
    const page = await stage.open(`${url}/quality`);
    await expect.poll(async () => (await order(page)).length, patient).toBe(200);
    const numbers = (await order(page)).slice(0, 9).map((name) => Number(/\d+$/.exec(name ?? "")?.[0]) % 211);
    expect(numbers).toEqual(Array(9).fill(0));
    await page.getByRole("button", { name: "more streams" }).click();
    await expect.poll(async () => (await order(page)).length, patient).toBe(400);
    await page.getByPlaceholder("Search streams").fill("node-7 sensor-301");
    await expect.poll(() => order(page), patient).toEqual(["env_node-7_sensor-301"]);
    expect(query(page)).toBe("?q=node-7+sensor-301");
  });

  it("tells the ledger in words, what it cost, and leads to the chart", async () => {
    const { url } = await stage.mock();
    const page = await stage.open(`${url}/stream/${BURNING}`);
    await expect.poll(async () => (await told(page, "[data-entry]")).length, patient).toBe(6);
    const [first = "", second = "", third = ""] = await told(page, "[data-entry]");
    expect(first).toMatch(
      /^\d\d:\d\d:\d\d–\d\d:\d\d:\d\d: 61 readings late, the node could not reach the broker; all came at \d\d:\d\d:\d\d/,
    );
    expect(first).toContain(
      "No fresh reading for about 31 s: about 4 % of the 24 h error budget of availability",
    );
    expect(second).toContain("600 readings lost for good, the node's log was full");
    expect(third).toContain("the node was stopped, nothing was read");
    expect(await page.locator("[data-sums]").textContent()).toMatch(/on time, 61 late, .* 600 lost for good/);
    expect(await page.locator("[data-clock-off]").textContent()).toContain("4.2 s ahead");

    const earlier = page.getByRole("button", { name: "Earlier", exact: true }).last();
    for (let shown = 12; shown < 66; shown += 6) {
      await earlier.click();
      await expect.poll(async () => (await told(page, "[data-entry]")).length, patient).toBe(shown);
    }
    await page.locator('[data-entry="dropped"] button').click();
    await expect.poll(() => page.locator("[data-axis]").getAttribute("data-axis"), patient).toBe("fixed");
    await expect.poll(() => query(page), patient).toMatch(/from=\d+&to=\d+/);
  });

  it("says since when a node cannot be reached", async () => {
    const { url } = await stage.mock();
    const page = await stage.open(`${url}/stream/env_shed_temperature`);
    const open = page.locator('[data-entry="unknown"]').first();
    await expect
      .poll(() => open.textContent(), patient)
      .toMatch(/^since \d\d:\d\d:\d\d: the node cannot be reached/);
    expect(await open.textContent()).toContain("so far");
  });

  it("keeps the filters of events in the address, and pages on", async () => {
    const { url } = await stage.mock();
    const page = await stage.open(`${url}/events?severity=critical`);
    await expect.poll(() => events(page).count(), patient).toBe(50);
    const messages = await told(page, "[data-event]");
    expect(messages.every((text) => text.includes("airquality"))).toBe(true);
    await page.getByRole("button", { name: "Earlier", exact: true }).click();
    await expect.poll(() => events(page).count(), patient).toBe(54);

    await page.getByLabel("What").selectOption("cleared");
    await expect.poll(() => events(page).count(), patient).toBe(27);
    await page.getByLabel("Severity").selectOption("");
    await page.getByLabel("Sensor").fill("temperature");
    await page.getByLabel("Sensor").press("Enter");
    await expect.poll(() => query(page), patient).toBe("?state=cleared&sensor=temperature");
    await expect
      .poll(async () => (await told(page, "[data-event]"))[0], patient)
      .toContain("back below 29 °C");

    // A link shows the same, and a name that is none is refused without asking.
    await page.reload();
    await expect.poll(() => page.getByLabel("Sensor").inputValue(), patient).toBe("temperature");
    expect(await page.getByLabel("What").inputValue()).toBe("cleared");
    await page.getByLabel("Node").fill("Büro");
    await page.getByLabel("Node").press("Enter");
    await expect.poll(() => page.getByLabel("Node").getAttribute("aria-invalid"), patient).toBe("true");
    expect(query(page)).toBe("?state=cleared&sensor=temperature");
    await page.getByRole("button", { name: "Clear filters" }).click();
    await expect.poll(() => events(page).count(), patient).toBe(50);
    expect(query(page)).toBe("");
    await events(page).first().getByRole("link").click();
    await expect
      .poll(() => page.url(), patient)
      .toMatch(/\/stream\/env_greenhouse_temperature\?from=\d+&to=\d+$/);
  });

  it("keeps what it was told while the historian is away, and says that it is", async () => {
    const { url } = await stage.mock();
    const page = await stage.open(`${url}/quality`);
    await expect.poll(() => rows(page).count(), patient).toBeGreaterThan(10);
    const problem = page.locator("[data-historian-problem]").first();
    await fetch(`${url}/mock/historian/away`, { method: "POST" });
    // It asks more rarely where answers take long.
    const slowly = { ...patient, timeout: 40_000 };
    await expect.poll(() => problem.textContent(), slowly).toContain("cannot be reached");
    expect(await rows(page).count()).toBeGreaterThan(10);
    await fetch(`${url}/mock/historian/here`, { method: "POST" });
    await expect.poll(() => problem.count(), slowly).toBe(0);
  });

  it("says so where there is no historian", async () => {
    const { url } = await stage.mock("--no-history");
    const page = await stage.open(`${url}/quality`);
    for (const path of ["/quality", "/events"]) {
      await page.goto(url + path);
      await expect
        .poll(() => page.locator("[data-historian-problem]").first().textContent(), patient)
        .toContain("No historian runs here");
    }
    await page.goto(`${url}/stream/${BURNING}`);
    await expect.poll(() => page.getByText("Alarms of this sensor").count(), patient).toBe(1);
    expect(await page.locator("#promises").count()).toBe(0);
  });

  it("fits a phone, and its navigation leads everywhere", async () => {
    const { url } = await stage.mock();
    const page = await stage.open(`${url}/quality`, 390);
    await expect.poll(() => rows(page).count(), patient).toBeGreaterThan(10);
    expect(await scrollsSideways(page)).toBe(false);
    const cell = await rows(page).first().locator("[data-tone]").last().boundingBox();
    expect((cell?.x ?? 999) + (cell?.width ?? 999)).toBeLessThanOrEqual(390);

    await page
      .getByRole("link", { name: /^Alarms/ })
      .first()
      .click();
    await page.getByRole("link", { name: "All events", exact: true }).click();
    await expect.poll(() => events(page).count(), patient).toBe(50);
    expect(await scrollsSideways(page)).toBe(false);
    await page.goto(`${url}/stream/${BURNING}#promises`);
    await expect.poll(async () => (await told(page, "[data-entry]")).length, patient).toBe(6);
    expect(await scrollsSideways(page)).toBe(false);
  });

  it("shows markup as text", async () => {
    const { url } = await stage.mock("--hostile");
    const page = await stage.open(`${url}/events`);
    await expect.poll(async () => (await told(page, "[data-event]"))[0], patient).toContain("<img src=x");
    await page.goto(`${url}/quality`);
    await expect.poll(async () => (await told(page, "[data-level]"))[0], patient).toContain("<img src=x");
    await page.goto(`${url}/stream/${BURNING}`);
    await expect.poll(async () => (await told(page, "[data-entry]"))[0], patient).toContain("<img src=x");
    expect(await page.locator("img").count()).toBe(0);
    expect(await page.title()).not.toContain("owned");
  });
});
