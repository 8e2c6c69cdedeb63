import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { startBroker } from "@fieldmesh/broker";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Stack } from "./testing/stack.js";

const WAIT = { timeout: 15_000, interval: 20 };
const TEMPERATURE = "env_greenhouse_temperature";
const MAIN = fileURLToPath(new URL("../dist/main.js", import.meta.url));

interface Process {
  url: string;
  child: ChildProcess;
}

/** The dashboard as a process of its own, as it can only be killed. */
async function spawnDashboard(stack: Stack): Promise<Process> {
  const child = spawn(process.execPath, [MAIN], {
    env: {
      PATH: process.env["PATH"],
      MQTT_URL: stack.brokerUrl,
      DATA_DIR: stack.folder,
      DASHBOARD_PORT: "0",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  stack.own(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  });
  for await (const line of createInterface({ input: child.stdout })) {
    if (process.env["TEST_LOG"] !== undefined) process.stderr.write(`${line}\n`);
    const event = JSON.parse(line) as { url?: string };
    if (event.url !== undefined) {
      if (process.env["TEST_LOG"] === undefined) child.stdout.resume();
      else child.stdout.pipe(process.stderr);
      return { url: event.url, child };
    }
  }
  throw new Error("the dashboard ended before it listened");
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

describe("a restart of the server", () => {
  let stack: Stack;
  beforeEach(async () => {
    stack = await Stack.start(startBroker);
  });
  afterEach(async () => {
    await stack.close();
  });

  test("by kill -9 loses neither the window nor a standing alarm nor its acknowledgement", async () => {
    const node = await stack.node("greenhouse");
    await node.answer();
    await node.stats();
    const first = await spawnDashboard(stack);
    const before = stack.browser(first.url);
    before.show(TEMPERATURE);
    await vi.waitFor(() => expect(before.nodes.size).toBe(1), WAIT);
    for (let i = 0; i < 10; i += 1) await node.read(i);
    await node.event("raised", 1);
    const key = `${TEMPERATURE}/too-hot`;
    await vi.waitFor(() => {
      expect(before.seqs(TEMPERATURE)).toEqual(range(1, 10));
      expect(before.standing.has(key)).toBe(true);
    }, WAIT);
    const ack = await fetch(`${first.url}/api/acks`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ key, boot: 1_000, seq: 1 }),
    });
    expect(ack.status).toBe(200);

    // What came in the half second before the kill is asked for again; a server that had written nothing
    // yet would begin anew.
    await vi.waitFor(async () => {
      const journal = await stat(join(stack.folder, "dashboard", "window-b.journal"));
      expect(journal.size).toBeGreaterThan(1_000);
    }, WAIT);
    first.child.kill("SIGKILL");
    await once(first.child, "exit");
    for (let i = 10; i < 20; i += 1) await node.read(i);
    await node.stats();

    const second = await spawnDashboard(stack);
    const after = stack.browser(second.url);
    after.show(TEMPERATURE);
    await vi.waitFor(() => {
      expect(after.seqs(TEMPERATURE).sort((a, b) => a - b)).toEqual(range(1, 20));
      expect(after.standing.get(key)).toMatchObject({ event: { boot: 1_000, seq: 1 }, ack: { by: "local" } });
    }, WAIT);
    expect(after.hello?.epoch).not.toBe(before.hello?.epoch);
    expect(after.history).toEqual([]);
    const resends = node.commands.filter(({ name }) => name === "resend").map(({ args }) => args);
    expect(resends.length).toBeGreaterThan(0);
  });

  test("in order keeps the alarms that are over and the newest values", async () => {
    const node = await stack.node("greenhouse");
    const first = await stack.dashboard();
    const browser = stack.browser(first.url);
    await vi.waitFor(() => expect(browser.nodes.size).toBe(1), WAIT);
    await node.read(21.5);
    await node.read(null, "temperature", { quality: "bad", reason: "no answer" });
    await vi.waitFor(
      () => expect(browser.nodes.get("env/greenhouse")?.sensors[0]?.latest?.v).toBe(21.5),
      WAIT,
    );
    await node.event("raised", 1);
    await node.event("cleared", 2);
    await vi.waitFor(() => expect(browser.history).toHaveLength(1), WAIT);
    await first.close();
    const second = await stack.dashboard();
    const later = stack.browser(second.url);
    await vi.waitFor(() => expect(later.history).toHaveLength(1), WAIT);
    expect(later.history[0]).toMatchObject({ event: { seq: 1, state: "raised" } });
    expect(later.nodes.get("env/greenhouse")?.sensors[0]?.latest?.v).toBe(21.5);
  });
});
