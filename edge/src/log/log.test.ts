import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../clock.js";
import type { LoggedReading } from "./entry.js";
import { NodeLog } from "./log.js";
import type { LogLimits } from "./options.js";
import { FROM_THE_START } from "./scan.js";

let folder: string;
let open: NodeLog[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmesh-log-"));
});
afterEach(async () => {
  for (const log of open) await log.close();
  open = [];
  await rm(folder, { recursive: true });
});

async function openLog(limits: Partial<LogLimits> = {}): Promise<NodeLog> {
  const log = await NodeLog.open({
    folder,
    limits,
    clock: systemClock,
    observer: { onDropped: () => {}, onDiskError: () => {}, onDiskRecovered: () => {} },
  });
  open.push(log);
  return log;
}

function give(log: NodeLog, sensor: string, count: number): LoggedReading[] {
  return Array.from({ length: count }, (_, i) =>
    log.appendReading({ sensor, timestamp: 1_763_640_000_000 + i, value: i / 10, unit: "Cel" }),
  );
}

async function collect(readings: AsyncIterable<LoggedReading>): Promise<LoggedReading[]> {
  const all: LoggedReading[] = [];
  for await (const reading of readings) all.push(reading);
  return all;
}

describe("the node's log", () => {
  it("keeps the events of a long outage in few files, each once and in order, also when opened anew", async () => {
    const log = await openLog({ heldBytes: 64 * 1024 });
    log.beginBoot(1000);
    const rounds = 150;
    let made = 0;
    for (let round = 0; round < rounds; round++) {
      give(log, "temperature", 400); // more than a segment: each round gives one up
      log.appendEvent({
        node: "n",
        sensor: "temperature",
        rule: "too-hot",
        state: round % 2 === 0 ? "raised" : "cleared",
        severity: "warning",
        value: 31,
        unit: "Cel",
        timestamp: 1_763_640_000_000 + round,
        since: 1_763_640_000_000 + round,
        message: "hot",
      });
      await log.write();
      made = Math.max(made, ...(await readdir(folder)).map((name) => Number(name.slice(0, 10))));
    }
    expect(made).toBeGreaterThan(100);
    expect((await readdir(folder)).length).toBeLessThan(40);
    const everyOne = Array.from({ length: rounds }, (_, i) => i + 1);
    const held = async (of: NodeLog): Promise<number[]> =>
      (await of.held("event", FROM_THE_START, 1_000, () => false)).items.map(({ seq }) => seq);
    expect(await held(log)).toEqual(everyOne);
    await log.close();
    const again = await openLog({ heldBytes: 64 * 1024 });
    expect(again.report.lost).toBe(0);
    expect(await held(again)).toEqual(everyOne);
  });

  it("gives back what was given, from memory and from disk, and after it was opened anew", async () => {
    const log = await openLog();
    log.beginBoot(1000);
    const first = give(log, "temperature", 50);
    await log.write();
    const second = give(log, "temperature", 50);
    expect(await collect(log.read("temperature", 1000, 1, 100))).toEqual([...first, ...second]);
    expect(await collect(log.read("temperature", 1000, 49, 52))).toEqual([...first, ...second].slice(48, 52));
    await log.close();

    const again = await openLog();
    expect(await collect(again.read("temperature", 1000, 1, 1000))).toEqual([...first, ...second]);
    expect(again.account("reading", "temperature", 1000)).toMatchObject({ lastSeq: 100 });
    expect(again.heldCount("reading")).toBe(100);
    expect(again.lastBoot).toBe(1000);
  });

  it("hands out what is held, oldest first, without what was acknowledged out of order", async () => {
    const log = await openLog();
    log.beginBoot(1);
    give(log, "a", 10);
    await log.write();
    give(log, "a", 10);
    for (const seq of [3, 1, 2, 15]) log.acknowledge({ kind: "reading", key: "a", boot: 1, seq });
    const batch = await log.held("reading", FROM_THE_START, 100, (name) => name.seq === 7);
    expect(batch.items.map((item) => item.seq)).toEqual([
      4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 16, 17, 18, 19, 20,
    ]);
    await log.close();
    const again = await openLog();
    expect(again.account("reading", "a", 1)?.held.ranges()).toEqual([
      [4, 14],
      [16, 20],
    ]);
  });
});
