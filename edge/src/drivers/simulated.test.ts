import { describe, expect, it } from "vitest";
import { z } from "zod";
import { FIELDS } from "../config/fields.js";
import type { SensorConfig } from "../config/types.js";
import type { Driver, Sample } from "./driver.js";
import { driver, respondsTo } from "./simulated.js";

const DAY_MS = 86_400_000;
const NOON = Date.UTC(2026, 5, 1, 12);

async function simulated(
  written: Record<string, unknown>,
  { type = "temperature", valueType = "number" as SensorConfig["valueType"], node = "n" } = {},
): Promise<{ at: (ms: number) => Promise<Sample["value"]>; opened: Driver; setNow: (ms: number) => void }> {
  let now = NOON;
  const opened = await driver.open(driver.options(z, FIELDS).parse(written) as never, {
    domain: "env",
    node,
    sensor: { id: type, type, valueType, unit: "1", intervalMs: 1_000 },
    clock: { now: () => now, monotonic: () => now },
    emit: () => undefined,
  });
  return {
    opened,
    setNow: (ms) => {
      now = ms;
    },
    at: async (ms) => {
      now = ms;
      return (await opened.read(new AbortController().signal))?.value ?? null;
    },
  };
}

const times = Array.from({ length: 500 }, (_, i) => NOON + i * 977);

describe("driver simulated", () => {
  it("is a function of seed and time: the same, whenever and in whatever order it is asked", async () => {
    const [a, b] = [await simulated({ seed: 7 }), await simulated({ seed: 7 })];
    const forwards = [];
    for (const ms of times) forwards.push(await a.at(ms));
    const backwards = [];
    for (const ms of times.toReversed()) backwards.unshift(await b.at(ms));
    expect(backwards).toEqual(forwards);
  });

  it("differs by seed, and by node when no seed is given", async () => {
    const values = [];
    for (const sensor of [
      await simulated({ seed: 1 }),
      await simulated({ seed: 2 }),
      await simulated({}, { node: "a" }),
      await simulated({}, { node: "b" }),
    ]) {
      values.push(await sensor.at(NOON));
    }
    expect(new Set(values).size).toBe(4);
  });

  it("has its daily cycle: highest at the peak, lowest half a day later", async () => {
    const sensor = await simulated({ mean: 20, swing: 5, wander: 0, noise: 0, peak: "14h" });
    const midnight = Date.UTC(2026, 5, 1);
    expect(await sensor.at(midnight + (14 / 24) * DAY_MS)).toBe(25);
    expect(await sensor.at(midnight + (2 / 24) * DAY_MS)).toBe(15);
    expect(await sensor.at(midnight + (8 / 24) * DAY_MS)).toBe(20);
  });

  it("has noise of the given size, and a drift that begins anew each week", async () => {
    const noisy = await simulated({ mean: 0, swing: 0, wander: 0, noise: 2, resolution: 0.001 });
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < 4_000; i += 1) {
      const value = Number(await noisy.at(NOON + i * 1_000));
      sum += value;
      squares += value * value;
    }
    expect(Math.abs(sum / 4_000)).toBeLessThan(0.15);
    expect(Math.sqrt(squares / 4_000)).toBeGreaterThan(1.85);
    expect(Math.sqrt(squares / 4_000)).toBeLessThan(2.15);
    const drifting = await simulated({ mean: 0, swing: 0, wander: 0, noise: 0, drift: 2 });
    expect(await drifting.at(7 * DAY_MS * 100 + 3 * DAY_MS)).toBe(6);
    expect(await drifting.at(7 * DAY_MS * 101)).toBe(0);
  });

  it("goes wrong as often as it is told to", async () => {
    const failing = await simulated({ dropout: 0.3 });
    let failed = 0;
    for (const ms of times) await failing.at(ms).catch(() => (failed += 1));
    expect(failed).toBeGreaterThan(100);
    expect(failed).toBeLessThan(200);
    const frozen = await simulated({ stuck: 1 });
    const values = new Set();
    for (let i = 0; i < 100; i += 1) values.add(await frozen.at(NOON + i * 1_000));
    expect(values.size).toBe(1);
  });

  it("keeps a greenhouse within its limits until somebody simulates a fault", async () => {
    for (const [type, low, high] of [
      ["temperature", 15, 30],
      ["humidity", 40, 80],
      ["light", 100, 2_000],
      ["airquality", 0, 1_000],
    ] as const) {
      const sensor = await simulated({}, { type });
      for (let ms = NOON; ms < NOON + 2 * DAY_MS; ms += 60_000) {
        const value = Number(await sensor.at(ms));
        expect(value, type).toBeGreaterThan(low);
        expect(value, type).toBeLessThan(high);
      }
    }
  });

  it.each([
    ["overheat", "temperature", 30, 1],
    ["lowlight", "light", 100, -1],
    ["poorair", "airquality", 1_000, 1],
  ] as const)(
    "%s drives %s past its limit within seconds, and reset ends it",
    async (fault, type, limit, sign) => {
      const sensor = await simulated({}, { type });
      const normal = Number(await sensor.at(NOON));
      sensor.opened.simulate?.(fault);
      expect(Number(await sensor.at(NOON + 10_000)) * sign).toBeGreaterThan(limit * sign);
      sensor.opened.simulate?.("reset");
      const after = Number(await sensor.at(NOON + 40_000));
      expect(after * sign).toBeLessThan(limit * sign);
      expect(Math.abs(after - normal)).toBeLessThan(Math.abs(limit - normal));
    },
  );

  it("answers only for the faults that show on its type", () => {
    const sensor = (type: string, kind = "simulated", valueType: "number" | "boolean" = "number") => ({
      type,
      valueType,
      driver: { kind, options: { simulate: {} } },
    });
    expect(respondsTo(sensor("temperature"), "overheat")).toBe(true);
    expect(respondsTo(sensor("humidity"), "overheat")).toBe(false);
    expect(respondsTo(sensor("temperature"), "reset")).toBe(true);
    expect(respondsTo(sensor("humidity"), "reset")).toBe(false);
    expect(respondsTo(sensor("temperature", "simulated", "boolean"), "overheat")).toBe(false);
    expect(respondsTo(sensor("temperature", "host"), "overheat")).toBe(false);
    const oven = {
      ...sensor("oven"),
      driver: { kind: "simulated", options: { simulate: { overheat: 300 } } },
    };
    expect(respondsTo(oven, "overheat")).toBe(true);
    expect(respondsTo(oven, "reset")).toBe(true);
    expect(respondsTo(oven, "poorair")).toBe(false);
  });

  it("opens and closes as a state", async () => {
    const door = await simulated({ opens: "1m", openFor: "15s" }, { type: "door", valueType: "boolean" });
    let open = 0;
    for (let ms = NOON; ms < NOON + 3_600_000; ms += 1_000) if (await door.at(ms)) open += 1;
    expect(open).toBeGreaterThan(0.2 * 3_600);
    expect(open).toBeLessThan(0.3 * 3_600);
  });
});
