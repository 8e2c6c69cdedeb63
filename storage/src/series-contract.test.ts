import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RangeSet } from "@fieldmesh/protocol";
import fc from "fast-check";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { SampleError } from "./errors.js";
import { openLmdbSeries } from "./lmdb/lmdb-series.js";
import { openMongoSeries } from "./mongodb/series/mongo-series.js";
import { toSamples } from "./samples/sample-columns.js";
import { comparePositions } from "./samples/sample-order.js";
import { ROLLUP_MS, type Rollup, type Sample, type SampleColumns, type Series } from "./series.js";
import { lacksMongo, startMongo, type TestMongo } from "./testing/mongo-server.js";

/** Where a store is for one test, so that it can be opened again. */
interface Place {
  open(): Promise<Series>;
  remove(): Promise<void>;
}

/** What every adapter has to pass. A new one adds itself here. */
const ADAPTERS: { name: string; skip: boolean; place: () => Promise<Place> }[] = [
  {
    name: "LMDB",
    skip: false,
    place: async () => {
      const folder = await mkdtemp(join(tmpdir(), "fieldmesh-series-"));
      return {
        open: () => openLmdbSeries(folder, "test", undefined),
        remove: () => rm(folder, { recursive: true, force: true }),
      };
    },
  },
  {
    name: "MongoDB",
    skip: lacksMongo(),
    place: async () => {
      mongo ??= await startMongo();
      if (mongo === undefined) throw new Error("no server");
      const { url } = mongo;
      // A part of its own for each test, as services have.
      places += 1;
      const service = `test-${places}`;
      return {
        open: () => openMongoSeries({ url, service, log: { info: () => {}, warn: () => {} } }),
        remove: () => Promise.resolve(),
      };
    },
  },
];

let mongo: TestMongo | undefined;
let places = 0;
afterAll(() => mongo?.stop());

const S1 = "env_greenhouse_temperature";
const S2 = "env_greenhouse_door";
const BOOT = 1_763_640_000;
const T0 = 1_763_640_000_000; // ms
const DAY_MS = 86_400_000;

/** A reading each second. */
function second(n: number, over: Partial<Sample> = {}): Sample {
  const at = T0 + n * 1_000;
  return {
    boot: BOOT,
    seq: n + 1,
    at,
    timestamp: at + 250,
    value: Math.round(Math.sin(n / 60) * 1_000) / 100,
    unit: "Cel",
    ...over,
  };
}

function seconds(from: number, to: number): Sample[] {
  return Array.from({ length: to - from }, (_, n) => second(from + n));
}

for (const { name, skip, place } of ADAPTERS) {
  describe.skipIf(skip)(`Series on ${name}`, { timeout: 120_000 }, () => seriesContract(name, place));
}

