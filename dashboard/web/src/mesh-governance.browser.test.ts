import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installed, useStage } from "./testing/browser.js";
import { type Registry, startRegistry } from "./testing/registry.js";

/** Machines that test are slow at times; what is waited for comes, or it does not. */
const patient = { timeout: 20_000, interval: 100 };

const HUMIDITY = "env_greenhouse_humidity";

describe.skipIf(!installed)("the mesh's governance in a browser", { timeout: 90_000 }, () => {
  const stage = useStage();
  let registry: Registry;

  beforeAll(async () => {
    registry = await startRegistry();
    const { ask } = registry;
    const product = (id: string, more: object = {}) =>
      ask("POST", "/products", { id, domain: "env", owner: "ann", status: "active", ...more });
    const policy = (id: string, rules: string[], more: object = {}) =>
      ask("POST", "/policies", {
        id,
        name: id,
        type: "quality",
        scope: { kind: "global" },
        enforcement: "mandatory",
        rules,
        ...more,
      });
    await ask("POST", "/domains", { id: "env", name: "Environment", owner: "ann" });
    await ask("POST", "/domains", { id: "garden", name: "Garden", owner: "dora" });
    const port = (topicFilter: string) => ({ outputPorts: [{ kind: "mqtt", name: "live", topicFilter }] });
    await product(HUMIDITY, { description: "Air humidity", ...port("env/greenhouse/humidity/raw") });
    await product("env_shed_temperature", port("env/shed/temperature/raw"));
    await product("plant-comfort", { domain: "garden", owner: "dora" });
    await product("irrigation", { domain: "garden", owner: "emil" });
    for (const [source, target] of [
      [HUMIDITY, "plant-comfort"],
      ["plant-comfort", "irrigation"],
    ])
      await ask("POST", "/lineage", { source, target });
    await policy("described", ["has(description)"], { type: "metadata" });
    await policy("complete", ["completeness >= 95%"], {
      scope: { kind: "domain", domain: "garden" },
      enforcement: "advisory",
    });
    const { body } = await ask("POST", "/products/plant-comfort/subscriptions", {
      consumer: "gardener-app",
      purpose: "to water in time",
    });
    await ask("POST", `/subscriptions/${String(body["id"])}/approve`, {});
  }, 60_000);
  afterAll(() => registry?.stop());

  const open = async (path: string, width?: number): Promise<Page> => {
    const { url } = await stage.mock("--registry", registry.url);
    return stage.open(url + path, width);
  };
  const dialog = (page: Page) => page.locator("dialog");

  it("brings a request to who decides, counts what waits, and keeps what was asked", async () => {
    for (const consumer of ["wall-display", "lab"])
      await registry.ask("POST", `/products/${HUMIDITY}/subscriptions`, { consumer, purpose: "to look at" });
    const page = await open("/mesh/requests");
    const waiting = page.locator("header [data-waiting]");
    await expect.poll(() => waiting.getAttribute("data-waiting"), patient).toBe("2");
    await page.getByRole("button", { name: `Approve wall-display for ${HUMIDITY}` }).click();
    await dialog(page).getByRole("button", { name: "Approve" }).click();
    await expect.poll(() => waiting.getAttribute("data-waiting"), patient).toBe("1");
    const asked = (consumer: string) =>
      page.locator(`[data-subscription][data-consumer="${consumer}"]`).getAttribute("data-state");
    await expect.poll(() => asked("wall-display"), patient).toBe("approved");

    await page.getByRole("button", { name: `Reject lab for ${HUMIDITY}` }).click();
    await dialog(page).getByLabel("Reason").fill("not for studies");
    await dialog(page).getByRole("button", { name: "Reject" }).click();
    await page.getByText("Nobody waits for your decision.").waitFor();
    await expect.poll(() => asked("lab"), patient).toBe("rejected");
    await expect.poll(() => waiting.count(), patient).toBe(0);
  });

  it("shows how each product stands against each policy, and makes, changes and deletes one", async () => {
    const page = await open("/mesh/governance?domain=garden");
    const cell = (product: string, policy: string) =>
      page.locator(`[data-judged="${product}"] [data-policy="${policy}"]`);
    await expect.poll(() => cell("irrigation", "described").textContent(), patient).toContain("Fail");
    expect(await cell("irrigation", "complete").textContent()).toBe(" Unknownadvisory");
    expect(await page.locator("[data-judged]").count()).toBe(2);

    await page.getByRole("button", { name: "Make a policy" }).click();
    await dialog(page).getByLabel("Id").fill("in-time");
    await dialog(page).getByRole("button", { name: "Another rule" }).click();
    await dialog(page).getByLabel("Rule 2", { exact: true }).fill("timeliness <= 24 cows");
    await dialog(page).getByRole("button", { name: "Make", exact: true }).click();
    await dialog(page).locator(".field-fault").waitFor();
    expect(await dialog(page).locator(".field-fault").textContent()).toContain('column 18: found "cows"');
    await dialog(page).getByLabel("Rule 2", { exact: true }).fill("timeliness <= 24h");
    await dialog(page).getByRole("button", { name: "Make", exact: true }).click();
    await expect
      .poll(() => cell("irrigation", "in-time").getAttribute("data-verdict"), patient)
      .toBe("unknown");

    await page.getByRole("button", { name: "Edit policy in-time" }).click();
    await dialog(page).getByLabel("Enforcement").selectOption("advisory");
    await dialog(page).getByRole("button", { name: "Save" }).click();
    await dialog(page).waitFor({ state: "detached" });
    await expect.poll(() => cell("irrigation", "in-time").textContent(), patient).toContain("advisory");
    await page.getByRole("button", { name: "Delete policy in-time" }).click();
    await dialog(page).getByRole("button", { name: "Delete it" }).click();
    await expect.poll(() => cell("irrigation", "in-time").count(), patient).toBe(0);

    await page.getByLabel("How they stand").selectOption("pass");
    await page.getByText("No data product fits the filter.").waitFor();
    expect(new URL(page.url()).search).toBe("?domain=garden&state=pass");
    await page.reload();
    await page.getByText("No data product fits the filter.").waitFor();
  });

  it("reads the mesh as a report, and gives it as files", async () => {
    const page = await open("/mesh/report");
    await expect.poll(() => page.locator("[data-totals]").textContent(), patient).toContain("Products4");
    await page.locator('[data-violation="irrigation"]').waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Markdown" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("mesh-report.md");
  });

  it("says at a broken promise, an alarm and a node away who is affected", async () => {
    const page = await open("/alarms");
    const affected = (alarm: string) => page.locator(`[data-alarm="${alarm}"] .affected`);
    const broken = affected(`${HUMIDITY}/slo-availability`);
    await broken.locator("summary").focus();
    await page.keyboard.press("Enter");
    await expect
      .poll(
        () =>
          broken
            .locator("[data-affected-product]")
            .evaluateAll((all) => all.map((one) => one.getAttribute("data-affected-product"))),
        patient,
      )
      .toEqual([HUMIDITY, "plant-comfort", "irrigation"]);
    expect(await broken.textContent()).toContain("ann, dora, emil");
    expect(await broken.textContent()).toContain("read by gardener-app");
    await affected("env_shed_node/offline").locator("summary").click();
    await affected("env_shed_node/offline")
      .locator('[data-affected-product="env_shed_temperature"]')
      .waitFor();

    await page.getByRole("link", { name: "Service levels" }).click();
    await page.locator(".levels-affected summary").first().click();
    await page.locator("[data-affected]").first().waitFor();
  });

  it("fits a phone, and asks nothing about products where there is no registry", async () => {
    const page = await open("/mesh/requests", 390);
    const { origin } = new URL(page.url());
    for (const path of ["/mesh/requests", "/mesh/governance", "/mesh/report", "/alarms", "/quality"]) {
      await page.goto(origin + path);
      await page.locator("main section.card").first().waitFor();
      expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBe(390);
    }
    const { url } = await stage.mock();
    const without = await stage.open(`${url}/alarms`);
    await without.locator("[data-alarm]").first().waitFor();
    expect(await without.getByText("Who is affected").count()).toBe(0);
  });
});
