import type { AlarmEvent, Presence } from "@fieldmesh/protocol";
import type { ConsumerNode, ConsumerStream } from "@fieldmesh/runtime";
import { beforeEach, expect, test } from "vitest";
import { AlarmBook } from "./alarms/book.js";
import { Catalogue } from "./catalogue/catalogue.js";
import { DroppedCounter } from "./dropped.js";
import { Live } from "./live.js";
import type { WindowChange } from "./window/journal-block.js";
import { Windows } from "./window/windows.js";

const HOUR = 3_600_000;
let wall: number;
let steady: number;
let raised: string[];
let changes: WindowChange[];
let windows: Windows;
let live: Live;
let node: { presence: Presence; clockOffset?: { offsetMs: number; delayMs: number; at: number } };

function pass(ms: number): void {
  wall += ms;
  steady += ms;
}

function read(seq: number, timestamp: number, offsetMs: number): void {
  const stream = { domain: "env", node: "a", sensor: "x" };
  const reading = { node: "a", sensor: "x", value: seq, unit: "Cel", timestamp, boot: 1, seq };
  const arrived = { accounted: true, outOfOrder: false, arrivedAt: wall, clockOffsetMs: offsetMs };
  live.reading({ stream, name: "env_a_x", reading, ...arrived });
}

beforeEach(() => {
  wall = 10 * HOUR;
  steady = 5;
  raised = [];
  changes = [];
  windows = new Windows();
  const record = {
    domain: "env",
    node: "a",
    birth: null,
    status: { state: "online", boot: 7, conn: 3, timestamp: 1 },
    stats: null,
    link: 0,
    legacy: false,
    streams: new Map([["x", { name: "env_a_x", lastAt: wall } as ConsumerStream]]),
    presence: { presence: "online", since: wall },
  };
  node = record as unknown as typeof node;
  const nodes = new Map([["env/a", record as unknown as ConsumerNode]]);
  const consumer = { nodes, node: () => nodes.get("env/a"), listening: () => [wall] };
  live = new Live({
    consumer,
    windows,
    catalogue: new Catalogue(consumer, () => wall),
    alarms: new AlarmBook({
      onChange: ({ what, alarm }) => raised.push(`${what} ${alarm.event.rule} ${alarm.event.seq}`),
      onPresent: () => {},
      onHistory: () => {},
      onHistoryDropped: () => {},
    }),
    dropped: new DroppedCounter(),
    onChange: (change) => changes.push(change),
    clock: () => wall,
    monotonic: () => steady,
    nodeAlarms: { offline: "critical", silent: "warning", afterMs: 5_000 },
  });
});

test("a node that is soon back is no alarm; one that stays away is one", () => {
  live.tick();
  node.presence = { presence: "offline", since: wall };
  live.tick();
  pass(4_000);
  live.tick();
  node.presence = { presence: "online", since: wall };
  live.tick();
  expect(raised).toEqual([]);
  node.presence = { presence: "offline", since: wall };
  live.tick();
  pass(5_000);
  live.tick();
  expect(raised).toEqual(["raised offline 3"]);
  node.presence = { presence: "online", since: wall };
  live.tick();
  expect(raised).toEqual(["raised offline 3", "cleared offline 3"]);
});

test("our own clock that is set by an hour empties no window and accuses no node of silence", () => {
  read(1, wall, 0);
  live.tick();
  wall += HOUR;
  // By the new time nothing was heard for an hour, until the node speaks again.
  node.presence = { presence: "silent", since: wall - HOUR };
  live.tick();
  pass(9_000);
  live.tick();
  read(2, wall, 0);
  node.presence = { presence: "online", since: wall };
  live.tick();
  expect(raised).toEqual([]);
  expect(windows.get("env_a_x")?.columns(0, 2).t).toEqual([wall - 9_000, wall]);
  expect(changes).toEqual([{ change: "stepped", deltaMs: HOUR }]);
});

test("a node's clock that is set is taken out of what came since it was measured", () => {
  read(1, wall, 0);
  pass(1_000);
  read(2, wall + HOUR, 0); // set, and not yet measured
  node.clockOffset = { offsetMs: HOUR, delayMs: 2, at: wall };
  const [record] = [node as unknown as ConsumerNode];
  live.node(record, "offset");
  pass(1_000);
  read(3, wall + HOUR, HOUR);
  expect(windows.get("env_a_x")?.columns(0, 3).t).toEqual([wall - 2_000, wall - 1_000, wall]);
});

test("a promise that is broken is an alarm of its stream like any other, and ends like one", () => {
  const event: AlarmEvent = {
    node: "a",
    sensor: "x",
    rule: "slo-availability",
    state: "raised",
    severity: "critical",
    value: 97.2,
    limit: 99,
    unit: "%",
    timestamp: wall,
    since: wall,
    boot: 5,
    seq: 1,
    message: "availability 97.2 % of 24 h, promised 99 %: the budget burns 8 times too fast",
  };
  const tell = (over: Partial<AlarmEvent>) => live.promise("env_a_x", event.rule, { ...event, ...over });
  tell({});
  tell({}); // published again at a connect
  tell({ state: "cleared", seq: 2 });
  tell({}); // and an old one, overtaken
  tell({ boot: 6, seq: 1, severity: "warning" });
  live.promise("env_a_x", event.rule, null); // nothing is promised any more
  live.promise("no stream", event.rule, event);
  expect(raised).toEqual([
    "raised slo-availability 1",
    "cleared slo-availability 1",
    "raised slo-availability 1",
    "ended slo-availability 1",
  ]);
});
