import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { statsSchema } from "@fieldmesh/protocol";
import { afterEach, beforeEach, expect, it } from "vitest";
import { systemClock } from "./clock.js";
import { NodeLog } from "./log/log.js";
import { composeStats, type SensorHealth } from "./stats.js";

let folder: string;
let log: NodeLog;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmesh-stats-"));
  log = await NodeLog.open({
    folder,
    clock: systemClock,
    observer: { onDropped: () => {}, onDiskError: () => {}, onDiskRecovered: () => {} },
  });
});
afterEach(async () => {
  await log.close();
  await rm(folder, { recursive: true });
});

const OK = { state: "ok", restarts: 0 } as const;

function give(sensor: string, count: number): void {
  for (let i = 0; i < count; i++) log.appendReading({ sensor, value: i, unit: "1", timestamp: i });
}

it("tells of each sensor what was given, held back, is held, and of boots before", async () => {
  log.beginBoot(5);
  give("a", 3);
  await log.write();
  log.beginBoot(6);
  give("a", 2);
  log.suppressed("a");
  log.acknowledge({ kind: "reading", key: "a", boot: 6, seq: 1 });
  const health = new Map<string, SensorHealth>([
    ["a", OK],
    ["b", { state: "failed", restarts: 7, reason: "x".repeat(900) }],
  ]);
  const stats = composeStats(log, 6, health, 1_763_640_000_000);
  expect(statsSchema.safeParse(stats).error).toBeUndefined();
  expect(stats.sensors["a"]).toEqual({
    read: 3,
    suppressed: 1,
    lastSeq: 2,
    bad: 0,
    dropped: [],
    held: [[2, 2]],
    keptFrom: 1,
    state: "ok",
  });
  expect(stats.sensors["b"]).toMatchObject({
    read: 0,
    lastSeq: 0,
    keptFrom: 1,
    state: "failed",
    restarts: 7,
  });
  expect(stats.sensors["b"]?.reason).toHaveLength(200);
  expect(stats.previous).toEqual([
    {
      boot: 5,
      sensors: { a: { read: 3, suppressed: 0, lastSeq: 3, dropped: [], held: [[1, 3]], keptFrom: 1 } },
    },
  ]);
});

it("stays a message: many ranges are told as fewer, covering the same; of very many boots the newest", () => {
  log.beginBoot(1);
  give("a", 2_000);
  for (let seq = 2; seq <= 2_000; seq += 2) log.acknowledge({ kind: "reading", key: "a", boot: 1, seq });
  const held = composeStats(log, 1, new Map([["a", OK]]), 0).sensors["a"]?.held ?? [];
  expect(held.length).toBeLessThanOrEqual(200);
  const covered = (seq: number): boolean => held.some(([from, to]) => from <= seq && seq <= to);
  for (let seq = 1; seq < 2_000; seq += 2) expect(covered(seq)).toBe(true);

  for (let boot = 2; boot <= 45; boot++) {
    log.beginBoot(boot);
    for (let sensor = 0; sensor < 100; sensor++) give(`s${sensor}`, 1);
  }
  const { previous } = composeStats(log, 45, new Map(), 0);
  expect(previous.map(({ boot }) => boot)).toEqual(Array.from({ length: 20 }, (_, i) => i + 25));
});
