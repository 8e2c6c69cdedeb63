import type { AedesPublishPacket } from "aedes";
import { beforeEach, expect, test, vi } from "vitest";
import type { OutwardQueue } from "../port/outward-queue.js";
import { type Deliver, MessageRouter, type Reader } from "./router.js";

interface TestReader extends Reader {
  qos: 0 | 1 | 2;
}

let serial = 0;
const reader = (qos: 0 | 1 | 2 = 0): TestReader => ({
  serial: ++serial,
  accepted: true,
  subscriptionCount: 0,
  qos,
  outward: {} as OutwardQueue,
});
const message = (topic: string, qos: 0 | 1 | 2 = 0) =>
  ({ cmd: "publish", topic, payload: "", qos, retain: false, dup: false }) as unknown as AedesPublishPacket;

let owners: Map<Deliver, TestReader>;
let forbidden: Set<string>;
let revision = 0;
let router: MessageRouter<TestReader>;
beforeEach(() => {
  owners = new Map();
  forbidden = new Set();
  router = new MessageRouter<TestReader>({
    ownerOf: (deliver) => owners.get(deliver) ?? null,
    grantedQos: ({ qos }) => qos,
    mayReceive: (_reader, topic) => !forbidden.has(topic),
    isOwed: () => true,
    dropsQos0: () => false,
    get accessRevision() {
      return revision;
    },
    internalPrefix: "$SYS/id/",
  });
});

/** Subscribes and collects the QoS of what is delivered. */
function subscribe(filter: string, owner: TestReader | null): { got: number[]; end(): void } {
  const got: number[] = [];
  const deliver: Deliver = (packet, done) => {
    got.push(packet.qos);
    setImmediate(done);
  };
  if (owner !== null) owners.set(deliver, owner);
  router.on(filter, deliver);
  return { got, end: () => router.removeListener(filter, deliver) };
}

const emit = (packet: AedesPublishPacket): Promise<void> =>
  new Promise((resolve) => router.emit(packet, resolve));

test("each client gets a message once, at the lower of its highest grant and the message's QoS", async () => {
  const one = reader(1);
  const low = subscribe("a/#", { ...one, qos: 0 });
  const high = subscribe("a/+", one);
  const other = subscribe("a/b", reader(2));
  const tap = subscribe("#", null);
  await emit(message("a/b", 2));
  expect([low.got, high.got, other.got, tap.got]).toEqual([[0], [1], [2], [2]]); // `low` has an owner of its own here
  expect(router.subscriptionCount).toBe(3);
});

test("of one client's overlapping filters only the highest delivers", async () => {
  const owner = reader(1);
  const first = subscribe("a/#", owner);
  const second = subscribe("a/b", owner);
  await emit(message("a/b", 1));
  expect(first.got.length + second.got.length).toBe(1);
  expect(owner.subscriptionCount).toBe(2);
});

test("is done when every function is, and at once when there is none", async () => {
  let finish: (() => void) | undefined;
  router.on("x", (_packet, done) => {
    finish = done;
  });
  const done = vi.fn();
  router.emit(message("x"), done);
  expect(done).not.toHaveBeenCalled();
  finish?.();
  expect(done).toHaveBeenCalledTimes(1);
  router.emit(message("nobody"), done);
  expect(done).toHaveBeenCalledTimes(2);
});

test("a remembered answer is stale as soon as a subscription or a rule changes it", () => {
  const exact = subscribe("a/b", reader());
  const target = router.target("a/b");
  const elsewhere = router.target("c");
  expect(router.target("a/b")).toBe(target);
  const more = subscribe("a/b", reader());
  expect([target.stale, elsewhere.stale]).toEqual([true, false]);
  expect(router.target("a/b").readers).toHaveLength(2);
  const wild = subscribe("+", reader());
  expect(elsewhere.stale).toBe(true);
  expect(router.target("c").readers).toHaveLength(1);
  wild.end();
  more.end();
  exact.end();
  expect(router.target("a/b").readers).toHaveLength(0);
  subscribe("a/b", reader());
  forbidden.add("a/b");
  revision += 1;
  expect(router.target("a/b").readers).toHaveLength(0);
});

test("topics with the same readers share a group; one that a function listens to has none", () => {
  const [one, two] = [reader(), reader()];
  subscribe("g/#", one);
  subscribe("g/+", two);
  expect(router.target("g/a").group).toBe(router.target("g/b").group);
  expect(router.target("g/a/b").group).not.toBe(router.target("g/a").group);
  subscribe("g/a", null);
  expect(router.target("g/a").group).toBeNull();
  expect(router.target("g/b").group?.readers).toHaveLength(2);
});

test("wildcards at the first level do not see $ topics, and nobody sees the engine's own", async () => {
  const all = subscribe("#", reader());
  const sys = subscribe("$SYS/#", reader());
  await emit(message("$SYS/broker/uptime"));
  await emit(message("$SYS/id/new/clients"));
  expect([all.got, sys.got]).toEqual([[], [0]]);
});

test("what falls out of memory is stale, so that memos elsewhere ask again", () => {
  const first = router.target("t/0");
  for (let i = 1; i <= 20_001; i++) router.target(`t/${i}`);
  expect(first.stale).toBe(true);
  const kept = router.target("t/20001");
  expect(kept.stale).toBe(false);
});
