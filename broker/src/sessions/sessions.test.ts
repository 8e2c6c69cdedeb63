import { expect, test, vi } from "vitest";
import { Sessions } from "./sessions.js";

const limits = { queuedMessages: 2, queuedBytes: 10_000, queuedTotalBytes: 100_000, sessionExpiryMs: 1_000 };
const message = (brokerCounter: number, qos: 0 | 1 | 2 = 1) => ({
  cmd: "publish" as const,
  topic: "t",
  payload: Buffer.from("x"),
  qos,
  dup: false,
  retain: false,
  brokerId: "b",
  brokerCounter,
});

function start() {
  let now = 0;
  const onQueueFull = vi.fn<(clientId: string, first: boolean) => void>();
  const onExpired = vi.fn<(clientId: string, messages: number) => void>();
  const sessions = new Sessions(limits, { onQueueFull, onExpired }, () => now);
  const pass = (ms: number): void => {
    now += ms;
    sessions.expire();
  };
  return { sessions, onQueueFull, onExpired, pass };
}

test("holds for a session up to its bounds, and says once when it drops", () => {
  const { sessions, onQueueFull } = start();
  sessions.subscribe("a", "t", 1);
  for (const n of [1, 2, 3, 4]) sessions.hold("a", message(n), 1);
  expect(onQueueFull.mock.calls).toEqual([
    ["a", true],
    ["a", false],
  ]);
  expect(sessions.held().messages).toBe(2);
});

test("a session that ends takes with it what it wanted and held", () => {
  const { sessions } = start();
  sessions.subscribe("a", "t", 1);
  sessions.hold("a", message(1), 1);
  sessions.end("a");
  expect(sessions.held()).toEqual({ messages: 0, bytes: 0 });
  expect(sessions.interestedIn("t")).toEqual([]);
  expect(sessions.has("a")).toBe(false);
});

test("ends a session when its client was away for too long, and not while it is there", () => {
  const { sessions, onExpired, pass } = start();
  sessions.subscribe("away", "t", 1);
  sessions.open("there").connected = true;
  sessions.hold("away", message(1), 1);
  pass(1_000);
  expect(onExpired).not.toHaveBeenCalled();
  sessions.open("away"); // it comes back
  sessions.left("away");
  pass(1_000);
  expect(onExpired).not.toHaveBeenCalled();
  pass(1);
  expect(onExpired.mock.calls).toEqual([["away", 1]]);
  sessions.left("there");
  pass(1_001);
  expect(sessions.count).toBe(0);
});
