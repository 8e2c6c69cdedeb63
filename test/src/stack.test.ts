import { connectAsync } from "mqtt";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { TestBrowser } from "./browser.js";
import { freePort } from "./faults/harness/brokers.js";
import { run } from "./faults/harness/processes.js";
import { lacks } from "./requirements.js";
import { COMMAND, Receiver, Stack } from "./stack.js";

const WITHIN = { timeout: 20_000, interval: 100 }; // ms
const TEMPERATURE = "env_greenhouse_temperature";

interface Point {
  boot: number;
  seq: number;
}

/** What the page charts of a stream. */
async function charted(page: Page, stream: string): Promise<Point[]> {
  return await page.evaluate(
    (name) =>
      (
        globalThis as unknown as { __fieldmesh: { charted: (stream: string) => Point[] } }
      ).__fieldmesh.charted(name),
    stream,
  );
}

describe.skipIf(lacks("chromium"))("the whole stack, as npm start runs it", () => {
  const receiver = new Receiver();
  let stack: Stack;
  let browser: TestBrowser;
  let page: Page;

  beforeAll(async () => {
    const webhook = await receiver.start();
    stack = await Stack.start(
      `channels:\n  - { name: phone, kind: webhook, url: "${webhook}", minSeverity: info }\n`,
    );
    browser = await TestBrowser.open();
    page = await browser.page(stack.url);
  });
  afterAll(async () => {
    await browser?.close();
    await stack?.[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
  });

  test("the first useful line is the dashboard's address", () => {
    expect(stack.process.lines.find((line) => line.trim() !== "")).toContain(stack.url);
  });

  test("readings of both nodes reach the page", async () => {
    for (const stream of [TEMPERATURE, "env_host_cpu"]) {
      const tile = page.locator(`[data-stream="${stream}"]`);
      await vi.waitFor(async () => {
        expect(await tile.locator("[data-value]").textContent()).toMatch(/\d/);
        expect((await charted(page, stream)).length).toBeGreaterThan(2);
      }, WITHIN);
    }
  });

  test("an excursion raises an alert on the page and at a webhook, and clears it", async () => {
    const about = (state: string) =>
      receiver.posts.filter(
        (post) => JSON.stringify(post).includes(`"${state}"`) && JSON.stringify(post).includes("too-hot"),
      );
    await page.locator('[data-node="env/greenhouse"]').getByText("Simulate", { exact: true }).click();
    await page.getByRole("button", { name: "Overheat" }).click();
    await vi.waitFor(() => expect(about("raised")).toHaveLength(1), WITHIN);
    await vi.waitFor(async () => {
      expect(await page.locator("[data-alarm-counter]").first().textContent()).toMatch(/[1-9]/);
    }, WITHIN);
    await page.getByRole("button", { name: "Reset" }).click();
    await vi.waitFor(() => expect(about("cleared")).toHaveLength(1), WITHIN);
    expect(about("raised")).toHaveLength(1);
  });

  test("markup in any field is shown as text", async () => {
    const markup = "<img src=x onerror=\"document.title='taken'\">";
    const client = await connectAsync(stack.mqttUrl);
    const birth = {
      node: "hostile",
      domain: "env",
      boot: 1,
      version: markup,
      host: markup,
      label: markup,
      startedAt: Date.now(),
      sensors: [
        {
          id: "t",
          label: markup,
          type: "temperature",
          unit: markup.slice(0, 16),
          intervalMs: 1_000,
          driver: "simulated",
          rules: [],
        },
      ],
    };
    await client.publishAsync("env/hostile/birth", JSON.stringify(birth), { qos: 1, retain: true });
    const status = { state: "online", boot: 1, conn: 1, timestamp: Date.now() };
    await client.publishAsync("env/hostile/status", JSON.stringify(status), { qos: 1, retain: true });
    const card = page.locator('[data-node="env/hostile"]');
    await vi.waitFor(async () => expect(await card.textContent()).toContain(markup), WITHIN);
    expect(await page.locator("img[src=x]").count()).toBe(0);
    expect(await page.title()).not.toBe("taken");
    for (const kind of ["birth", "status"]) {
      await client.publishAsync(`env/hostile/${kind}`, "", { qos: 1, retain: true });
    }
    await client.endAsync();
    await vi.waitFor(async () => expect(await card.count()).toBe(0), WITHIN);
  });

  test("the banner comes when the connection is lost and goes, and nothing is missing afterwards", async () => {
    process.kill(stack.service("dashboard"), "SIGKILL");
    await page.locator("[data-banner]").waitFor({ state: "visible", timeout: WITHIN.timeout });
    await page.locator("[data-banner]").waitFor({ state: "detached", timeout: WITHIN.timeout });
    const newestBefore = Math.max(0, ...(await charted(page, TEMPERATURE)).map(({ seq }) => seq));
    await vi.waitFor(async () => {
      const onPage = await charted(page, TEMPERATURE);
      const seqs = onPage.map(({ seq }) => seq).toSorted((a, b) => a - b);
      expect(seqs.at(-1)).toBeGreaterThan(newestBefore + 2);
      const response = await fetch(`${stack.url}/api/streams/${TEMPERATURE}/window`);
      const window = (await response.json()) as { seq: number[] };
      const newest = seqs.at(-1) ?? 0;
      expect(seqs).toEqual(window.seq.filter((seq) => seq <= newest).toSorted((a, b) => a - b));
      // From the first reading of the node on: the server's death left no hole.
      expect(seqs).toEqual(seqs.map((_, i) => (seqs[0] ?? 0) + i));
    }, WITHIN);
  });

  test("the page broke no rule of its policy and no script failed", () => {
    // While the server was away the browser itself reports each refused connection.
    const own = browser.errors.filter((error) => !/ERR_CONNECTION_REFUSED|WebSocket/.test(error));
    expect(own).toEqual([]);
  });
});

test("a taken port is named with the variable that changes it", async () => {
  await using first = await Stack.start();
  const port = new URL(first.url).port;
  const second = run("second", process.execPath, [COMMAND, "start"], {
    ...process.env,
    DATA_DIR: `${first.folder}/other`,
    DASHBOARD_PORT: port,
    HISTORIAN_PORT: String(await freePort()),
    REGISTRY_PORT: String(await freePort()),
    MQTT_PORT: String(await freePort()),
    MQTT_WS_PORT: String(await freePort()),
  });
  expect(await second.ended).toBe(2);
  expect(second.lines.join("\n")).toMatch(new RegExp(`${port}.*DASHBOARD_PORT|DASHBOARD_PORT.*${port}`));
});
