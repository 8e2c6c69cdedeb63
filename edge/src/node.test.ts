import { type Broker, startBroker } from "@fieldmesh/broker";
import type { Rule, Status } from "@fieldmesh/protocol";
import { RestartRequest } from "@fieldmesh/runtime";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ReplacedError } from "./session.js";
import { Bench, Cell, type Heard, scripted } from "./testing/node-bench.js";

const TOO_HOT: Rule = { id: "too-hot", kind: "above", limit: 30, clear: 28, severity: "warning" };
const RAW = "env/greenhouse/temperature/raw";
const EVENT = "env/event/greenhouse/temperature/too-hot";
const WAIT = { timeout: 30_000, interval: 20 };
vi.setConfig({ testTimeout: 60_000 });

let broker: Broker;
let bench: Bench;

beforeEach(async () => {
  broker = await startBroker({ port: 0 });
  bench = await Bench.create(broker.port);
});
afterEach(async () => {
  await bench.close();
  await broker.close();
});

function seqs(heard: Heard[]): number[] {
  return heard.map(({ payload }) => payload?.seq ?? 0);
}

describe("an edge node", () => {
  it("says what it is, sends its readings in order, and says when it goes", async () => {
    const ear = await bench.ear();
    const node = await bench.node([scripted("temperature", { rules: [TOO_HOT] })]);
    await vi.waitFor(() => expect(ear.of("/raw").length).toBeGreaterThan(10), WAIT);
    const kinds = ear.heard.map(({ topic }) => topic.split("/").at(-1));
    expect(kinds.slice(0, 3)).toEqual(["status", "birth", "stats"]);
    expect(ear.of("/status")[0]?.payload).toMatchObject({ state: "online", boot: node.boot, conn: 1 });
    expect(ear.of("/birth")[0]?.payload).toMatchObject({
      node: "greenhouse",
      domain: "env",
      boot: node.boot,
      sensors: [{ id: "temperature", unit: "Cel", driver: "simulated", rules: [{ id: "too-hot" }] }],
    });
    const readings = ear.of("/raw");
    expect(seqs(readings)).toEqual(readings.map((_, i) => i + 1));
    expect(readings[0]?.payload).toMatchObject({
      node: "greenhouse",
      sensor: "temperature",
      value: 1,
      unit: "Cel",
    });
    expect(readings.some(({ payload }) => payload?.backfill)).toBe(false);
    await node.close();
    await vi.waitFor(
      () => expect(ear.of("/status").at(-1)?.payload).toMatchObject({ state: "offline" }),
      WAIT,
    );
    const late = await bench.ear(["env/greenhouse/status"]);
    await vi.waitFor(
      () => expect(late.heard[0]).toMatchObject({ retain: true, payload: { reason: "stopped" } }),
      WAIT,
    );
  });

  it("sends live readings first after an outage, the held ones behind them, marked, and none is missing", async () => {
    const ear = await bench.ear([RAW]);
    const node = await bench.node([scripted("temperature")]);
    const account = () => node.stats().sensors["temperature"];
    await vi.waitFor(() => expect(ear.heard.length).toBeGreaterThan(5), WAIT);
    bench.cable.cut();
    await vi.waitFor(() => {
      const [from, to] = account()?.held[0] ?? [0, 0];
      expect(to - from).toBeGreaterThan(60);
    }, WAIT);
    const outage = account()?.lastSeq ?? 0;
    bench.cable.mend();
    await vi.waitFor(() => {
      const all = new Set(seqs(ear.heard));
      expect(Math.max(...all)).toBeGreaterThan(outage);
      expect(all.size).toBe(Math.max(...all));
    }, WAIT);
    await vi.waitFor(() => expect(account()?.held).toEqual([]), WAIT);
    const backfilled = ear.heard.filter(({ payload }) => payload?.backfill === true);
    expect(backfilled.length).toBeGreaterThan(30);
    // Among themselves the held ones come in order.
    expect(seqs(backfilled)).toEqual([...seqs(backfilled)].sort((a, b) => a - b));
    // And before they were through, a live one had come.
    const firstLive = ear.heard.findIndex(
      ({ payload }, i) =>
        i > 0 && payload?.backfill === undefined && (payload?.seq ?? 0) > Math.max(...seqs(backfilled)),
    );
    expect(firstLive).toBeLessThan(ear.heard.indexOf(backfilled.at(-1) as Heard));
    expect(node.stats().sensors["temperature"]?.dropped).toEqual([]);
  });

  it("tells a rule's events in order after an outage: the overtaken as backfill, the newest retained", async () => {
    const cell = new Cell();
    cell.set(20);
    const node = await bench.node([scripted("temperature", { cell, rules: [TOO_HOT] })]);
    await vi.waitFor(() => expect(node.stats().sensors["temperature"]?.lastSeq).toBeGreaterThan(0), WAIT);
    bench.cable.cut();
    for (const value of [35, 20, 36]) {
      const from = node.stats().sensors["temperature"]?.lastSeq ?? 0;
      cell.set(value);
      await vi.waitFor(
        () => expect(node.stats().sensors["temperature"]?.lastSeq).toBeGreaterThan(from + 2),
        WAIT,
      );
    }
    const ear = await bench.ear([EVENT]);
    bench.cable.mend();
    await vi.waitFor(() => expect(seqs(ear.heard)).toEqual([1, 2, 3]), WAIT);
    for (const { payload } of ear.heard) expect(payload?.backfill === true).toBe((payload?.seq ?? 0) < 3);
    const late = await bench.ear([EVENT]);
    await vi.waitFor(() => expect(late.heard).toHaveLength(1), WAIT);
    expect(late.heard[0]).toMatchObject({ retain: true, payload: { seq: 3, state: "raised", value: 36 } });
  });

  it("says a standing alarm again after a restart, and does not raise it twice", async () => {
    const cell = new Cell();
    cell.set(35);
    const ear = await bench.ear([EVENT]);
    const sensors = [scripted("temperature", { cell, rules: [TOO_HOT] })];
    const first = await bench.node(sensors);
    await vi.waitFor(() => expect(ear.heard).toHaveLength(1), WAIT);
    await first.close();
    const second = await bench.node(sensors);
    expect(second.boot).toBeGreaterThan(first.boot);
    await vi.waitFor(() => expect(second.stats().sensors["temperature"]?.lastSeq).toBeGreaterThan(5), WAIT);
    expect(ear.heard.map(({ payload }) => [payload?.boot, payload?.seq, payload?.state])).toEqual([
      [first.boot, 1, "raised"],
      [first.boot, 1, "raised"],
    ]);
    cell.set(20);
    await vi.waitFor(
      () => expect(ear.heard.at(-1)?.payload).toMatchObject({ state: "cleared", boot: second.boot, seq: 1 }),
      WAIT,
    );
    // The accounts of the boot before are still told.
    expect(second.stats().previous).toMatchObject([
      { boot: first.boot, sensors: { temperature: { held: [] } } },
    ]);
  });

  it("raises missing when a sensor says nothing, whatever its worker does, and clears it by a good reading", async () => {
    const cell = new Cell();
    cell.set(Number.NaN);
    const gone: Rule = { id: "gone", kind: "missing", afterMs: 300, severity: "critical" };
    const ear = await bench.ear(["env/event/#"]);
    await bench.node([scripted("temperature", { cell, rules: [gone] })]);
    await vi.waitFor(() => expect(ear.heard).toHaveLength(1), WAIT);
    expect(ear.heard[0]?.payload).toMatchObject({
      state: "raised",
      value: null,
      severity: "critical",
      seq: 1,
    });
    cell.set(4);
    await vi.waitFor(() => expect(ear.heard).toHaveLength(2), WAIT);
    expect(ear.heard[1]?.payload).toMatchObject({ state: "cleared", seq: 2 });
  });

  it("counts what the deadband keeps back, and sends by QoS 0 where that is wanted", async () => {
    const cell = new Cell();
    cell.set(-1); // the scripted worker says of what is below zero that it is suppressed
    const ear = await bench.ear([RAW]);
    const node = await bench.node([{ ...scripted("temperature", { cell }), qos: 0 }]);
    const account = () => node.stats().sensors["temperature"];
    await vi.waitFor(() => expect(account()?.suppressed).toBeGreaterThan(5), WAIT);
    expect(account()).toMatchObject({ lastSeq: 0, held: [], read: account()?.suppressed });
    cell.set(3);
    await vi.waitFor(() => expect(ear.heard.length).toBeGreaterThan(5), WAIT);
    expect(seqs(ear.heard)).toEqual(ear.heard.map((_, i) => i + 1));
    cell.set(Number.NaN);
    await vi.waitFor(() => expect(account()?.held).toEqual([]), WAIT);
    const { read, suppressed, lastSeq } = account() ?? { read: -1, suppressed: 0, lastSeq: 0 };
    expect(read).toBe(suppressed + lastSeq);
  });

  it("takes the alarm of a rule that is no more off the broker", async () => {
    const cell = new Cell();
    cell.set(35);
    const ear = await bench.ear([EVENT]);
    const first = await bench.node([scripted("temperature", { cell, rules: [TOO_HOT] })]);
    await vi.waitFor(() => expect(ear.heard).toHaveLength(1), WAIT);
    await first.close();
    await bench.node([scripted("temperature", { cell })]);
    await vi.waitFor(() => expect(ear.heard.at(-1)?.payload).toBeNull(), WAIT);
  });

  it("gives way to another node of its name, which stays", async () => {
    const first = await bench.node([scripted("temperature")]);
    const second = await bench.node([scripted("temperature")], { folder: `${bench.folder}/other` });
    expect(second.boot).toBeGreaterThan(first.boot);
    await vi.waitFor(() => expect(bench.stops).toHaveLength(1), WAIT);
    expect(bench.stops[0]).toBeInstanceOf(ReplacedError);
    expect(bench.stops[0]?.message).toContain("NODE_ID");
    const ear = await bench.ear(["env/greenhouse/status"]);
    await vi.waitFor(() => {
      expect(ear.heard.at(-1)?.payload).toMatchObject({ state: "online", boot: second.boot });
    }, WAIT);
    expect(bench.stops).toHaveLength(1);
  });

  it("says at each connect that it is there, and puts right what others say on its topic", async () => {
    const ear = await bench.ear(["env/greenhouse/status"]);
    const node = await bench.node([scripted("temperature")]);
    await vi.waitFor(() => expect(ear.heard).toHaveLength(1), WAIT);
    bench.cable.cut();
    await vi.waitFor(() => expect(ear.heard).toHaveLength(2), WAIT);
    bench.cable.mend();
    const newest = () => ear.heard.at(-1)?.payload;
    await vi.waitFor(() => expect(newest()).toMatchObject({ state: "online" }), WAIT);
    const [first, will, again] = ear.heard.map(({ payload }) => payload as unknown as Status);
    expect(first).toMatchObject({ state: "online", boot: node.boot, conn: 1 });
    expect(will).toMatchObject({ state: "offline", boot: node.boot, conn: 1, reason: "connection lost" });
    expect(again?.boot).toBe(node.boot);
    expect(again?.conn).toBeGreaterThan(1);

    const stale = JSON.stringify({ state: "offline", boot: node.boot - 5, conn: 9, timestamp: 1 });
    const absurd = JSON.stringify({ state: "online", boot: 2 ** 50, conn: 1, timestamp: 1 });
    // The will of the connection that stands: a broker that took it for dead has published it.
    const ownWill = JSON.stringify({ ...will, conn: again?.conn });
    for (const payload of [stale, absurd, "{", "", ownWill]) {
      await ear.link.publish("env/greenhouse/status", payload, { qos: 1, retain: true });
      const from = ear.heard.length;
      await vi.waitFor(() => expect(ear.heard.length).toBeGreaterThan(from), WAIT);
      await vi.waitFor(() => expect(newest()).toMatchObject({ state: "online", boot: node.boot }), WAIT);
    }
    expect(bench.stops).toEqual([]);
  });

  it("asks for a fresh process when it began below what the broker knows of it", async () => {
    const ear = await bench.ear(["env/greenhouse/status"]);
    bench.cable.cut();
    const node = await bench.node([scripted("temperature")], { brokerWaitMs: 50 });
    const known = node.boot + 1_000;
    const status = { state: "offline", boot: known, conn: 3, timestamp: 1 };
    await ear.link.publish("env/greenhouse/status", JSON.stringify(status), { qos: 1, retain: true });
    bench.cable.mend();
    await vi.waitFor(() => expect(bench.stops).toHaveLength(1), WAIT);
    expect(bench.stops[0]).toBeInstanceOf(RestartRequest);
    await node.close();
    const again = await bench.node([scripted("temperature")]);
    expect(again.boot).toBe(known + 1);
  });

  it("replaces workers that throw, exit or hang, and the others run on", async () => {
    const sensors = [
      scripted("temperature"),
      ...["throw", "exit", "hang"].map((fail) => scripted(`s-${fail}`, { fail, intervalMs: 10 })),
    ];
    const ear = await bench.ear(["env/greenhouse/stats"]);
    const node = await bench.node(sensors, { sensorLimits: { silenceLimitMs: 700 } });
    const stats = (id: string) => node.stats().sensors[id];
    await vi.waitFor(() => {
      for (const fail of ["throw", "exit", "hang"]) expect(stats(`s-${fail}`)?.restarts).toBeGreaterThan(0);
    }, WAIT);
    await vi.waitFor(() => expect(stats("s-throw")?.reason).toContain("the sensor came loose"), WAIT);
    await vi.waitFor(() => expect(stats("s-throw")?.state).toBe("failed"), WAIT);
    expect(stats("temperature")).toMatchObject({ state: "ok" });
    // It is told at once, not at the next turn of the stats.
    await vi.waitFor(() => expect(JSON.stringify(ear.of("/stats").at(-1)?.payload)).toContain("came loose"), {
      timeout: 5_000,
    });
    expect(stats("temperature")).not.toHaveProperty("restarts");
    // A replaced worker goes on with the numbers of the one before: none is given twice.
    expect(stats("s-exit")?.lastSeq).toBeGreaterThan(1);
    expect(bench.stops).toEqual([]);
  });

  it("asks for a fresh process when a worker cannot be ended, with its log written", async () => {
    await bench.node([scripted("temperature"), scripted("stuck", { fail: "hang" })], {
      sensorLimits: { silenceLimitMs: 300, terminateLimitMs: 0 },
    });
    await vi.waitFor(() => expect(bench.stops).toHaveLength(1), WAIT);
    expect(bench.stops[0]).toBeInstanceOf(RestartRequest);
  });

  it("is not put off by a wall clock that jumps an hour, forward or back", async () => {
    let jump = 0;
    const clock = { now: () => Date.now() + jump, monotonic: () => performance.now() };
    const ear = await bench.ear([RAW]);
    const missing: Rule = { id: "gone", kind: "missing", afterMs: 60_000, severity: "critical" };
    const node = await bench.node([scripted("temperature", { rules: [missing] })], { clock });
    for (const by of [3_600_000, -3_600_000]) {
      const from = ear.heard.length;
      jump = by;
      await vi.waitFor(() => expect(ear.heard.length).toBeGreaterThan(from + 10), WAIT);
    }
    const { dropped, held, keptFrom, lastSeq } = node.stats().sensors["temperature"] ?? {};
    expect({ dropped, keptFrom }).toEqual({ dropped: [], keptFrom: 1 });
    expect(held?.length).toBeLessThan(2);
    expect(seqs(ear.heard).slice(0, lastSeq)).toEqual(ear.heard.map((_, i) => i + 1).slice(0, lastSeq));
    const events = await bench.ear(["env/event/#"]);
    expect(events.heard).toEqual([]);
  });
});
