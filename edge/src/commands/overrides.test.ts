import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Rule } from "@fieldmesh/protocol";
import { createLog, FormatVersionError } from "@fieldmesh/runtime";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { SensorConfig } from "../config/types.js";
import { Overrides } from "./overrides.js";

const log = createLog("test", { level: "silent" });
const TOO_HOT: Rule = { id: "too-hot", kind: "above", limit: 30, severity: "warning" };
const SENSOR: SensorConfig = {
  id: "temperature",
  type: "temperature",
  valueType: "number",
  unit: "Cel",
  intervalMs: 1_000,
  scale: 1,
  offset: 0,
  qos: 1,
  driver: { kind: "simulated", options: {} },
  rules: [TOO_HOT],
};
const BY = { sensor: "temperature", at: 1_763_640_000_000, by: "ann" };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmesh-overrides-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function keep(...changes: { setting: string; configured: unknown; value: unknown }[]): Promise<void> {
  const overrides = await Overrides.open(folder, log);
  for (const change of changes) overrides.set({ ...BY, ...change });
  await overrides.close();
}

it("keeps changed settings over a restart, and each beside the value that the file has", async () => {
  const hotter = { ...TOO_HOT, limit: 35 };
  await keep(
    { setting: "intervalMs", configured: 1_000, value: 200 },
    { setting: "intervalMs", configured: 1_000, value: 300 }, // the configured value stays the file's
    { setting: "rules.too-hot", configured: TOO_HOT, value: hotter },
  );
  const again = await Overrides.open(folder, log);
  expect(again.apply([SENSOR])).toEqual([{ ...SENSOR, intervalMs: 300, rules: [hotter] }]);
  expect(again.of("temperature")).toEqual([
    { setting: "intervalMs", configured: 1_000, value: 300, at: BY.at, by: "ann" },
    { setting: "rules.too-hot", configured: TOO_HOT, value: hotter, at: BY.at, by: "ann" },
  ]);
  expect(again.of("humidity")).toEqual([]);
});

it("lets a setting lapse for good when the file has changed it, or has it no more", async () => {
  await keep(
    { setting: "intervalMs", configured: 1_000, value: 200 },
    { setting: "rules.too-hot", configured: TOO_HOT, value: { ...TOO_HOT, limit: 35 } },
  );
  const changed = { ...SENSOR, intervalMs: 900, rules: [] };
  const again = await Overrides.open(folder, log);
  expect(again.apply([changed])).toEqual([changed]);
  expect(again.of("temperature")).toEqual([]);
  await again.close();
  // Also when the file goes back to what it was.
  expect((await Overrides.open(folder, log)).apply([SENSOR])).toEqual([SENSOR]);
});

it("ends an override by going back to the configured value", async () => {
  await keep(
    { setting: "intervalMs", configured: 1_000, value: 200 },
    { setting: "intervalMs", configured: 1_000, value: 1_000 },
  );
  expect((await Overrides.open(folder, log)).of("temperature")).toEqual([]);
});

it("goes by the configured values when its file is no JSON, and refuses a later version's by name", async () => {
  const path = join(folder, "overrides.json");
  await writeFile(path, "{");
  expect((await Overrides.open(folder, log)).apply([SENSOR])).toEqual([SENSOR]);
  await writeFile(path, '{"format":2,"overrides":[]}');
  await expect(Overrides.open(folder, log)).rejects.toThrow(FormatVersionError);
  expect(await readFile(path, "utf8")).toBe('{"format":2,"overrides":[]}');
});
