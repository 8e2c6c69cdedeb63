import { type Broker, startBroker } from "@fieldmesh/broker";
import type { Birth, Rule, Stats } from "@fieldmesh/protocol";
import type { MqttLink } from "@fieldmesh/runtime";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { EdgeNode } from "./node.js";
import { Bench, Cell, type Heard, scripted } from "./testing/node-bench.js";

const TOO_HOT: Rule = { id: "too-hot", kind: "above", limit: 30, severity: "warning" };
const WAIT = { timeout: 30_000, interval: 20 };
vi.setConfig({ testTimeout: 60_000 });

let broker: Broker;
let bench: Bench;
let heard: Heard[];
let link: MqttLink;

beforeEach(async () => {
  broker = await startBroker({ port: 0 });
  bench = await Bench.create(broker.port);
  ({ heard, link } = await bench.ear());
});
afterEach(async () => {
  await bench.close();
  await broker.close();
});

function newest(end: string): Heard | undefined {
  return heard.findLast(({ topic }) => topic.endsWith(end));
}

/** Before that a command would not reach it. */
async function listening(node: EdgeNode): Promise<void> {
  await vi.waitFor(() => expect(birth()?.boot).toBe(node.boot), WAIT);
}

function birth(): Birth {
  return newest("/birth")?.payload as unknown as Birth;
}

