import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { systemClock } from "../clock.js";
import { FIELDS } from "../config/fields.js";
import type { Sample } from "./driver.js";
import { driver } from "./w1.js";

const root = mkdtempSync(join(tmpdir(), "fieldmesh-w1-"));
afterAll(() => rmSync(root, { recursive: true }));

let buses = 0;
/** A bus as the kernel shows one, with the given thermometers. */
function bus(slaves: Record<string, string>): string {
  buses += 1;
  const folder = join(root, String(buses));
  mkdirSync(join(folder, "w1_bus_master1"), { recursive: true });
  for (const [id, text] of Object.entries(slaves)) {
    mkdirSync(join(folder, id));
    writeFileSync(join(folder, id, "w1_slave"), text);
  }
  return folder;
}

function slave(milli: number, crc = "YES"): string {
  const bytes = "72 01 4b 46 7f ff 0e 10 57";
  return `${bytes} : crc=57 ${crc}\n${bytes} t=${milli}\n`;
}

async function read(written: Record<string, unknown>): Promise<Sample | undefined> {
  const opened = await driver.open(driver.options(z, FIELDS).parse(written) as never, {
    domain: "env",
    node: "n",
    sensor: { id: "water", type: "water", valueType: "number", unit: "Cel", intervalMs: 1_000 },
    clock: systemClock,
    emit: () => undefined,
  });
  return await opened.read(new AbortController().signal);
}

describe("driver w1", () => {
  const a = "28-0316a2795eff";
  const b = "28-000000000001";

  it("reads the thermometer that is named, or the only one", async () => {
    const both = bus({ [a]: slave(23_125), [b]: slave(-1_062) });
    expect(await read({ root: both, id: a })).toEqual({ value: 23.125 });
    expect(await read({ root: both, id: b })).toEqual({ value: -1.062 });
    expect(await read({ root: bus({ [a]: slave(0) }) })).toEqual({ value: 0 });
  });

  it.each([
    ["a checksum that failed", slave(23_125, "NO"), /checksum failed/],
    ["the value at power-on", slave(85_000), /85 °C, its value at power-on/],
    ["nothing", "", /gave nothing/],
    ["something else", "hello\n", /checksum failed/],
    ["no temperature", slave(1).replace("t=1", ""), /gave no temperature/],
  ])("does not take %s for a temperature", async (_case, text, reason) => {
    await expect(read({ root: bus({ [a]: text }) })).rejects.toThrow(reason);
  });

  it("says what is not there", async () => {
    await expect(read({ root: "/nonexistent" })).rejects.toThrow(/is the 1-Wire bus enabled/);
    await expect(read({ root: bus({}) })).rejects.toThrow(/there is no thermometer/);
    await expect(read({ root: bus({ [a]: slave(1), [b]: slave(2) }) })).rejects.toThrow(
      /has 2: give the id of one: 28-/,
    );
  });

  it("refuses an id that leads elsewhere", () => {
    expect(driver.options(z, FIELDS).safeParse({ id: "../../etc" }).success).toBe(false);
  });
});
