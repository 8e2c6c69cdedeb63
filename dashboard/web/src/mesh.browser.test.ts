import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installed, useStage } from "./testing/browser.js";
import { type Registry, startRegistry } from "./testing/registry.js";

/** Machines that test are slow at times; what is waited for comes, or it does not. */
const patient = { timeout: 20_000, interval: 100 };

const TEMPERATURE = "env_greenhouse_temperature";
const port = (sensor: string) => ({
  kind: "mqtt",
  name: "live",
  topicFilter: `env/greenhouse/${sensor}/raw`,
});
const schema = (more: object = {}) => ({
  type: "object",
  required: ["value"],
  properties: {
    value: { type: "number", unit: "Cel", minimum: -40, maximum: 85, description: "air" },
    ...more,
  },
});

describe.skipIf(!installed)("the data products in a browser", { timeout: 90_000 }, () => {
  const stage = useStage();
  let registry: Registry;

  beforeAll(async () => {
    registry = await startRegistry();
    const { ask } = registry;
    const product = (id: string, more: object = {}) =>
      ask("POST", "/products", { id, domain: "env", owner: "ann", status: "active", ...more });
    await ask("POST", "/domains", { id: "env", name: "Environment", owner: "ann", team: ["bob"] });
    await product(TEMPERATURE, {
      description: "Air temperature",
      tags: ["climate"],
      visibility: "public",
      sla: { availability: 99, freshness: "30s" },
      outputPorts: [port("temperature")],
    });
    await product("humidity", { tags: ["climate"], outputPorts: [port("humidity")] });
    await product("plant-comfort", { owner: "dora" });
    await product("irrigation", { owner: "emil" });
    for (const [source, target] of [
      [TEMPERATURE, "plant-comfort"],
      ["humidity", "plant-comfort"],
      ["plant-comfort", "irrigation"],
    ])
      await ask("POST", "/lineage", { source, target, type: "derived" });
    await product("env_greenhouse_light", { owner: "unclaimed", status: "draft" });
    await ask("POST", `/products/${TEMPERATURE}/versions`, { version: "1.0.0", schema: schema() });
    await ask("POST", `/products/${TEMPERATURE}/versions`, {
      version: "1.1.0",
      schema: schema({ seq: { type: "integer" } }),
      changelog: "Readings are numbered.",
    });
  }, 60_000);
  afterAll(() => registry?.stop());

  const open = async (path: string, width?: number): Promise<Page> => {
    const { url } = await stage.mock("--registry", registry.url);
    return stage.open(url + path, width);
  };
  const rows = (page: Page): Promise<(string | null)[]> =>
    page.locator("[data-product]").evaluateAll((all) => all.map((row) => row.getAttribute("data-product")));
  /** In whatever order. */
  const found = async (page: Page): Promise<Set<string | null>> => new Set(await rows(page));
  const query = (page: Page): string => new URL(page.url()).search;
  const dialog = (page: Page) => page.locator("dialog");

  it("finds products by words and facets, keeps both in the address, and shows live values", async () => {
    const page = await open("/mesh");
    await expect.poll(() => rows(page), patient).toHaveLength(4);
    const live = page.locator(`[data-product="${TEMPERATURE}"] [data-live]`);
    await expect.poll(() => live.textContent(), patient).toMatch(/\d\d\.\d/);

    await page.getByPlaceholder("Search names, fields, tags, owners").fill("climate");
    await expect.poll(() => found(page), patient).toEqual(new Set([TEMPERATURE, "humidity"]));
    await page
      .locator('[data-facet="visibility"]')
      .getByRole("button", { name: /public/ })
      .click();
    await expect.poll(() => rows(page), patient).toEqual([TEMPERATURE]);
    expect(query(page)).toBe("?q=climate&visibility=public");

    await page.reload();
    await expect.poll(() => rows(page), patient).toEqual([TEMPERATURE]);
    await page.getByRole("button", { name: "Visibility public: take away" }).click();
    await expect.poll(() => found(page), patient).toEqual(new Set([TEMPERATURE, "humidity"]));
  });

  it("claims a stream that nobody owns", async () => {
    const page = await open("/mesh");
    await page.getByRole("link", { name: "Unclaimed streams" }).click();
    await page
      .locator('[data-product="env_greenhouse_light"]')
      .getByRole("button", { name: "Claim" })
      .click();
    await dialog(page).getByLabel("Owner").fill("bob");
    await dialog(page).getByRole("button", { name: "Claim" }).click();
    await page.getByText("Every stream that was seen has an owner.").waitFor();
    const { body } = await registry.ask("GET", "/products/env_greenhouse_light");
    expect(body).toMatchObject({ owner: "bob", status: "active" });
  });

  it("shows the contract and what differs, and what the registry says of a version that breaks", async () => {
    const page = await open(`/mesh/products/${TEMPERATURE}/contract`);
    const field = page.locator('[data-field="value"]');
    await expect.poll(() => field.textContent(), patient).toContain("-40 to 85");
    expect(await field.textContent()).toContain("Cel");
    expect(await page.locator("[data-change]").allTextContents()).toEqual(["seq Addedinteger, optional"]);

    await page.getByRole("button", { name: "Publish a version" }).click();
    const text = dialog(page).getByLabel("JSON Schema of the payload");
    await text.fill(JSON.stringify(schema({ seq: { type: "string" } })));
    await dialog(page).getByRole("button", { name: "Publish" }).click();
    await dialog(page).getByText("publish it as 2.0.0").waitFor();
    await expect.poll(() => dialog(page).locator(".field-fault").textContent(), patient).toContain("$.seq");
    await dialog(page).getByLabel("Version", { exact: true }).fill("2.0.0");
    await dialog(page).getByRole("button", { name: "Publish" }).click();
    await page.locator('[data-version="2.0.0"]').waitFor();
    await page.getByText("Another major version: readers may break").waitFor();
  });

  it("registers a domain by keyboard alone, and says at the field what is wrong", async () => {
    const page = await open("/mesh/domains");
    const register = page.getByRole("button", { name: "Register a domain" });
    const isFocused = (): Promise<boolean> =>
      register.evaluate((button) => button.ownerDocument.activeElement === button);
    await register.focus();
    await page.keyboard.press("Enter");
    await dialog(page).waitFor();
    expect(await isFocused()).toBe(false);
    await page.keyboard.press("Escape");
    await dialog(page).waitFor({ state: "detached" });
    await expect.poll(isFocused, patient).toBe(true);

    await page.keyboard.press("Enter");
    const id = dialog(page).getByLabel("Id", { exact: true });
    await id.fill("Not Good");
    await dialog(page).getByLabel("Owner").fill("ann");
    await page.keyboard.press("Enter");
    await expect.poll(() => id.getAttribute("aria-invalid"), patient).toBe("true");
    await id.fill("lab");
    await page.keyboard.press("Enter");
    await dialog(page).waitFor({ state: "detached" });
    await expect.poll(() => new URL(page.url()).pathname, patient).toBe("/mesh/domains/lab");
  });

  it("makes a template, provisions by it, takes that back and removes the template", async () => {
    const page = await open("/mesh/provisions");
    const template = page.locator('[data-template="bare"]');
    await page.getByRole("button", { name: "Make a template" }).click();
    const text = dialog(page).getByLabel("Template");
    await text.fill("{");
    await dialog(page).getByRole("button", { name: "Save" }).click();
    await dialog(page).getByText("This is not JSON").waitFor();
    await text.fill(
      JSON.stringify({ id: "bare", name: "Bare", components: [{ name: "product", settings: {} }] }),
    );
    await dialog(page).getByRole("button", { name: "Save" }).click();
    await template.getByRole("button", { name: "Provision" }).click();
    await dialog(page).getByLabel("Product").fill("provisioned");
    await dialog(page).getByLabel("domain", { exact: true }).fill("env");
    await dialog(page).getByLabel("owner", { exact: true }).fill("ann");
    await dialog(page).getByRole("button", { name: "Provision" }).click();
    const made = page.locator("[data-provision]");
    await expect.poll(() => made.getAttribute("data-state"), patient).toBe("ready");
    await made.getByRole("button", { name: "Undo…" }).click();
    await dialog(page).getByRole("button", { name: "Undo it" }).click();
    await expect.poll(() => made.getAttribute("data-state"), patient).toBe("undone");
    await template.getByRole("button", { name: "Edit" }).click();
    await expect.poll(() => text.inputValue(), patient).toContain("Bare");
    await dialog(page).getByRole("button", { name: "Remove" }).click();
    await template.waitFor({ state: "detached" });
  });

  it("shows another's change instead of overwriting it", async () => {
    const page = await open("/mesh/products/humidity");
    await page.getByRole("button", { name: "Edit" }).click();
    const { body, etag } = await registry.ask("GET", "/products/humidity");
    const { id: _id, createdAt: _created, updatedAt: _updated, ...declared } = body;
    await registry.ask("PUT", "/products/humidity", { ...declared, owner: "carl" }, { "if-match": etag });
    const save = dialog(page).getByRole("button", { name: "Save" });
    await dialog(page).getByLabel("Description").fill("mine");
    await save.click();
    await dialog(page).locator("[data-conflict]").waitFor();
    expect(await save.isDisabled()).toBe(true);
    await dialog(page).getByRole("button", { name: "Show how it is now" }).click();
    await expect.poll(() => dialog(page).getByLabel("Owner").inputValue(), patient).toBe("carl");
    await dialog(page).getByLabel("Availability (%)").fill("101");
    await save.click();
    await dialog(page).getByText("expected a number from 0 to 100").first().waitFor();
    await dialog(page).getByLabel("Availability (%)").fill("99.5");
    await save.click();
    await dialog(page).waitFor({ state: "detached" });
    await page.getByText("fresh for 99.5 % of the time").waitFor();
  });

  it("asks, approves, refuses to retire what is read, and revokes", async () => {
    const page = await open("/mesh/products/humidity/access");
    await page.getByRole("button", { name: "Ask for access" }).click();
    await dialog(page).getByLabel("What is it wanted for?").fill("a display in the entrance");
    await dialog(page).getByLabel("Consumer").fill("wall-display");
    await dialog(page).getByRole("button", { name: "Ask" }).click();
    const row = page.locator('[data-consumer="wall-display"]');
    await expect.poll(() => row.getAttribute("data-state"), patient).toBe("requested");
    await row.getByRole("button", { name: "Approve wall-display" }).click();
    await dialog(page).getByRole("button", { name: "Approve" }).click();
    await expect.poll(() => row.getAttribute("data-state"), patient).toBe("approved");

    await page.getByRole("link", { name: "Overview", exact: true }).last().click();
    await page.getByRole("button", { name: "Retire…" }).click();
    await dialog(page).getByRole("button", { name: "Retire humidity" }).click();
    await expect
      .poll(() => dialog(page).locator("[data-faults]").textContent(), patient)
      .toContain("wall-display");
    await dialog(page).getByRole("button", { name: "Keep" }).click();

    await page.getByRole("link", { name: "Access", exact: true }).click();
    await row.getByRole("button", { name: "Revoke wall-display" }).click();
    await dialog(page).getByLabel("Reason").fill("the display is gone");
    await dialog(page).getByRole("button", { name: "Revoke" }).click();
    await expect.poll(() => row.getAttribute("data-state"), patient).toBe("revoked");
    await expect.poll(() => row.textContent(), patient).toContain("the display is gone");
    await page.locator("[data-access]").first().waitFor();
  });

  it("never takes for a pass what nobody has measured", async () => {
    const page = await open(`/mesh/products/${TEMPERATURE}/quality`);
    const verdicts = page.locator("[data-rule]");
    await expect
      .poll(() => verdicts.evaluateAll((all) => all.map((row) => row.getAttribute("data-verdict"))), patient)
      .toEqual(["unknown", "unknown"]);
    expect(await verdicts.first().textContent()).toContain("nobody has measured it");
    await expect
      .poll(() => page.locator("[data-compliance]").getAttribute("data-compliance"), patient)
      .toBe("unknown");
  });

  it("draws lineage only where it is looked at, and says what a product has an impact on", async () => {
    const page = await open("/");
    const scripts: string[] = [];
    page.on("request", (request) => scripts.push(request.url()));
    await page.locator("[data-stream] canvas").first().waitFor();
    await page.getByRole("link", { name: "Data products" }).click();
    await page.locator("[data-product]").first().waitFor();
    const drawing = (): string[] => scripts.filter((url) => url.includes("lineage-drawing"));
    expect(drawing()).toEqual([]);
    await page.getByRole("link", { name: "Lineage" }).click();
    const graph = page.locator("[data-drawn]");
    await expect.poll(() => graph.getAttribute("data-drawn"), patient).toBe("4");
    expect(drawing()).toHaveLength(1);
    await page.getByRole("button", { name: "humidity", exact: true }).click();
    const felt = () =>
      page.locator("[data-felt]").evaluateAll((all) => all.map((one) => one.getAttribute("data-felt")));
    await expect.poll(felt, patient).toEqual(["plant-comfort", "irrigation"]);
    expect(await page.locator("[data-impact]").textContent()).toContain("emil, env · 2 steps away");
    expect(query(page)).toBe("?product=humidity");
    await graph.focus();
    await page.keyboard.press("+");
    await page.keyboard.press("ArrowRight");

    await page.getByRole("radio", { name: "Table" }).check();
    await expect.poll(() => page.locator("[data-step]").count(), patient).toBe(3);
  });

  it("fits a phone on every page", async () => {
    const page = await open("/mesh", 390);
    const { origin } = new URL(page.url());
    for (const path of [
      "/mesh",
      "/mesh/domains",
      "/mesh/domains/env",
      "/mesh/lineage",
      "/mesh/provisions",
      ...["", "/contract", "/access", "/quality", "/lineage"].map(
        (part) => `/mesh/products/${TEMPERATURE}${part}`,
      ),
    ]) {
      await page.goto(origin + path);
      await page.locator("main section.card").first().waitFor();
      expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBe(390);
    }
  });

  it("says that there is no registry, and that a product is not there", async () => {
    const { url } = await stage.mock();
    const page = await stage.open(`${url}/mesh`);
    await page.locator('[data-registry-problem="none"]').first().waitFor();
    const known = await open("/mesh/products/nothing-of-this-name");
    await expect
      .poll(() => known.locator('[data-registry-problem="missing"]').textContent(), patient)
      .toContain('there is no data product "nothing-of-this-name"');
  });
});
