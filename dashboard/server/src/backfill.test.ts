import { startBroker } from "@fieldmesh/broker";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Stack } from "./testing/stack.js";

const WAIT = { timeout: 10_000, interval: 20 };
const TEMPERATURE = "env_greenhouse_temperature";

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

describe("a dashboard that begins with empty windows", () => {
  let stack: Stack;
  beforeEach(async () => {
    stack = await Stack.start(startBroker);
  });
  afterEach(async () => {
    await stack.close();
  });

  test("asks each node once for what its windows would hold, and counts none of it", async () => {
    const node = await stack.node("greenhouse");
    await node.answer();
    for (let i = 1; i <= 8; i += 1) await node.read(i);
    await node.stats();

    const dashboard = await stack.dashboard();
    const browser = stack.browser(dashboard.url);
    browser.show(TEMPERATURE);
    await vi.waitFor(() => expect(browser.seqs(TEMPERATURE)).toEqual(range(1, 8)), WAIT);
    await node.read(9);
    await node.stats();
    await vi.waitFor(() => expect(browser.seqs(TEMPERATURE)).toEqual(range(1, 9)), WAIT);
    await vi.waitFor(() => {
      const account = browser.nodes.get("env/greenhouse")?.sensors[0]?.account;
      expect(account).toEqual({ lastSeq: 9, stored: 1, dropped: 0, held: 0, unknown: 0 });
    }, WAIT);
    const resends = node.commands.filter(({ name }) => name === "resend");
    expect(resends.map(({ args }) => args)).toEqual([{ sensor: "temperature", boot: 1_000, from: 1, to: 8 }]);
  });

  test("asks for a sensor whose name every object has, once the node has told its account", async () => {
    const node = await stack.node("greenhouse", 1_000, ["temperature", "constructor"]);
    await node.answer();
    for (let i = 1; i <= 4; i += 1) {
      await node.read(i);
      await node.read(i, "constructor");
    }
    const dashboard = await stack.dashboard();
    const browser = stack.browser(dashboard.url);
    const other = "env_greenhouse_constructor";
    browser.show(TEMPERATURE, other);
    await vi.waitFor(() => expect(browser.nodes.size).toBe(1), WAIT);
    await node.read(5, "constructor");
    await vi.waitFor(() => expect(browser.seqs(other)).toEqual([5]), WAIT);
    await node.stats(["temperature"]);
    await vi.waitFor(() => expect(browser.seqs(TEMPERATURE)).toEqual(range(1, 4)), WAIT);
    await node.stats();
    await vi.waitFor(
      () => expect(browser.seqs(other).sort((one, next) => one - next)).toEqual(range(1, 5)),
      WAIT,
    );
  });

  test("asks for no more than the window holds", async () => {
    const node = await stack.node("greenhouse");
    await node.answer();
    for (let i = 1; i <= 12; i += 1) await node.read(i);
    await node.stats();
    const dashboard = await stack.dashboard({
      window: { length: 10_000, readings: 3_000, streams: 10 }, // ten readings at one a second
    });
    const browser = stack.browser(dashboard.url);
    browser.show(TEMPERATURE);
    await vi.waitFor(() => expect(browser.seqs(TEMPERATURE)).toEqual(range(3, 12)), WAIT);
  });

  test("leaves out what the node sends of it that is older than the window", async () => {
    const node = await stack.node("greenhouse");
    await node.answer(0, (seq) => (seq <= 3 ? 400_000 : 1_000));
    for (let i = 1; i <= 5; i += 1) await node.read(i);
    await node.stats();
    const dashboard = await stack.dashboard();
    const browser = stack.browser(dashboard.url);
    browser.show(TEMPERATURE);
    await vi.waitFor(() => expect(browser.seqs(TEMPERATURE)).toEqual([4, 5]), WAIT);
  });

  test("goes on without a past when a node does not answer", async () => {
    const node = await stack.node("greenhouse");
    for (let i = 1; i <= 5; i += 1) await node.read(i);
    await node.stats();
    const dashboard = await stack.dashboard();
    const browser = stack.browser(dashboard.url);
    browser.show(TEMPERATURE);
    await vi.waitFor(() => expect(browser.nodes.size).toBe(1), WAIT);
    await node.read(6);
    await vi.waitFor(() => expect(browser.seqs(TEMPERATURE)).toEqual([6]), WAIT);
  });
});
