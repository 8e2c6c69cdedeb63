import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lockFolder } from "@fieldmesh/runtime";
import { openSeries, type Rollup, type RollupLevel, type Sample, type Series } from "@fieldmesh/storage";
import fc from "fast-check";
import { expect, it, onTestFinished } from "vitest";
import { quiet } from "../testing/quiet.js";
import { RollUp } from "./roll-up.js";
import { Rollups } from "./rollups.js";

const START = 1_763_640_000_000;
const STREAM = "env_greenhouse_temperature";

async function openTestSeries(): Promise<Series> {
  const path = await mkdtemp(join(tmpdir(), "fieldmesh-rollups-"));
  const series = await openSeries({
    address: { kind: "folder", path },
    service: "historian",
    hold: lockFolder,
    log: quiet,
  });
  onTestFinished(async () => {
    await series.close();
    await rm(path, { recursive: true, force: true });
  });
  return series;
}

function sample(seq: number, at: number, value = seq / 10): Sample {
  return { boot: 1, seq, at, timestamp: at, value, unit: "Cel" };
}

function recomputed(level: RollupLevel, samples: readonly Sample[]): Rollup[] {
  const rollUp = new RollUp(level);
  for (const one of samples.toSorted((a, b) => a.at - b.at || a.seq - b.seq)) rollUp.sample(one);
  return rollUp.rows();
}

const everything = (series: Series, level: RollupLevel) => series.rollups(level, STREAM, 0, 9e15);

function expectSame(actual: readonly Rollup[], expected: readonly Rollup[]): void {
  const exact = (rows: readonly Rollup[]) => rows.map((row) => ({ ...row, mean: 0 }));
  expect(exact(actual)).toEqual(exact(expected));
  actual.forEach(({ mean }, i) => {
    expect(mean).toBeCloseTo(expected[i]?.mean ?? Number.NaN, 9);
  });
}

it("makes each row of readings that come one by one while rows are made", async () => {
  const series = await openTestSeries();
  const rollups = new Rollups({
    series,
    horizon: () => ({ raw: 0, minute: 0 }),
    clock: Date.now,
    log: quiet,
  });
  const samples = Array.from({ length: 600 }, (_, i) => sample(i + 1, START + i * 60_000));
  let flushing = Promise.resolve();
  for (const one of samples) {
    rollups.stored(await series.append(new Map([[STREAM, [one]]])));
    if (one.seq % 7 === 0) flushing = rollups.flush();
  }
  await flushing;
  await rollups.flush();
  expectSame(await everything(series, "minute"), recomputed("minute", samples));
  expectSame(await everything(series, "hour"), recomputed("hour", samples));
});

it("equals a recomputation from raw, in whatever order readings come and however often rows are made", async () => {
  const given = fc.array(
    fc.record({
      offset: fc.integer({ min: 0, max: 3 * 3_600_000 }),
      value: fc.integer({ min: -20, max: 40 }),
    }),
    { minLength: 1, maxLength: 40 },
  );
  await fc.assert(
    fc.asyncProperty(given, fc.array(fc.nat({ max: 40 }), { maxLength: 5 }), async (readings, flushes) => {
      const series = await openTestSeries();
      const rollups = new Rollups({
        series,
        horizon: () => ({ raw: 0, minute: 0 }),
        clock: () => START + 1e9,
        log: quiet,
      });
      const samples = readings.map(({ offset, value }, i) => sample(i + 1, START + offset, value));
      for (const [i, one] of samples.entries()) {
        rollups.stored(await series.append(new Map([[STREAM, [one]]])));
        if (flushes.includes(i)) await rollups.flush();
      }
      await rollups.flush();
      expect(rollups.pending).toBe(0);
      expectSame(await everything(series, "minute"), recomputed("minute", samples));
      expectSame(await everything(series, "hour"), recomputed("hour", samples));
    }),
    { numRuns: 25 },
  );
});