function seriesContract(name: string, makePlace: () => Promise<Place>): void {
  // The stand-in for MongoDB looks through whole collections: what takes many calls is done less often there.
  const times = (many: number) => (name === "LMDB" ? many : Math.ceil(many / 5));

  let place: Place;
  let series: Series;

  beforeEach(async () => {
    place = await makePlace();
    series = await place.open();
  });

  afterEach(async () => {
    await series.close();
    await place.remove();
  });

  async function reopen(): Promise<void> {
    await series.close();
    series = await place.open();
  }

  async function append(samples: readonly Sample[], stream = S1) {
    const appended = (await series.append(new Map([[stream, samples]]))).get(stream);
    if (appended === undefined) throw new Error("no answer for the stream");
    return appended;
  }

  async function stretches(from = -8e15, to = 8e15, stream = S1): Promise<SampleColumns[]> {
    const found: SampleColumns[] = [];
    for await (const columns of series.range(stream, { from, to })) found.push(columns);
    return found;
  }

  async function all(from = -8e15, to = 8e15, stream = S1): Promise<Sample[]> {
    return (await stretches(from, to, stream)).flatMap(toSamples);
  }

  it("says what it is", () => {
    expect(series.engine.name).not.toBe("");
    expect(series.engine.version).toMatch(/^\d+\./);
    expect(series.engine.at).not.toBe("");
  });

  it("has nothing of a stream it does not know", async () => {
    expect(await all()).toEqual([]);
    expect(await series.latest(S1)).toBeUndefined();
    expect(await series.stored(S1, BOOT)).toEqual([]);
    expect(await series.boots(S1)).toEqual([]);
    expect(await series.rollups("minute", S1, 0, 8e15)).toEqual([]);
    expect(await series.streams()).toEqual([]);
    expect(await series.remove(S1)).toBe(false);
    expect(await series.prune("raw", T0)).toEqual({ rows: 0, bytes: 0 });
    const none = { rows: 0, bytes: expect.any(Number) };
    expect(await series.sizes()).toEqual({ raw: none, minute: none, hour: none });
    expect(await series.append(new Map())).toEqual(new Map());
    expect(await append([])).toEqual({ stored: [], duplicates: 0 });
    expect(await series.streams()).toEqual([]);
  });

  it("keeps every field as it was, over a restart", async () => {
    const samples: Sample[] = [
      second(0, { value: 0.1 + 0.2 }),
      second(1, { value: -0, at: T0 + 1_000.5 }),
      second(2, { value: 5e-324, quality: "uncertain" }),
      second(3, { value: null, quality: "bad", reason: 'no answer: 😀 \u0000 "quoted"\n' }),
      second(4, { value: 1.7976931348623157e308, quality: "bad", reason: "" }),
      second(5, { value: Number.MAX_SAFE_INTEGER, at: T0 - DAY_MS, timestamp: T0 + DAY_MS + 0.25 }),
      second(6, { seq: Number.MAX_SAFE_INTEGER }),
      second(7, { boot: BOOT + 60, seq: 1, unit: "" }),
    ];
    expect(await append(samples)).toEqual({ stored: samples, duplicates: 0 });
    const expected = [...samples].sort(comparePositions);
    expect(await all()).toEqual(expected);
    await reopen();
    expect(await all()).toEqual(expected);
    expect(Object.is((await all(T0 + 1_000, T0 + 2_000))[0]?.value, -0)).toBe(true);
    expect(await series.latest(S1)).toEqual(expected.at(-1));
  });

  it("cuts stretches where unit or type change, and gives booleans as 0 and 1", async () => {
    await append([
      second(0, { value: true, unit: "/" }),
      second(1, { value: false, unit: "/" }),
      second(2, { value: null, quality: "bad", unit: "/" }),
      second(3, { value: 3, unit: "/" }),
      second(4, { value: 4, unit: "Cel", quality: "uncertain", reason: "edge" }),
    ]);
    const found = await stretches();
    expect(found.map(({ unit, valueType, length }) => [unit, valueType, length])).toEqual([
      ["/", "boolean", 3],
      ["/", "number", 1],
      ["Cel", "number", 1],
    ]);
    expect([...(found[0]?.value ?? [])]).toEqual([1, 0, Number.NaN]);
    expect(found.map(({ marks }) => marks)).toEqual([
      [{ index: 2, quality: "bad" }],
      [],
      [{ index: 0, quality: "uncertain", reason: "edge" }],
    ]);
  });

  it("stores each number of a boot once, in one call and over calls and restarts", async () => {
    const first = seconds(0, 100);
    expect((await append(first)).stored).toEqual(first);
    const again = [...seconds(50, 150), second(149), second(120, { value: -1 })];
    expect(await append(again)).toEqual({ stored: seconds(100, 150), duplicates: 52 });
    await reopen();
    expect((await append(seconds(0, 150))).duplicates).toBe(150);
    expect(await all()).toEqual(seconds(0, 150));
    const other = second(10, { boot: BOOT + 1 });
    expect((await append([other])).stored).toEqual([other]);
    expect(await series.boots(S1)).toEqual([BOOT, BOOT + 1]);
    expect(await series.stored(S1, BOOT)).toEqual([[1, 150]]);
    expect(await series.stored(S1, BOOT + 1)).toEqual([[11, 11]]);
    expect(await series.stored(S1, BOOT + 2)).toEqual([]);
  });

  it("keeps which numbers are stored, across gaps and the edges of its pages", async () => {
    const seqs = [1, 2, 3, 65_535, 65_536, 65_537, 131_071, 131_072, 5e12, 7];
    await append(seqs.map((seq, n) => second(n, { seq })));
    const ranges = [
      [1, 3],
      [7, 7],
      [65_535, 65_537],
      [131_071, 131_072],
      [5e12, 5e12],
    ];
    expect(await series.stored(S1, BOOT)).toEqual(ranges);
    await append([4, 5, 6].map((seq) => second(seq + 100, { seq })));
    expect((await series.stored(S1, BOOT))[0]).toEqual([1, 7]);
  });

  it("takes readings in any order, and gives them by time", async () => {
    const samples = seconds(0, 3_000);
    // The newest first; then every third; then the rest, of which each piece falls between the others.
    await append(samples.slice(2_500));
    await append(
      samples
        .slice(0, 2_500)
        .filter((_, n) => n % 3 === 0)
        .reverse(),
    );
    for (let from = 0; from < 2_500; from += 400) await append(samples.slice(from, from + 400));
    expect(await all()).toEqual(samples);
    expect((await stretches()).every(({ length }) => length <= 1_024)).toBe(true);
    expect(await series.stored(S1, BOOT)).toEqual([[1, 3_000]]);
    expect(await series.latest(S1)).toEqual(samples.at(-1));
    expect(await series.streams()).toEqual([
      { stream: S1, readings: 3_000, from: T0, to: T0 + 2_999_000, bytes: expect.any(Number) },
    ]);
    await reopen();
    expect(await all()).toEqual(samples);
  });

  it("keeps many readings of one moment", async () => {
    const samples = seconds(0, 2_600).map((sample) => ({ ...sample, at: T0 }));
    await append(samples.slice(1_000));
    await append(samples.slice(0, 1_000));
    expect(await all()).toEqual(samples);
    expect(await all(T0, T0)).toEqual([]);
    expect((await all(T0, T0 + 1)).length).toBe(2_600);
  });

  it("gives ranges, from inclusive, to exclusive, ascending and descending", async () => {
    const samples = seconds(0, 5_000);
    await append(samples);
    for (const [from, to] of [
      [0, 1],
      [1_020, 1_030],
      [4_000, 9_000],
      [0, 5_000],
      [2_000, 2_000],
      [3, 2],
    ]) {
      const range = { from: T0 + (from ?? 0) * 1_000, to: T0 + (to ?? 0) * 1_000 };
      expect(await all(range.from, range.to)).toEqual(samples.slice(from, Math.max(to ?? 0, from ?? 0)));
      const back: Sample[][] = [];
      for await (const columns of series.range(S1, { ...range, order: "descending" }))
        back.push(toSamples(columns));
      expect(back.reverse().flat()).toEqual(samples.slice(from, Math.max(to ?? 0, from ?? 0)));
    }
    expect((await all(T0 + 999, T0 + 1_001)).map(({ seq }) => seq)).toEqual([2]);
  });

  it("gives each reading once that was there when it was asked, while others are appended", async () => {
    const samples = seconds(0, 6_000);
    await append(samples.filter((_, n) => n % 2 === 0));
    const seen: Sample[] = [];
    let next = 1;
    for await (const columns of series.range(S1, { from: T0, to: T0 + DAY_MS })) {
      seen.push(...toSamples(columns));
      await append(samples.slice(next, next + 900).filter((_, n) => n % 2 === 0)); // blocks split under its feet
      next += 900;
    }
    expect(seen.filter(({ seq }) => seq % 2 === 1)).toEqual(samples.filter((_, n) => n % 2 === 0));
    expect(seen).toEqual([...seen].sort(comparePositions));
    expect(new Set(seen.map(({ seq }) => seq)).size).toBe(seen.length);
  });

  it("keeps streams apart, and stores nothing of a call with what is no reading", async () => {
    const door = second(0, { value: true, unit: "/" });
    const appended = await series.append(
      new Map([
        [S1, seconds(0, 2)],
        [S2, [door]],
        ["env_a_b", []],
      ]),
    );
    expect(appended.get(S2)).toEqual({ stored: [door], duplicates: 0 });
    expect(appended.get("env_a_b")).toEqual({ stored: [], duplicates: 0 });
    expect(await all(0, 8e15, S2)).toEqual([door]);
    const wrong = new Map([
      [S1, seconds(2, 4)],
      [S2, [second(1, { value: Number.NaN })]],
    ]);
    await expect(series.append(wrong)).rejects.toThrow(SampleError);
    expect(await all()).toEqual(seconds(0, 2));
    expect((await series.streams()).map(({ stream }) => stream)).toEqual([S2, S1]);
  });

  it("refuses what is no reading, naming stream, field and value", async () => {
    const wrong: [Partial<Sample>, string][] = [
      [{ boot: -1 }, "boot -1"],
      [{ boot: 1.5 }, "boot 1.5"],
      [{ seq: 2 ** 53 }, "seq 9007199254740992"],
      [{ at: Number.NaN }, "at NaN"],
      [{ timestamp: Number.POSITIVE_INFINITY }, "timestamp Infinity"],
      [{ value: Number.NEGATIVE_INFINITY }, "value -Infinity"],
      [{ value: null }, "value null"],
      [{ value: null, quality: "uncertain" }, "value null"],
      [{ value: "1" as unknown as number }, 'value "1"'],
      [{ unit: "x".repeat(65) }, "unit"],
      [{ quality: "good" as "bad" }, 'quality "good"'],
      [{ quality: "bad", reason: "x".repeat(1_001) }, "reason"],
    ];
    for (const [fields, message] of wrong) {
      const refused = append([second(0), second(1, fields)]);
      await expect(refused).rejects.toThrow(SampleError);
      await expect(refused).rejects.toThrow(`"${S1}": ${message}`);
    }
    for (const stream of ["", "temperature", "env_a_b_c", "../../x_y_z", "env_A_b", "$x_y_z"]) {
      await expect(append([second(0)], stream)).rejects.toThrow(SampleError);
    }
    expect(await series.streams()).toEqual([]);
  });

  it("does not keep a reason of a reading that is good", async () => {
    await append([second(0, { reason: "all well" })]);
    expect(await all()).toEqual([second(0)]);
  });

  it("prunes what is older, a block at a time, and does not take it back", async () => {
    const samples = seconds(0, 4_000);
    await append(samples);
    await append([second(0, { value: true, unit: "/" })], S2);
    const before = T0 + 3_000_000;
    const removed = await series.prune("raw", before);
    const kept = await all();
    expect(kept).toEqual(samples.slice(4_000 - kept.length));
    expect(kept.length).toBeGreaterThanOrEqual(1_000);
    expect(kept.length).toBeLessThan(1_000 + 1_024);
    expect(removed.rows).toBe(4_001 - kept.length);
    expect(removed.bytes).toBeGreaterThan(0);
    expect((await append(samples)).duplicates).toBe(4_000);
    expect(await series.stored(S1, BOOT)).toEqual([[1, 4_000]]);
    expect(await series.latest(S2)).toBeUndefined();
    const [door, temperature] = await series.streams();
    expect(door).toMatchObject({ stream: S2, readings: 0, from: null, to: null });
    expect(temperature).toMatchObject({ readings: kept.length, from: kept[0]?.at, to: T0 + 3_999_000 });
    expect((await series.sizes()).raw.rows).toBe(kept.length);
    expect((await series.prune("raw", before)).rows).toBe(0);
    await reopen();
    expect(await all()).toEqual(kept);
    const late = second(10, { seq: 90_000 });
    expect((await append([late])).stored).toEqual([late]);
    expect(await all(T0, T0 + 60_000)).toEqual([late]);
  });

  it("knows the oldest and the newest again after everything was pruned", async () => {
    await append(seconds(0, 2_000));
    await series.prune("raw", T0 + DAY_MS);
    expect(await all()).toEqual([]);
    expect(await series.latest(S1)).toBeUndefined();
    await append(seconds(2_000, 2_010));
    expect(await series.latest(S1)).toEqual(second(2_009));
    expect(await series.streams()).toMatchObject([
      { readings: 10, from: T0 + 2_000_000, to: T0 + 2_009_000 },
    ]);
    expect(await series.stored(S1, BOOT)).toEqual([[1, 2_010]]);
  });

  describe("of readings without accounting (boot 0, the time as number)", () => {
    const bare = (n: number, over: Partial<Sample> = {}): Sample => {
      const at = T0 + n * 1_000;
      return { boot: 0, seq: at, at, timestamp: at, value: n / 10, unit: "Cel", ...over };
    };
    const bares = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => bare(from + n));

    it("stores each number once", async () => {
      await append(bares(1_000, 3_000));
      expect((await append(bares(0, 3_500))).stored).toEqual([...bares(0, 1_000), ...bares(3_000, 3_500)]);
      await reopen();
      expect((await append(bares(0, 3_500))).duplicates).toBe(3_500);
      // Also where the clock offset that was taken out has become another.
      expect((await append([bare(500, { at: T0 + 900_000 })])).duplicates).toBe(1);
      const between = bare(0.5);
      expect((await append([between, between])).stored).toEqual([between]);
      expect((await append([bare(0, { at: T0 + 1_600_000, seq: T0 + 1 })])).duplicates).toBe(0);
      expect((await append([bare(0, { seq: T0 + 1 })])).duplicates).toBe(1);
      expect((await all()).length).toBe(3_502);
      expect(await series.boots(S1)).toEqual([0]);
      expect((await series.stored(S1, 0)).slice(0, 4)).toEqual(
        [T0, T0 + 500, T0 + 1_000, T0 + 2_000].map((seq, n) => [seq, n === 0 ? seq + 1 : seq]),
      );
    });

    it("does not take back what was pruned, but takes what falls into a gap of it", async () => {
      await append([...bares(0, 1_500), ...bares(9_000, 12_000)]);
      await series.prune("raw", T0 + 11_000_000);
      const kept = (await all()).length;
      expect(kept).toBeLessThan(2_100);
      expect((await append([...bares(0, 1_500), ...bares(9_000, 12_000)])).stored).toEqual([]);
      expect((await append(bares(5_000, 5_010))).stored).toEqual(bares(5_000, 5_010));
      const pruned = RangeSet.of(await series.stored(S1, 0));
      for (const n of [0, 1_000, 1_499, 5_005, 9_000, 11_999])
        expect(pruned.has(T0 + n * 1_000), String(n)).toBe(true);
      expect(pruned.has(T0 + 4_000_000)).toBe(false);
    });
  });

  describe("rollups", () => {
    const row = (level: "minute" | "hour", n: number, over: Partial<Rollup> = {}): Rollup => ({
      at: T0 + n * ROLLUP_MS[level],
      count: 600 + n,
      min: n / 10,
      max: n + 1 / 3,
      mean: n / 7,
      first: -n,
      last: n * 1e-300,
      bad: Math.abs(n) % 3,
      ...over,
    });
    const rows = (level: "minute" | "hour", from: number, to: number) =>
      Array.from({ length: to - from }, (_, n) => row(level, from + n));
    const NOTHING = { count: 0, min: null, max: null, mean: null, first: null, last: null, bad: 60 };

    it("are put in place of the row of their start, and come back as they were, over a restart", async () => {
      for (const level of ["minute", "hour"] as const) {
        await series.putRollups(
          level,
          new Map([
            [S1, rows(level, 0, 5_000)],
            [S2, [row(level, 3, NOTHING)]],
          ]),
        );
        await series.putRollups(level, new Map([[S1, [row(level, 7, { count: 1 }), row(level, 6_000)]]]));
        await series.putRollups(level, new Map([[S1, [row(level, 4_999, NOTHING), row(level, 5_500)]]]));
      }
      await reopen();
      for (const level of ["minute", "hour"] as const) {
        const found = await series.rollups(level, S1, -8e15, 8e15);
        const expected = [...rows(level, 0, 5_000), row(level, 5_500), row(level, 6_000)];
        expected[7] = row(level, 7, { count: 1 });
        expected[4_999] = row(level, 4_999, NOTHING);
        expect(found).toEqual(expected);
        expect(await series.rollups(level, S1, T0 + ROLLUP_MS[level], T0 + 3 * ROLLUP_MS[level])).toEqual(
          expected.slice(1, 3),
        );
        expect(await series.rollups(level, S2, 0, 8e15)).toEqual([row(level, 3, NOTHING)]);
        expect((await series.sizes())[level]).toEqual({ rows: 5_003, bytes: expect.any(Number) });
      }
      expect((await series.sizes()).raw.rows).toBe(0);
      expect(await series.latest(S1)).toBeUndefined();
    });

    it("are cheap to put one by one, in any order", async () => {
      const [before, after] = [times(200), times(300)];
      const order = [...rows("minute", 0, after), ...rows("minute", -before, 0).reverse()];
      for (const one of order) await series.putRollups("minute", new Map([[S1, [one]]]));
      expect(await series.rollups("minute", S1, -8e15, 8e15)).toEqual(rows("minute", -before, after));
      expect((await series.sizes()).minute.rows).toBe(before + after);
    });

    it("are refused where they are none", async () => {
      const wrong: Partial<Rollup>[] = [{ at: T0 + 1 }, { count: -1 }, { mean: Number.NaN }, { bad: 0.5 }];
      for (const fields of wrong) {
        const put = series.putRollups(
          "minute",
          new Map([[S1, [row("minute", 0), row("minute", 1, fields)]]]),
        );
        await expect(put).rejects.toThrow(SampleError);
      }
      const put = series.putRollups("minute", new Map([["nonsense", [row("minute", 0)]]]));
      await expect(put).rejects.toThrow(SampleError);
      expect((await series.sizes()).minute.rows).toBe(0);
    });

    it("are pruned by level, and stay when raw is pruned", async () => {
      const many = rows("minute", 0, 10 * 1_440);
      await append(seconds(0, 10));
      await series.putRollups("minute", new Map([[S1, many]]));
      await series.putRollups("hour", new Map([[S1, rows("hour", 0, 24)]]));
      await series.prune("raw", T0 + 100 * DAY_MS);
      expect((await series.sizes()).minute.rows).toBe(many.length);
      const removed = await series.prune("minute", T0 + 5 * DAY_MS);
      const kept = await series.rollups("minute", S1, -8e15, 8e15);
      expect(kept).toEqual(many.slice(many.length - kept.length));
      expect(kept.length).toBeGreaterThanOrEqual(5 * 1_440);
      expect(kept.length).toBeLessThan(6 * 1_440 + 1);
      expect(removed.rows).toBe(many.length - kept.length);
      expect((await series.sizes()).minute.rows).toBe(kept.length);
      expect((await series.rollups("hour", S1, 0, 8e15)).length).toBe(24);
    });
  });

  it("forgets a stream that is removed, and knows nothing of it when it comes again", async () => {
    await append(seconds(0, 3_000));
    await append([second(0)], S2);
    await series.putRollups(
      "minute",
      new Map([
        [S1, [{ at: T0, count: 0, min: null, max: null, mean: null, first: null, last: null, bad: 1 }]],
      ]),
    );
    expect(await series.remove(S1)).toBe(true);
    expect(await series.remove(S1)).toBe(false);
    expect(await all()).toEqual([]);
    expect(await series.rollups("minute", S1, 0, 8e15)).toEqual([]);
    expect(await series.boots(S1)).toEqual([]);
    expect((await series.streams()).map(({ stream }) => stream)).toEqual([S2]);
    expect((await series.sizes()).raw.rows).toBe(1);
    expect((await series.sizes()).minute.rows).toBe(0);
    expect((await append(seconds(0, 3))).stored.length).toBe(3);
    await reopen();
    expect(await all()).toEqual(seconds(0, 3));
    expect(await series.streams()).toMatchObject([{ stream: S2 }, { stream: S1, readings: 3 }]);
  });

  it("waits at close for what was begun", async () => {
    const appends = Array.from({ length: 20 }, (_, n) => append(seconds(n * 10, n * 10 + 10)));
    await series.close();
    await Promise.all(appends);
    series = await place.open();
    expect(await all()).toEqual(seconds(0, 200));
  });

  it("does the same as a list in memory would, whatever is done in whatever order", async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 12 }), async (operations) => {
        run += 1;
        const stream = `env_run_s${run}`;
        const model = new Map<string, Sample>();
        for (const samples of operations) {
          const fresh: Sample[] = [];
          for (const sample of samples) {
            const key = `${sample.boot} ${sample.seq}`;
            if (model.has(key)) continue;
            model.set(key, sample);
            fresh.push(sample);
          }
          const appended = await append(samples, stream);
          expect(appended).toEqual({ stored: fresh, duplicates: samples.length - fresh.length });
          const expected = [...model.values()].sort(comparePositions);
          expect(await all(-8e15, 8e15, stream)).toEqual(expected);
          expect(await series.latest(stream)).toEqual(expected.at(-1));
        }
        for (const boot of [0, 1, 2]) {
          const seqs = [...model.values()].filter((sample) => sample.boot === boot).map(({ seq }) => seq);
          const expected = RangeSet.of(seqs.map((seq): [number, number] => [seq, seq])).ranges();
          expect(await series.stored(stream, boot)).toEqual(expected);
        }
      }),
      { numRuns: times(30) },
    );
  });
}

