import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { TestBrowser } from "./browser.js";
import { type RunningProcess, run } from "./faults/harness/processes.js";
import { lacks } from "./requirements.js";
import { Stack } from "./stack.js";

const WITHIN = { timeout: 30_000, interval: 100 }; // ms
const TEMPERATURE = "env_greenhouse_temperature";
const CONSUMER = "wall-display";

interface Credential {
  username: string;
  password: string;
  topics: string[];
}

/** A stream that becomes a data product, and a consumer who is let in and thrown out by the owner, on the page. */
describe.skipIf(lacks("chromium", "mosquitto-clients"))("a data product of the whole stack", () => {
  let stack: Stack;
  let browser: TestBrowser;
  let page: Page;
  const subscribers: RunningProcess[] = [];

  beforeAll(async () => {
    stack = await Stack.start();
    browser = await TestBrowser.open();
    page = await browser.page(`${stack.url}/mesh`);
  });
  afterAll(async () => {
    for (const subscriber of subscribers) await subscriber.kill();
    await browser?.close();
    await stack?.[Symbol.asyncDispose]();
  });

  async function ask<T>(method: string, path: string, body?: unknown): Promise<{ status: number; body: T }> {
    const answer = await fetch(`${stack.url}/api/mesh${path}`, {
      method,
      headers: { "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as T };
  }

  /** As a person would, with what the page tells. */
  function subscribe({ username, password }: Credential, topic: string): RunningProcess {
    const { port } = new URL(stack.mqttUrl);
    const args = ["-p", port, "-u", username, "-P", password, "-t", topic, "-v"];
    const subscriber = run("mosquitto_sub", "/usr/bin/mosquitto_sub", args, process.env);
    subscribers.push(subscriber);
    return subscriber;
  }

  const row = () => page.locator(`[data-consumer="${CONSUMER}"]`);
  const dialog = () => page.locator("dialog");
  const becomes = (state: string) =>
    vi.waitFor(async () => expect(await row().getAttribute("data-state")).toBe(state), WITHIN);

  test("a stream that was seen is a draft of nobody, until somebody claims it", async () => {
    await vi.waitFor(async () => {
      const { body } = await ask<{ owner: string; observed?: { unit?: string } }>(
        "GET",
        `/products/${TEMPERATURE}`,
      );
      expect(body).toMatchObject({ owner: "unclaimed", status: "draft", observed: { unit: "Cel" } });
    }, WITHIN);
    const claimed = await ask("POST", `/products/${TEMPERATURE}/claim`, {
      owner: "ann",
      status: "active",
      visibility: "restricted",
      sla: { freshness: "30s" },
    });
    expect(claimed).toMatchObject({ status: 200, body: { owner: "ann", status: "active" } });
    await page.goto(`${stack.url}/mesh/products/${TEMPERATURE}`);
    await page.getByText("ann").first().waitFor();
  });

  test("what it promises is judged by what the historian measured", async () => {
    await vi.waitFor(async () => {
      const { body } = await ask("GET", `/products/${TEMPERATURE}/compliance`);
      expect(body).toMatchObject({
        state: "pass",
        rules: [{ rule: "freshness <= 30s", source: "measured" }],
      });
    }, WITHIN);
  });

  let credential: Credential;

  test("access approved on the page lets mosquitto_sub in", async () => {
    await page.goto(`${stack.url}/mesh/products/${TEMPERATURE}/access`);
    await page.getByRole("button", { name: "Ask for access" }).click();
    await dialog().getByLabel("What is it wanted for?").fill("a display in the entrance");
    await dialog().getByLabel("Consumer").fill(CONSUMER);
    await dialog().getByRole("button", { name: "Ask" }).click();
    await becomes("requested");
    await row()
      .getByRole("button", { name: `Approve ${CONSUMER}` })
      .click();
    await dialog().getByRole("button", { name: "Approve" }).click();
    await becomes("approved");

    const { body: found } = await ask<{ id: string }[]>("GET", `/subscriptions?consumer=${CONSUMER}`);
    const made = await ask<Credential>("POST", `/subscriptions/${found[0]?.id ?? ""}/credential`, {});
    credential = made.body;
    expect(credential.topics).toEqual(["env/greenhouse/temperature/raw"]);
    const subscriber = subscribe(credential, "env/greenhouse/temperature/raw");
    await subscriber.said('"sensor":"temperature"');
  });

  test("only to what was approved", async () => {
    const wider = subscribe(credential, "env/#");
    await wider.ended;
    expect(wider.lines.join("\n")).toContain("denied");
  });

  test("access revoked on the page throws it out, and it does not come back", async () => {
    const [subscriber] = subscribers;
    await page.reload();
    await row()
      .getByRole("button", { name: `Revoke ${CONSUMER}` })
      .click();
    await dialog().getByLabel("Reason").fill("the display is gone");
    await dialog().getByRole("button", { name: "Revoke" }).click();
    await becomes("revoked");
    // Thrown out, it tries again by itself, and is refused.
    expect(await subscriber?.ended).not.toBe(0);
    const again = subscribe(credential, "env/greenhouse/temperature/raw");
    expect(await again.ended).not.toBe(0);
    expect(again.lines.join("\n")).not.toContain('"sensor"');
  });

  test("nothing went wrong in the browser", () => {
    expect(browser.errors).toEqual([]);
  });
});
