import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { systemClock } from "../clock.js";
import { FIELDS } from "../config/fields.js";
import type { ValueType } from "../config/types.js";
import type { Driver, Sample } from "./driver.js";
import { driver } from "./replay.js";

const folder = mkdtempSync(join(tmpdir(), "fieldmesh-replay-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A table as R writes it: the header lacks a name for the index, so that rows have one field more. */
const OCCUPANCY = [
  '"date","Temperature","Humidity","Light","CO2","HumidityRatio","Occupancy"',
  '"140","2015-02-02 14:19:00",23.7,26.272,585.2,749.2,0.0047,1',
  '"141","2015-02-02 14:19:59",23.718,26.29,578.4,760.4,0.0047,1',
  '"142",2015-02-02 14:21:00,23.73,26.23,572.6666,769.6666,0.0047,0', // dates come quoted and not
].join("\n");

let opened: Driver | undefined;
afterEach(async () => {
  await opened?.close();
  opened = undefined;
});

let files = 0;
async function replayed(
  text: string,
  written: Record<string, unknown>,
  sensor: { id?: string; valueType?: ValueType } = {},
): Promise<{ samples: Sample[]; driver: Driver; file: string }> {
  files += 1;
  const file = join(folder, `${files}.csv`);
  writeFileSync(file, text);
  const samples: Sample[] = [];
  const options = driver.options(z, FIELDS).parse({ file, speed: 100_000, loop: false, ...written });
  opened = await driver.open(options as never, {
    domain: "env",
    node: "n",
    sensor: { id: "temperature", type: "t", valueType: "number", unit: "1", intervalMs: 1_000, ...sensor },
    clock: systemClock,
    emit: (sample) => samples.push(sample),
  });
  return { samples, driver: opened, file };
}

async function values(...args: Parameters<typeof replayed>): Promise<Sample["value"][]> {
  const { samples } = await replayed(...args);
  await vi.waitFor(() => expect(samples).toHaveLength(3));
  return samples.map((sample) => sample.value);
}

describe("driver replay", () => {
  it("reads a table with an index that has no name, by any of its columns", async () => {
    expect(await values(OCCUPANCY, {})).toEqual([23.7, 23.718, 23.73]);
    expect(await values(OCCUPANCY, { column: "CO2" })).toEqual([749.2, 760.4, 769.6666]);
    expect(await values(OCCUPANCY, {}, { id: "light" })).toEqual([585.2, 578.4, 572.6666]);
    expect(await values(OCCUPANCY, {}, { id: "occupancy", valueType: "boolean" })).toEqual([
      true,
      true,
      false,
    ]);
  });

  it("reads a table without an index, with Windows line ends and a byte order mark", async () => {
    const text =
      "\uFEFFtime;temperature\r\n1420208340;1\r\n2015-01-02T15:20:00+01:00;2\r\n2015-01-02 14:21;3\r\n";
    const { samples } = await replayed(text, { delimiter: ";", stamp: "file" });
    await vi.waitFor(() => expect(samples).toHaveLength(3));
    expect(samples.map((sample) => sample.timestamp)).toEqual([
      Date.UTC(2015, 0, 2, 14, 19),
      Date.UTC(2015, 0, 2, 14, 20),
      Date.UTC(2015, 0, 2, 14, 21),
    ]);
  });

  it("keeps the file's pace, times the speed", async () => {
    const began = performance.now();
    const { samples } = await replayed(OCCUPANCY, { speed: 600 }); // two minutes in 200 ms
    await vi.waitFor(() => expect(samples).toHaveLength(3), { timeout: 5_000, interval: 5 });
    expect(performance.now() - began).toBeGreaterThan(195);
    expect(samples[0]?.timestamp).toBeUndefined(); // the worker stamps: now
  });

  it("begins again when it loops; the file's time goes on", async () => {
    const { samples } = await replayed(OCCUPANCY, { loop: true, stamp: "file" });
    await vi.waitFor(() => expect(samples.length).toBeGreaterThan(6));
    expect(samples.slice(0, 6).map((sample) => sample.value)).toEqual([
      23.7, 23.718, 23.73, 23.7, 23.718, 23.73,
    ]);
    const stamps = samples.map((sample) => sample.timestamp ?? 0);
    expect(stamps).toEqual([...stamps].sort((a, b) => a - b));
    expect(new Set(stamps).size).toBe(stamps.length);
  });

  it("makes a bad reading of a field that is no value, and goes on", async () => {
    const text = OCCUPANCY.replace("23.718", "NA");
    const { samples } = await replayed(text, {});
    await vi.waitFor(() => expect(samples).toHaveLength(3));
    expect(samples[1]).toMatchObject({
      value: null,
      quality: "bad",
      reason: 'row 2: expected a number, got "NA"',
    });
    expect(samples[2]).toMatchObject({ value: 23.73 });
  });

  it.each([
    [
      "no such column",
      OCCUPANCY,
      { column: "Pressure" },
      /has no column "Pressure": it has date, Temperature/,
    ],
    [
      "no column of times",
      "when,temperature\n1,2\n",
      {},
      /has no column timestamp or time or date or datetime/,
    ],
    ["no time", "time,temperature\nsoon,2\n", {}, /row 1: expected a time, got "soon"/],
    ["too few fields", "time,temperature,humidity\n1,2\n", {}, /row 1: expected 3 fields, got 2/],
    ["nothing but a header", "time,temperature\n", {}, /holds no rows/],
    ["no table at all", 'time,"tempe', {}, /cannot read/],
  ])("says what is wrong: %s", async (_case, text, written, reason) => {
    const { samples } = await replayed(text, written);
    await vi.waitFor(() => expect(samples).toHaveLength(1));
    expect(samples[0]?.quality).toBe("bad");
    expect(samples[0]?.reason).toMatch(reason);
  });

  it("begins again at the next tick after it failed", async () => {
    const { samples, driver: replay, file } = await replayed("nothing", {});
    await vi.waitFor(() => expect(samples).toHaveLength(1));
    writeFileSync(file, OCCUPANCY);
    await replay.read(new AbortController().signal);
    await vi.waitFor(() => expect(samples).toHaveLength(4));
    expect(samples[3]?.value).toBe(23.73);
  });
});
