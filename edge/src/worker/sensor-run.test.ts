import type { Rule } from "@fieldmesh/protocol";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { SensorConfig } from "../config/types.js";
import { type Driver, type DriverContext, DriverError, type Sample } from "../drivers/driver.js";
import type { FromWorker } from "../worker-messages.js";
import { SensorRun } from "./sensor-run.js";

const HOT: Rule = { id: "hot", kind: "above", limit: 30, severity: "warning" };
const SENSOR: SensorConfig = {
  id: "temperature",
  type: "temperature",
  valueType: "number",
  unit: "Cel",
  intervalMs: 1_000,
  scale: 1,
  offset: 0,
  qos: 1,
  driver: { kind: "scripted", options: {} },
  rules: [HOT],
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A run whose driver is a script: each read takes the next answer. */
function scripted(
  read: (signal: AbortSignal, count: number) => Promise<Sample | undefined>,
  sensor: Partial<SensorConfig> = {},
  driver: Partial<Driver> = {},
) {
  const posted: FromWorker[] = [];
  const close = vi.fn(() => Promise.resolve());
  let context: DriverContext | undefined;
  let count = 0;
  const open = vi.fn((_options: Record<string, unknown>, given: DriverContext): Promise<Driver> => {
    context = given;
    return Promise.resolve({
      read: (signal) => {
        count += 1;
        return read(signal, count);
      },
      close,
      ...driver,
    });
  });
  const run = new SensorRun(
    { domain: "env", node: "n", sensor: { ...SENSOR, ...sensor } },
    {
      clock: { now: () => Date.now(), monotonic: () => performance.now() },
      post: (message) => posted.push(message),
      loadDriver: () =>
        Promise.resolve({
          open,
          options: () => {
            throw new Error("options are parsed in the main thread");
          },
        }),
    },
  );
  return {
    run,
    open,
    close,
    posted,
    emit: (sample: Sample) => context?.emit(sample),
    readings: () => posted.filter((message) => message.type === "reading"),
  };
}

describe("SensorRun", () => {
  it("reads at once and at the interval, and judges", async () => {
    const { run, readings } = scripted((_signal, count) => Promise.resolve({ value: 29 + count }));
    run.start();
    await vi.advanceTimersByTimeAsync(2_000);
    await run.stop();
    expect(readings()).toMatchObject([
      { value: 30, verdicts: { hot: "clear" }, suppressed: false },
      { value: 31, verdicts: { hot: "violated" } },
      { value: 32, verdicts: { hot: "violated" } },
    ]);
  });

  it("makes a bad reading with its reason of what a driver throws, and goes on", async () => {
    const { run, readings } = scripted((_signal, count) =>
      count === 1 ? Promise.reject(new DriverError("wire\n cut")) : Promise.resolve({ value: 1 }),
    );
    run.start();
    await vi.advanceTimersByTimeAsync(1_000);
    await run.stop();
    expect(readings()).toMatchObject([
      { value: null, quality: "bad", reason: "wire cut", verdicts: { hot: "unjudged" } },
      { value: 1, verdicts: { hot: "clear" } },
    ]);
  });

  it("opens a driver again that could not be opened", async () => {
    const { run, open, readings } = scripted(() => Promise.resolve({ value: 1 }));
    open.mockRejectedValueOnce(new Error("not there"));
    run.start();
    await vi.advanceTimersByTimeAsync(1_000);
    await run.stop();
    expect(readings()).toMatchObject([{ quality: "bad", reason: "not there" }, { value: 1 }]);
  });

  it("leaves ticks out while a read goes on, and counts them in its heartbeat", async () => {
    const { run, posted, readings } = scripted(
      () => new Promise((resolve) => setTimeout(() => resolve({ value: 1 }), 2_500)),
    );
    run.start();
    await vi.advanceTimersByTimeAsync(5_600);
    await run.stop();
    expect(readings()).toHaveLength(2);
    expect(posted.filter((message) => message.type === "heartbeat").at(-1)).toEqual({
      type: "heartbeat",
      skipped: 3, // ticks at 1, 2 and 4 s; that of 5 s comes with the heartbeat
    });
  });

  it("beats at once and every 5 s, whatever the interval", async () => {
    const { run, posted } = scripted(() => Promise.resolve({ value: 1 }), { intervalMs: 3_600_000 });
    run.start();
    await vi.advanceTimersByTimeAsync(15_000);
    await run.stop();
    expect(posted.filter((message) => message.type === "heartbeat")).toHaveLength(4);
  });

  it("gives up on a read after the driver's limit and tells why", async () => {
    const { run, readings } = scripted(
      (signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error));
        }),
      {},
      { readLimitMs: 1_500 },
    );
    run.start();
    await vi.advanceTimersByTimeAsync(1_500);
    await run.stop();
    expect(readings()).toMatchObject([{ quality: "bad", reason: "no answer within 1.5 s" }]);
  });

  it("asks to be replaced when the driver does not hear an abort", async () => {
    const { run, posted } = scripted(() => new Promise(() => undefined), {}, { readLimitMs: 1_000 });
    run.start();
    await vi.advanceTimersByTimeAsync(5_900);
    expect(posted.some((message) => message.type === "fatal")).toBe(false);
    await vi.advanceTimersByTimeAsync(200);
    expect(posted.filter((message) => message.type === "fatal")).toHaveLength(1);
    const stopped = run.stop();
    await vi.advanceTimersByTimeAsync(6_000);
    await stopped;
  });

  it("stops at once, ends the read and closes the driver; nothing is posted after it", async () => {
    const { run, posted, close, emit } = scripted(
      (signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error));
        }),
    );
    run.start();
    await vi.advanceTimersByTimeAsync(100);
    const before = posted.length;
    await run.stop();
    emit({ value: 5 });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(posted).toHaveLength(before);
    expect(close).toHaveBeenCalledOnce();
  });

  it("takes samples that come by themselves, with their own time", async () => {
    const { run, emit, readings } = scripted(() => Promise.resolve(undefined));
    run.start();
    await vi.advanceTimersByTimeAsync(10);
    emit({ value: 31, timestamp: 1_000 });
    await run.stop();
    expect(readings()).toMatchObject([{ value: 31, timestamp: 1_000, verdicts: { hot: "violated" } }]);
  });

  it("looks back in the driver's time where it has one", async () => {
    const rate: Rule = { id: "fast", kind: "rate", limit: 5, perMs: 60_000, severity: "info" };
    const { run, emit, readings } = scripted(() => Promise.resolve(undefined), { rules: [rate] });
    run.start();
    await vi.advanceTimersByTimeAsync(10);
    emit({ value: 0, timestamp: 0 });
    emit({ value: 9, timestamp: 120_000 }); // 4.5 a minute
    emit({ value: 19, timestamp: 180_000 });
    await run.stop();
    expect(readings().map((reading) => reading.verdicts["fast"])).toEqual(["unjudged", "clear", "violated"]);
  });

  it("answers read-now past the deadband, with the latest where nothing is new", async () => {
    const pull = scripted(() => Promise.resolve({ value: 1 }), { deadband: 5 });
    pull.run.start();
    await vi.advanceTimersByTimeAsync(1_500);
    pull.run.receive({ type: "read-now" });
    await vi.advanceTimersByTimeAsync(1);
    await pull.run.stop();
    expect(pull.readings().map((reading) => reading.suppressed)).toEqual([false, true, false]);

    const push = scripted(
      () => Promise.resolve(undefined),
      {},
      { latest: () => ({ value: 7, timestamp: 5 }) },
    );
    push.run.start();
    await vi.advanceTimersByTimeAsync(1_500);
    push.run.receive({ type: "read-now" });
    await vi.advanceTimersByTimeAsync(1);
    await push.run.stop();
    expect(push.readings()).toMatchObject([{ value: 7, timestamp: 5 }]);
  });

  it("judges the last good value anew under a changed rule, which is no reading", async () => {
    const { run, posted, readings } = scripted(() => Promise.resolve({ value: 25 }));
    run.start();
    await vi.advanceTimersByTimeAsync(1);
    run.receive({ type: "set-rule", rule: { ...HOT, kind: "above", limit: 20 } });
    await run.stop();
    expect(readings()).toHaveLength(1);
    expect(posted.at(-1)).toMatchObject({ type: "judged", value: 25, verdicts: { hot: "violated" } });
  });

  it("takes a new interval", async () => {
    const { run, readings } = scripted(() => Promise.resolve({ value: 1 }));
    run.start();
    await vi.advanceTimersByTimeAsync(500);
    run.receive({ type: "set-interval", intervalMs: 100 });
    await vi.advanceTimersByTimeAsync(1_000);
    await run.stop();
    expect(readings()).toHaveLength(12);
  });

  it("goes on with a simulated fault in the place of a worker that had it", async () => {
    const simulate = vi.fn();
    const { run } = scripted(() => Promise.resolve({ value: 1 }), {}, { simulate });
    run.receive({ type: "simulate", fault: "overheat" });
    run.start();
    await vi.advanceTimersByTimeAsync(1);
    run.receive({ type: "simulate", fault: "reset" });
    await run.stop();
    expect(simulate.mock.calls).toEqual([["overheat"], ["reset"]]);
  });
});
