import type { LossEntry } from "@fieldmesh/protocol";
import { type ConsumerState, createStreamConsumer, type StreamConsumer } from "@fieldmesh/runtime";
import type { Collection } from "@fieldmesh/storage";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { embeddedStorage } from "../testing/embedded.js";
import { FakeLink } from "../testing/fake-link.js";
import { FakeNode } from "../testing/fake-node.js";
import { quiet } from "../testing/quiet.js";
import { createLossLedger, type LossLedger } from "./loss-ledger.js";
import { LOSS_INDEXES, type LossLedgerDocument } from "./loss-store.js";

const STREAM = "env_desk_temperature";
const BOOT = 1_763_639_000;
const START = 1_763_640_000_000;

describe("the loss ledger", () => {
  let collection: Collection<LossLedgerDocument>;
  let link: FakeLink;
  let node: FakeNode;
  let consumer: StreamConsumer;
  let losses: LossLedger;

  const begin = async (state?: ConsumerState, awayFrom?: number) => {
    link.disconnect();
    const options = { collection, consumer: () => consumer, clock: () => Date.now(), log: quiet };
    losses = createLossLedger(options);
    consumer = createStreamConsumer({
      links: [link],
      by: "test",
      log: quiet,
      measureClocks: false,
      ...(state === undefined ? {} : { state }),
      onReading: (arrived) => losses.arrived(arrived),
      onNode: (one, change) => losses.node(one, change),
      onAsked: ({ name }, { boot, from, to }) => losses.asked(name, boot, from, to),
      onAnswered: ({ name }) => losses.answered(name),
      onLink: (_, connected) => losses.link(connected, Date.now()),
    });
    await losses.restore();
    if (awayFrom !== undefined) losses.awayBetween(awayFrom, Date.now());
    consumer.start();
  };
  /** Time passes with a reading each second; the node tells its account every ten. */
  const pass = async (seconds: number) => {
    for (let n = 0; n < seconds; n++) {
      await vi.advanceTimersByTimeAsync(1_000);
      node.read();
      if ((Date.now() - START) % 10_000 === 0) node.stats();
      losses.tick(Date.now());
    }
  };
  /** Entries oldest first, without what differs at each run; times in seconds since the beginning. */
  const told = async () => {
    const { entries } = await losses.entries(STREAM, { limit: 100 });
    return entries.reverse().map(({ from, to, count, fromAt, toAt, explanation, cause, open }: LossEntry) => {
      const at = [fromAt, toAt].map((time) => (time === null ? null : (time - START) / 1_000));
      return `${from}-${to} (${count}) ${at.join("-")} ${explanation} ${cause ?? ""}${open ? " open" : ""}`;
    });
  };

  beforeEach(async () => {
    vi.useFakeTimers({
      now: START,
      toFake: ["Date", "setTimeout", "setInterval", "clearTimeout", "clearInterval", "performance"],
    });
    collection = await (await embeddedStorage()).collection<LossLedgerDocument>("losses", LOSS_INDEXES);
    link = new FakeLink();
    node = new FakeNode(link, () => Date.now());
    await begin();
    node.start(BOOT);
    await pass(10);
  });
  afterEach(async () => {
    await consumer.close();
    vi.useRealTimers();
  });

  it("has nothing to tell while nothing is lost", async () => {
    await pass(30);
    expect(await told()).toEqual([]);
    expect(losses.account(STREAM)).toMatchObject([{ boot: BOOT, stored: 40, late: 0, recovered: 0 }]);
  });

  it("says of a node whose network was cut that nobody knows, and then that all came late", async () => {
    node.cut();
    await pass(61);
    expect(await told()).toEqual(["0-0 (0) 10- unknown node-unreachable open"]);
    node.connect();
    expect(await told()).toEqual(["11-71 (61) 11-71 late broker-unreachable"]);
    await pass(5);
    expect(losses.account(STREAM)).toMatchObject([{ stored: 76, late: 61, recovered: 0, unknown: 0 }]);
    const { entries } = await losses.entries(STREAM, { limit: 1 });
    expect(entries[0]?.came).toEqual([START + 71_000, START + 71_000]);
  });

  it("tells what a node gave up, and why", async () => {
    node.cut();
    await pass(20);
    node.drop(5, "full");
    node.connect();
    await pass(1);
    expect(await told()).toEqual([
      "11-15 (5) 11-15 dropped full",
      "16-30 (15) 16-30 late broker-unreachable",
    ]);
  });

  it("has what a broker lost recovered, and what the node no longer has dropped", async () => {
    node.losing = true;
    await pass(5);
    node.losing = false;
    await pass(1);
    expect(await told()).toEqual(["11-15 (5) 11-15 unknown  open"]);
    await pass(4);
    expect(await told()).toEqual(["11-15 (5) 11-15 recovered lost-at-broker"]);
    node.losing = true;
    await pass(3);
    node.forget();
    node.losing = false;
    await pass(5);
    expect((await told()).at(-1)).toBe("21-23 (3) 21-23 dropped expired");
    expect(losses.account(STREAM)).toMatchObject([{ stored: 25, recovered: 5, dropped: 3, unknown: 0 }]);
  });

  it("knows what it missed itself without a connection", async () => {
    link.disconnect();
    await pass(10);
    link.connect();
    node.tell(true);
    await pass(5);
    expect(await told()).toEqual(["11-20 (10) 11-20 recovered historian-away"]);
  });

  it("takes what both missed of their broker for held by the node, though the node was back first", async () => {
    node.cut();
    link.disconnect();
    await pass(10);
    node.connect();
    await pass(1);
    link.connect();
    node.tell(true);
    await pass(5);
    expect(await told()).toEqual([
      "11-20 (10) 11-20 late broker-unreachable",
      "21-21 (1) 21-21 recovered historian-away",
    ]);
    expect(losses.account(STREAM)).toMatchObject([{ stored: 26, late: 10, recovered: 1, unknown: 0 }]);
  });

  it("knows what it missed while it was dead, and goes on with its account", async () => {
    node.cut();
    await pass(5);
    node.connect();
    await losses.flush();
    const state = JSON.parse(JSON.stringify(consumer.save())) as ConsumerState;
    const checkpointAt = Date.now();
    await consumer.close();
    await pass(20);
    await begin(state, checkpointAt);
    node.tell(true);
    await pass(5);
    expect(await told()).toEqual([
      "11-15 (5) 11-15 late broker-unreachable",
      "16-35 (20) 16-35 recovered historian-away",
    ]);
    expect(losses.account(STREAM)).toMatchObject([{ stored: 40, late: 5, recovered: 20 }]);
  });

  it("tells of a node that was stopped since when, and of one that started again that it was down", async () => {
    node.stop();
    await pass(30);
    expect(await told()).toEqual(["0-0 (0) 10- node-down stopped open"]);
    node.start(BOOT + 60);
    await pass(5);
    expect(await told()).toEqual(["0-0 (0) 10-40 node-down stopped"]);
  });

  it("says of a node that fell silent that nobody knows, until it is heard again", async () => {
    Object.assign(node, { running: false, connected: false });
    await pass(50);
    expect(await told()).toEqual(["0-0 (0) 10- unknown node-unreachable open"]);
    Object.assign(node, { running: true, connected: true });
    await pass(2);
    expect(await told()).toEqual([]);
  });

  it("tells what a killed node had read, and that it was down after it", async () => {
    node.cut();
    await pass(10);
    node.kill();
    await pass(10);
    node.start(BOOT + 60);
    await pass(5);
    expect(await told()).toEqual([
      "11-20 (10) 11-20 late broker-unreachable",
      "0-0 (0) 20-30 node-down killed",
    ]);
    expect(losses.account(STREAM).map(({ boot, late }) => [boot, late])).toEqual([
      [BOOT + 60, 0],
      [BOOT, 10],
    ]);
  });

  it("counts what the historian itself could not keep as dropped", async () => {
    losses.dropped(STREAM, BOOT, [[3, 6]], "historian-full");
    expect(await told()).toEqual(["3-6 (4) 3-6 dropped historian-full"]);
    expect(losses.account(STREAM)).toMatchObject([{ stored: 6, dropped: 4, lastSeq: 10 }]);
  });

  it("pages newest first, by time, and forgets what is old", async () => {
    for (let n = 0; n < 5; n++) {
      node.cut();
      await pass(2);
      node.connect();
      await pass(8);
    }
    const first = await losses.entries(STREAM, { limit: 3 });
    expect(first.entries.map(({ from }) => from)).toEqual([51, 41, 31]);
    const second = await losses.entries(STREAM, { limit: 3, after: first.next });
    expect(second.entries.map(({ from }) => from)).toEqual([21, 11]);
    const within = await losses.entries(STREAM, { from: START + 22_000, to: START + 32_000, limit: 10 });
    expect(within.entries.map(({ from }) => from)).toEqual([31, 21]);
    expect(await losses.prune(START + 30_000)).toBe(2);
    expect(await told()).toHaveLength(3);
  });

  it("lets go of a stream that is removed, and keeps what it told", async () => {
    node.cut();
    await pass(5);
    link.send("env/desk/birth", "", true);
    await losses.flush();
    expect(await told()).toEqual(["0-0 (0) 10-15 unknown node-unreachable"]);
  });
});