describe("commands of a node", () => {
  it("set-interval changes the pace, is kept over a restart, and lapses when the file says otherwise", async () => {
    const sensors = [scripted("temperature", { intervalMs: 5_000 })];
    const first = await bench.node(sensors);
    await vi.waitFor(() => expect(birth()?.sensors[0]?.intervalMs).toBe(5_000), WAIT);
    const reply = await bench.ask(link, "set-interval", { sensor: "temperature", intervalMs: 30 });
    expect(reply).toMatchObject({ ok: true, result: { intervalMs: 30, replaced: 5_000 } });
    await vi.waitFor(() => expect(first.stats().sensors["temperature"]?.lastSeq).toBeGreaterThan(3), WAIT);
    const override = { setting: "intervalMs", configured: 5_000, value: 30, by: "test" };
    expect(birth().sensors[0]).toMatchObject({ intervalMs: 30, overrides: [override] });
    await first.close();

    const second = await bench.node(sensors);
    await vi.waitFor(() => expect(birth().boot).toBe(second.boot), WAIT);
    expect(birth().sensors[0]).toMatchObject({ intervalMs: 30, overrides: [override] });
    await second.close();

    const third = await bench.node([scripted("temperature", { intervalMs: 4_000 })]);
    await vi.waitFor(() => expect(birth().boot).toBe(third.boot), WAIT);
    expect(birth().sensors[0]?.intervalMs).toBe(4_000);
    expect(birth().sensors[0]).not.toHaveProperty("overrides");
  });

  it("set-rule judges by the new limit, and going back to the configured one ends the override", async () => {
    const cell = new Cell();
    cell.set(33);
    await bench.node([scripted("temperature", { cell, rules: [TOO_HOT] })]);
    await vi.waitFor(() => expect(newest("/too-hot")?.payload?.state).toBe("raised"), WAIT);
    const args = { sensor: "temperature", rule: "too-hot" };
    expect(await bench.ask(link, "set-rule", { ...args, set: { limit: 40 } })).toMatchObject({
      ok: true,
      result: { rule: { ...TOO_HOT, limit: 40 } },
    });
    await vi.waitFor(() => expect(newest("/too-hot")?.payload?.state).toBe("cleared"), WAIT);
    expect(birth().sensors[0]?.overrides).toMatchObject([{ setting: "rules.too-hot", configured: TOO_HOT }]);
    await bench.ask(link, "set-rule", { ...args, set: { limit: 30 } });
    await vi.waitFor(() => expect(newest("/too-hot")?.payload?.state).toBe("raised"), WAIT);
    await vi.waitFor(() => expect(birth().sensors[0]).not.toHaveProperty("overrides"), WAIT);
  });

  it("resend sends what is there, says what is held and what is gone, and merges requests of one second", async () => {
    const cell = new Cell();
    cell.set(20);
    const node = await bench.node([scripted("temperature", { cell })]);
    const account = () => node.stats().sensors["temperature"];
    await vi.waitFor(() => expect(account()?.lastSeq).toBeGreaterThan(40), WAIT);
    cell.set(Number.NaN); // no more readings
    await vi.waitFor(() => expect(account()?.held).toEqual([]), WAIT);
    const last = account()?.lastSeq ?? 0;
    const from = heard.length;
    const ask = (a: number, b: number, boot = node.boot) =>
      bench.ask(link, "resend", { sensor: "temperature", boot, from: a, to: b });
    const replies = await Promise.all([ask(5, 20), ask(10, 25), ask(last - 1, last + 50), ask(1, 3, 17)]);
    expect(replies.map((reply) => (reply.ok ? reply.result : reply.error))).toEqual([
      { sent: 16, held: [], gone: [] },
      { sent: 16, held: [], gone: [] },
      { sent: 2, held: [], gone: [] }, // those behind were not given yet: nothing is said of them
      { sent: 0, held: [], gone: [[1, 3, "expired"]] },
    ]);
    const again = heard.slice(from).filter(({ topic }) => topic.endsWith("/raw"));
    expect(again.map(({ payload }) => payload?.seq)).toEqual([
      ...Array.from({ length: 21 }, (_, i) => i + 5),
      last - 1,
      last,
    ]);
    expect(again.every(({ payload }) => payload?.backfill === true)).toBe(true);
  });

  it("resend tells of an earlier boot that what was killed unwritten is gone", async () => {
    const first = await bench.node([scripted("temperature")]);
    await vi.waitFor(() => expect(first.stats().sensors["temperature"]?.lastSeq).toBeGreaterThan(5), WAIT);
    await first.close();
    const last = first.stats().sensors["temperature"]?.lastSeq ?? 0;
    await listening(await bench.node([scripted("temperature")]));
    const args = { sensor: "temperature", boot: first.boot, from: last, to: last + 4 };
    expect(await bench.ask(link, "resend", args)).toMatchObject({
      ok: true,
      result: { sent: 1, gone: [[last + 1, last + 4, "killed"]] },
    });
  });

  it("time, read-now, simulate and restart-sensor answer with what they did", async () => {
    const cell = new Cell();
    cell.set(Number.NaN);
    const node = await bench.node([
      scripted("temperature", { cell, intervalMs: 60_000 }),
      { ...scripted("humidity"), type: "humidity" },
    ]);
    await listening(node);
    const sentAt = Date.now();
    const time = await bench.ask(link, "time", {});
    expect(time).toMatchObject({ ok: true });
    const result = (time.ok ? time.result : {}) as { receivedAt: number; sentAt: number };
    expect(result.receivedAt).toBeGreaterThanOrEqual(sentAt);
    expect(result.sentAt).toBeGreaterThanOrEqual(result.receivedAt);

    cell.set(7);
    expect(await bench.ask(link, "read-now", { sensor: "temperature" })).toMatchObject({
      result: { sensors: ["temperature"] },
    });
    await vi.waitFor(
      () => expect(newest("/temperature/raw")?.payload).toMatchObject({ value: 7, seq: 1 }),
      WAIT,
    );
    expect(await bench.ask(link, "simulate", { type: "overheat" })).toMatchObject({
      result: { sensors: ["temperature"] },
    });
    expect(await bench.ask(link, "simulate", { type: "reset" })).toMatchObject({
      result: { sensors: ["temperature"] },
    });
    expect(await bench.ask(link, "simulate", { type: "poorair" })).toMatchObject({
      error: {
        code: "not_simulated",
        field: "type",
        message: "no sensor of this node can show poorair; expected overheat",
      },
    });
    expect(await bench.ask(link, "simulate", { type: "overheat", sensor: "humidity" })).toMatchObject({
      error: { code: "not_simulated", field: "sensor", message: "humidity cannot show overheat" },
    });
    const before = node.stats().sensors["humidity"]?.lastSeq ?? 0;
    expect(await bench.ask(link, "restart-sensor", { sensor: "humidity" })).toMatchObject({ ok: true });
    await vi.waitFor(
      () => expect(node.stats().sensors["humidity"]).toMatchObject({ restarts: 1, state: "ok" }),
      WAIT,
    );
    await vi.waitFor(() => expect(node.stats().sensors["humidity"]?.lastSeq).toBeGreaterThan(before), WAIT);
  });

  it("what is wrong with a command is said with code, message and field", async () => {
    await bench.node([scripted("temperature", { rules: [TOO_HOT] })]);
    await vi.waitFor(() => expect(birth()).toBeDefined(), WAIT);
    const errors: [name: string, args: unknown, code: string, field?: string][] = [
      ["make-coffee", {}, "unknown_command", "name"],
      ["set-interval", { sensor: "temperature", intervalMs: 0 }, "bad_args", "intervalMs"],
      ["set-interval", { sensor: "temperature" }, "bad_args", "intervalMs"],
      ["set-interval", { sensor: "../../etc", intervalMs: 100 }, "bad_args", "sensor"],
      ["set-interval", "now", "bad_args"],
      ["restart-sensor", { sensor: "pressure" }, "unknown_sensor", "sensor"],
      ["set-rule", { sensor: "temperature", rule: "too-cold", set: { limit: 3 } }, "unknown_rule", "rule"],
      [
        "set-rule",
        { sensor: "temperature", rule: "too-hot", set: { limit: "hot" } },
        "bad_args",
        "set.limit",
      ],
      ["set-rule", { sensor: "temperature", rule: "too-hot", set: { kind: "below" } }, "bad_args", "set"],
      ["resend", { sensor: "temperature", boot: 1, from: 9, to: 3 }, "bad_args", "from"],
    ];
    for (const [name, args, code, field] of errors) {
      const reply = await bench.ask(link, name, args);
      expect([name, args, reply.ok ? "ok" : reply.error]).toMatchObject([
        name,
        args,
        field === undefined ? { code } : { code, field },
      ]);
    }
  });

  it("what is no command at all harms nobody", async () => {
    const node = await bench.node([scripted("temperature")]);
    const payloads = [
      "",
      "{",
      "null",
      "[]",
      "7",
      "\u0000",
      '{"id":7}',
      '{"id":"x","name":"time","args":{}}',
      "x".repeat(20_000),
    ];
    for (const payload of payloads) {
      for (const name of ["time", "set-interval", "UPPER", "__proto__"]) {
        await link.publish(`env/greenhouse/cmd/${name}`, payload, { qos: 1 });
      }
    }
    await link.publish(
      "env/greenhouse/cmd/restart-sensor",
      '{"id":"r","name":"restart-sensor","args":{"sensor":"temperature"},"by":"x"}',
      {
        qos: 1,
        retain: true,
      },
    );
    await vi.waitFor(() => expect(node.stats().sensors["temperature"]?.restarts).toBe(1), WAIT);
    // A retained command would be carried out at each connect: what is retained is left alone.
    bench.cable.cut();
    bench.cable.mend();
    const connections = (): number => heard.filter(({ topic }) => topic.endsWith("/birth")).length;
    const before = connections();
    await vi.waitFor(() => expect(connections()).toBeGreaterThan(before), WAIT);
    expect(await bench.ask(link, "time", {})).toMatchObject({ ok: true });
    expect((node.stats() satisfies Stats).sensors["temperature"]?.restarts).toBe(1);
  });
});