const sample: fc.Arbitrary<Sample> = fc
  .record({
    boot: fc.nat({ max: 2 }),
    seq: fc.nat({ max: 40 }),
    at: fc.integer({ min: -30, max: 30 }),
    timestamp: fc.integer({ min: -30, max: 30 }),
    value: fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.integer()),
    unit: fc.constantFrom("Cel", "/"),
    mark: fc.constantFrom(undefined, "uncertain" as const, "bad" as const),
    reason: fc.option(fc.string({ unit: "grapheme", maxLength: 20 }), { nil: undefined }),
    none: fc.boolean(),
  })
  .map(({ mark, reason, none, ...fields }) => {
    const made: Sample = fields;
    if (mark === undefined) return made;
    made.quality = mark;
    if (mark === "bad" && none) made.value = null;
    if (reason !== undefined) made.reason = reason;
    return made;
  });

/** A batch; sometimes a long one, so that blocks are sealed and split. */
const operation: fc.Arbitrary<Sample[]> = fc.oneof(
  { weight: 4, arbitrary: fc.array(sample, { maxLength: 20 }) },
  {
    weight: 1,
    arbitrary: fc
      .record({
        from: fc.nat({ max: 3_000 }),
        step: fc.constantFrom(1, 2, 7),
        length: fc.nat({ max: 1_500 }),
      })
      .map(({ from, step, length }) =>
        Array.from({ length }, (_, n): Sample => {
          const seq = from + n * step;
          return { boot: 1, seq: seq + 100, at: seq, timestamp: seq, value: seq / 10, unit: "Cel" };
        }),
      ),
  },
);
