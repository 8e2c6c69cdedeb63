import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Birth,
  type BirthSensor,
  QUALITY_WINDOW_MS,
  QUALITY_WINDOWS,
  type Reading,
  type SensorAccount,
  type Stats,
  StreamLedger,
  type WindowQuality,
} from "@fieldmesh/protocol";
import { type ConsumerNode, type ConsumerStream, createLog } from "@fieldmesh/runtime";
import { type Collection, openStorage, type Storage } from "@fieldmesh/storage";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createMeasurement, MEASURE_INDEXES, type MeasureDocument, type Measurement } from "./measurement.js";

const log = createLog("test", { level: "silent" });
const START = 1_763_640_000_000;
const BOOT = 1_763_639_000;
const STREAM = "env_desk_temperature";
const SENSOR: BirthSensor = {
  id: "temperature",
  type: "temperature",
  valueType: "number",
  unit: "Cel",
  range: { min: -40, max: 85 },
  intervalMs: 1_000,
  driver: "simulated",
  rules: [],
};
const stream = { domain: "env", node: "desk", sensor: "temperature" };

let folder: string;
let storage: Storage;
let collection: Collection<MeasureDocument>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmesh-measure-"));
  storage = await openStorage({
    address: { kind: "folder", path: folder },
    service: "historian",
    hold: () => Promise.resolve({ release: () => Promise.resolve() }),
    log,
  });
  collection = await storage.collection<MeasureDocument>("measure", MEASURE_INDEXES);
});

afterAll(async () => {
  await storage.close();
  await rm(folder, { recursive: true, force: true });
});

async function empty(): Promise<void> {
  const page = await collection.find({ index: "id", limit: 1_000 });
  for (const { id } of page.items) await collection.delete(id);
}
beforeEach(empty);

/** One node with one sensor, the ledger of its stream, and the historian's meters beside it. */
class Site {
  now = START;
  measurement: Measurement;
  ledger = new StreamLedger();
  accounted = true;
  birth: Birth | null = {
    node: "desk",
    domain: "env",
    boot: BOOT,
    version: "1",
    host: "desk",
    startedAt: START,
    sensors: [SENSOR],
  };
  stats: Stats | null = null;
  offsetMs: number | undefined;
  medianIntervalMs: number | undefined;

  constructor() {
    this.ledger.joinAtStart(BOOT);
    this.measurement = this.create();
  }

  create(): Measurement {
    return createMeasurement({
      collection,
      consumer: () => ({
        node: () => this.node(),
        stream: ({ sensor }) => this.node().streams.get(sensor),
      }),
      clock: { now: () => this.now, monotonic: () => this.now },
      log,
    });
  }

  node(): ConsumerNode {
    const known: ConsumerStream = {
      stream,
      name: STREAM,
      accounted: this.accounted,
      ledger: this.ledger,
      lastAt: null,
      latest: undefined,
      medianIntervalMs: this.medianIntervalMs,
    };
    return {
      domain: "env",
      node: "desk",
      birth: this.birth,
      status: null,
      stats: this.stats,
      presence: { presence: "online", since: START },
      lastHeardAt: null,
      clockOffset:
        this.offsetMs === undefined ? undefined : { offsetMs: this.offsetMs, delayMs: 1, at: this.now },
      legacy: this.birth === null,
      link: 0,
      streams: new Map([["temperature", known]]),
    };
  }

  /** The birth came, and the clock was measured. */
  begin(offsetMs = 0): this {
    if (this.birth !== null) this.birth = { ...this.birth, startedAt: START + offsetMs };
    this.measurement.node(this.node(), "birth");
    this.measureClock(offsetMs);
    return this;
  }

  measureClock(offsetMs: number): void {
    this.offsetMs = offsetMs;
    this.measurement.node(this.node(), "offset");
  }

  /** Time passes, with a tick each second. */
  pass(ms: number): void {
    const end = this.now + ms;
    while (this.now < end) {
      this.now = Math.min(end, (Math.floor(this.now / 1_000) + 1) * 1_000);
      if (this.now % 1_000 === 0) this.measurement.tick(this.now);
    }
  }

  /** A reading comes now. Whether it was taken for new. */
  arrive(seq: number, readAt: number, over: Partial<Reading> = {}): boolean {
    const reading: Reading = {
      node: "desk",
      sensor: "temperature",
      value: 20,
      unit: "Cel",
      timestamp: readAt + (this.offsetMs ?? 0),
      boot: BOOT,
      seq,
      ...over,
    };
    const receipt = this.accounted ? this.ledger.receive(reading.boot, seq, reading.backfill) : undefined;
    if (receipt?.outcome === "duplicate") {
      this.measurement.duplicate(STREAM, this.now);
      return false;
    }
    const outOfOrder = receipt?.outOfOrder ?? false;
    const rest = { stream, name: STREAM, accounted: this.accounted, arrivedAt: this.now };
    this.measurement.arrived({ ...rest, reading, outOfOrder, clockOffsetMs: this.offsetMs ?? 0 });
    return true;
  }

  /** Stats come now. */
  tell(
    lastSeq: number,
    over: Partial<SensorAccount> = {},
    boot = BOOT,
    previous: Stats["previous"] = [],
  ): void {
    const account = { read: lastSeq, suppressed: 0, lastSeq, dropped: [], held: [], keptFrom: 1, ...over };
    for (const earlier of previous) {
      const { temperature } = earlier.sensors;
      if (temperature !== undefined) this.ledger.account(earlier.boot, temperature);
    }
    this.ledger.account(boot, account);
    this.stats = {
      boot,
      timestamp: this.now,
      sensors: { temperature: { ...account, bad: 0, state: "ok" } },
      log: { bytes: 0, oldest: null },
      previous,
    };
    this.measurement.node(this.node(), "stats");
  }

  async restart(awayMs: number): Promise<void> {
    await this.measurement.flush();
    this.now += awayMs;
    this.ledger = StreamLedger.fromJSON(this.ledger.toJSON());
    this.measurement = this.create();
    await this.measurement.restore();
    this.begin(this.offsetMs);
  }

  window(name: keyof typeof QUALITY_WINDOW_MS): WindowQuality {
    const report = this.measurement.report(STREAM, this.now);
    if (report === undefined) throw new Error(`${STREAM} is not measured`);
    return report.windows[name];
  }
}

/** One reading each second, each a moment on its way. */
function steady(site: Site, from: number, to: number, delayMs = 20): void {
  for (let seq = from; seq <= to; seq++) {
    site.pass(1_000 - delayMs);
    const readAt = site.now;
    site.pass(delayMs);
    site.arrive(seq, readAt);
  }
}

describe("measurement", () => {
  it("of a steady stream is flawless", () => {
    const site = new Site().begin(5_000);
    steady(site, 1, 120);
    const { freshness, clock, windows } = site.measurement.report(STREAM, site.now) ?? {};
    expect(freshness).toEqual({ at: site.now - 20, ageMs: 20, withinMs: 3_000, fresh: true });
    expect(clock).toEqual({ offsetMs: 5_000, off: true });
    const minute = windows?.["1m"];
    expect(minute).toMatchObject({ completeness: 1, validity: 1, availability: 1, duplicates: 0, bad: 0 });
    expect(minute?.timeliness?.p99).toBeCloseTo(20, -0.5);
    expect(minute?.rate).toBeCloseTo(1, 1);
    expect(windows?.["1h"]).toMatchObject({ observedMs: 120_000, expected: 120, received: 120 });
    expect(windows?.["1h"].availability).toBeCloseTo(119 / 120, 3);
  });

  it("of an outage: the promise was broken; completeness heals when what was held comes", () => {
    const site = new Site().begin();
    steady(site, 1, 60);
    site.pass(58_000);
    const silent = site.window("1m");
    expect(silent).toMatchObject({ received: 1, expected: 1, completeness: 1 });
    expect(silent.availability).toBeLessThan(0.1);
    site.pass(2_000);
    site.tell(120, { held: [[61, 120]] });
    expect(site.window("1m").expected).toBe(0); // may be on their way
    site.pass(3_000);
    const missing = site.window("1m");
    expect(missing.expected).toBeGreaterThan(50);
    expect(missing).toMatchObject({ received: 0, completeness: 0 });
    for (let seq = 61; seq <= 120; seq++) site.arrive(seq, START + seq * 1_000, { backfill: true });
    expect(site.window("1h")).toMatchObject({ expected: 120, received: 120, completeness: 1, outOfOrder: 0 });
    expect(site.window("1h").timeliness?.p99).toBeGreaterThan(50_000);
    expect(site.window("1h").availability).toBeLessThan(0.6);
  });

  it("counts numbers that the node dropped as missing, and suppressed readings not at all", () => {
    const site = new Site().begin();
    steady(site, 1, 10);
    site.tell(10, { read: 500, suppressed: 490 });
    site.pass(4_000);
    expect(site.window("1h")).toMatchObject({ expected: 10, completeness: 1 });
    site.tell(20, { dropped: [[11, 20, "full"]] });
    site.pass(4_000);
    expect(site.window("1h")).toMatchObject({ expected: 20, received: 10, completeness: 0.5 });
  });

  it("looks at what an earlier boot left behind", () => {
    const site = new Site().begin();
    steady(site, 1, 10);
    site.pass(5_000);
    const left = { read: 15, suppressed: 0, lastSeq: 15, dropped: [], held: [], keptFrom: 1 };
    site.tell(0, {}, BOOT + 10, [{ boot: BOOT, sensors: { temperature: left } }]);
    site.pass(5_000);
    expect(site.window("1h")).toMatchObject({ expected: 15, received: 10 });
    site.arrive(1, site.now, { boot: BOOT + 10 });
    for (let seq = 11; seq <= 15; seq++) site.arrive(seq, START + seq * 1_000, { backfill: true });
    expect(site.window("1h")).toMatchObject({ expected: 16, received: 16, completeness: 1 });
  });

  it("does not move past its place what a clock that jumped says, and tells delays once it is measured", () => {
    const site = new Site().begin();
    steady(site, 1, 30);
    const jumpMs = 3_600_000;
    for (let seq = 31; seq <= 40; seq++) {
      site.pass(1_000);
      site.arrive(seq, site.now - 20 + (seq % 2 === 0 ? jumpMs : -jumpMs));
    }
    expect(site.window("1m")).toMatchObject({ received: 40, availability: expect.closeTo(39 / 40, 2) });
    expect(site.window("1m").timeliness?.p99).toBeLessThan(50);
    expect(site.measurement.counts(STREAM, 60_000)).toMatchObject({ received: 40, timed: 30 });
    site.pass(1_000);
    site.offsetMs = jumpMs;
    site.arrive(41, site.now - 20);
    site.measureClock(jumpMs);
    expect(site.measurement.report(STREAM, site.now)?.clock).toEqual({ offsetMs: jumpMs, off: true });
    // Of those that waited, the five ahead by as much as was measured fit.
    expect(site.measurement.counts(STREAM, 60_000)).toMatchObject({ received: 41, timed: 36 });
    expect(site.window("1m").timeliness?.p99).toBeLessThan(50);
  });

  it("has no timeliness while the clock was not measured, and none of what has no clock", () => {
    const site = new Site();
    site.measurement.node(site.node(), "birth");
    steady(site, 1, 5);
    expect(site.window("1m")).toMatchObject({ received: 5, timeliness: null });
    site.measureClock(0);
    expect(site.window("1m").timeliness).not.toBe(null);
  });

  it("of a stream without accounting has no completeness, and a promise of its own pace", () => {
    const site = new Site();
    site.birth = null;
    site.accounted = false;
    for (let n = 1; n <= 6; n++) {
      site.pass(30_000);
      site.arrive(site.now, site.now, { boot: 0 });
      if (n === 3) site.medianIntervalMs = 30_000;
    }
    const report = site.measurement.report(STREAM, site.now);
    expect(report?.freshness).toMatchObject({ withinMs: 90_000, fresh: true });
    expect(report?.windows["1h"]).toMatchObject({
      received: 6,
      expected: 0,
      completeness: null,
      validity: null,
      timeliness: null,
      availability: 1,
    });
    expect(site.measurement.counts(STREAM, 3_600_000).expected).toBe(0);
  });

  it("tells what was broken, what was bad and why, and what came twice or out of order", () => {
    const site = new Site().begin();
    steady(site, 1, 3);
    site.arrive(4, site.now, { unit: "K" });
    site.arrive(5, site.now, { value: 900 });
    site.arrive(6, site.now, { value: true });
    site.arrive(7, site.now, { value: null, quality: "bad", reason: "no answer" });
    site.arrive(8, site.now, { value: null, quality: "bad" });
    site.arrive(9, site.now, { quality: "uncertain", reason: "frozen" });
    site.arrive(11, site.now);
    site.arrive(10, site.now);
    site.pass(1_000);
    for (const seq of [1, 2, 2]) expect(site.arrive(seq, site.now)).toBe(false);
    site.pass(1_000);
    expect(site.window("1m")).toMatchObject({
      received: 11,
      expected: 11,
      validity: 8 / 11,
      invalidBy: { unit: 1, range: 1, type: 1 },
      bad: 2,
      badBy: { "no answer": 1, unspecified: 1 },
      duplicates: 3,
      outOfOrder: 1,
    });
  });

  it("is kept: what passed while the historian was away was not watched, what came meanwhile is not missing", async () => {
    const site = new Site().begin();
    steady(site, 1, 60);
    await site.restart(120_000);
    const back = site.window("1h");
    expect(back).toMatchObject({ observedMs: 60_000, received: 60, availability: expect.closeTo(0.983, 2) });
    for (let seq = 61; seq <= 180; seq++) site.arrive(seq, START + seq * 1_000, { backfill: true });
    const healed = site.window("1h");
    expect(healed).toMatchObject({ observedMs: 60_000, expected: 180, received: 180, completeness: 1 });
    for (const name of QUALITY_WINDOWS) expect(site.window(name).rate).toBeCloseTo(1, 1);
  });

  it("does not watch from its start what it has yet to hear of, for 10 s at most", async () => {
    const site = new Site().begin();
    steady(site, 1, 60);
    await site.restart(120_000);
    site.pass(4_980);
    site.arrive(61, site.now - 20);
    steady(site, 62, 71);
    expect(site.window("1h").observedMs).toBe(70_000);
    expect(site.window("1m").availability).toBe(1);
    await site.restart(120_000);
    site.pass(20_000);
    expect(site.window("1m")).toMatchObject({ observedMs: 9_980, availability: 0 }); // from a tick on;
  });

  it("after a crash counts what was stored since it was kept, once, and does not miss what it did not see", async () => {
    const site = new Site().begin();
    steady(site, 1, 30);
    await site.measurement.flush();
    steady(site, 31, 50);
    site.now += 10_000;
    site.measurement = site.create();
    await site.measurement.restore();
    const seqs = Array.from({ length: 40 }, (_, i) => i + 1).slice(10); // 11 to 40 are told to be stored
    site.measurement.replayed(STREAM, {
      length: seqs.length,
      at: Float64Array.from(seqs, (seq) => START + seq * 1_000),
      timestamp: Float64Array.from(seqs, (seq) => START + seq * 1_000),
      value: Float64Array.from(seqs, (seq) => (seq === 40 ? 99 : 20)),
      boot: Float64Array.from(seqs, () => BOOT),
      seq: Float64Array.from(seqs),
      unit: "Cel",
      valueType: "number",
      marks: [{ index: 25, quality: "bad", reason: "cable" }],
    });
    site.begin(site.offsetMs);
    site.pass(1_000);
    site.arrive(52, site.now); // 41 to 50 came, but nobody tells of what they were; 51 is missing
    site.pass(3_000);
    expect(site.window("1h")).toMatchObject({
      received: 41,
      expected: 42,
      invalidBy: { range: 1 },
      badBy: { cable: 1 },
    });
    expect(site.measurement.counts(STREAM, 3_600_000)).toMatchObject({ received: 41, timed: 31 });
  });

  it("keeps only what changed, and watches on over what did not", async () => {
    const site = new Site().begin();
    steady(site, 1, 10);
    await site.measurement.flush();
    site.pass(1_000); // the ledger is looked at
    await site.measurement.flush();
    const before = await collection.get(STREAM);
    site.pass(20_000);
    await site.measurement.flush();
    expect((await collection.get(STREAM))?.version).toBe(before?.version);
    site.now += 60_000;
    site.measurement = site.create();
    await site.measurement.restore();
    expect(site.window("1h")).toMatchObject({ observedMs: 31_000 });
    expect(site.window("1h").availability).toBeCloseTo(12 / 31, 1);
  });

  it("says when the store did not take it, and keeps it with the next flush", async () => {
    const site = new Site();
    let away = true;
    const store: Collection<MeasureDocument> = {
      get: (id) => collection.get(id),
      insert: (id, document) =>
        away ? Promise.reject(new Error("the store is away")) : collection.insert(id, document),
      replaceIf: (id, version, document) => collection.replaceIf(id, version, document),
      delete: (id) => collection.delete(id),
      find: (query) => collection.find(query),
      count: (index, equals) => collection.count(index, equals),
    };
    site.measurement = createMeasurement({
      collection: store,
      consumer: () => ({ node: () => undefined, stream: () => undefined }),
      clock: { now: () => site.now, monotonic: () => site.now },
      log,
    });
    site.begin();
    steady(site, 1, 10);
    await expect(site.measurement.flush()).rejects.toThrow("the store is away");
    expect(await collection.get("watch")).toBe(undefined);
    away = false;
    await site.measurement.flush();
    site.measurement = site.create();
    await site.measurement.restore();
    expect(site.window("1h").received).toBe(10);
  });

  it("forgets a stream whose node was removed, its document too, and a sensor that is gone promises nothing", async () => {
    const site = new Site().begin();
    steady(site, 1, 10);
    await site.measurement.flush();
    if (site.birth !== null) site.birth = { ...site.birth, sensors: [] };
    site.measurement.node(site.node(), "birth");
    site.pass(20_000);
    expect(site.window("1m")).toMatchObject({ observedMs: 10_000, received: 10 });
    site.measurement.node(site.node(), "removed");
    expect(site.measurement.report(STREAM, site.now)).toBe(undefined);
    expect(site.measurement.counts(STREAM, 60_000).received).toBe(0);
    await site.measurement.flush();
    expect(await collection.get(STREAM)).toBe(undefined);
  });

  it("does not watch while this process stood still, and survives its own clock being set back", () => {
    const site = new Site().begin();
    steady(site, 1, 60);
    site.now += 1_800_000;
    site.measurement.tick(site.now);
    expect(site.window("1h")).toMatchObject({ observedMs: 60_000 });
    site.now -= 3_600_000;
    steady(site, 61, 90);
    const { observedMs, received, completeness, availability } = site.window("1h");
    expect(observedMs).toBeLessThanOrEqual(60_000);
    expect(received).toBe(30);
    expect([completeness, availability].every((share) => share !== null && share >= 0 && share <= 1)).toBe(
      true,
    );
  });

  it("refuses what a newer program kept, by name, and begins a damaged one anew", async () => {
    const site = new Site();
    await collection.insert(STREAM, { v: 2, until: 1 } as unknown as MeasureDocument);
    await expect(site.measurement.restore()).rejects.toThrow(
      'measurement "env_desk_temperature" of version 2',
    );
    await empty();
    site.begin();
    steady(site, 1, 3);
    await site.measurement.flush();
    const kept = await collection.get(STREAM);
    if (kept === undefined) throw new Error("nothing was kept");
    await collection.replaceIf(STREAM, kept.version, { ...kept.document, counts: "AAAA" } as MeasureDocument);
    site.measurement = site.create();
    await site.measurement.restore();
    expect([...site.measurement.streams()]).toEqual([]);
  });

  it("bounds how many streams it measures, and refuses windows that it does not have", () => {
    const site = new Site();
    const few = createMeasurement({
      collection,
      consumer: () => ({ node: () => undefined, stream: () => undefined }),
      clock: { now: () => site.now, monotonic: () => site.now },
      log,
      limits: { streams: 1 },
    });
    site.measurement = few;
    site.begin();
    expect([...few.streams()]).toEqual([STREAM]);
    const { birth } = site;
    if (birth !== null) site.birth = { ...birth, sensors: [SENSOR, { ...SENSOR, id: "humidity" }] };
    few.node(site.node(), "birth");
    expect([...few.streams()]).toEqual([STREAM]);
    expect(() => few.counts(STREAM, 7_000)).toThrow("a window of 7000 ms");
  });

  it("goes by the promise of the configuration, from when it was made", () => {
    const site = new Site();
    site.measurement.promise(STREAM, { freshWithinMs: 10_000, timelyWithinMs: 100 });
    site.begin();
    steady(site, 1, 10, 50);
    steady(site, 11, 20, 150);
    site.pass(10_000);
    expect(site.measurement.counts(STREAM, 60_000)).toMatchObject({ timed: 20, timely: 10, freshMs: 28_850 });
    site.measurement.promise(STREAM, {});
    expect(site.measurement.report(STREAM, site.now)?.freshness).toMatchObject({
      withinMs: 3_000,
      fresh: false,
    });
  });
});

/** What becomes of one reading. */
const fate = fc.record({
  passedMs: fc.oneof(fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 1, max: 20_000 })),
  how: fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("comes" as const), delayMs: fc.nat(1_500) }) },
    fc.record({ kind: fc.constant("held" as const), delayMs: fc.integer({ min: 2_000, max: 400_000 }) }),
    fc.record({ kind: fc.constant("lost" as const), delayMs: fc.constant(0) }),
    fc.record({ kind: fc.constant("twice" as const), delayMs: fc.nat(1_500) }),
  ),
  is: fc.constantFrom("good", "good", "good", "bad", "uncertain", "wrong unit", "out of range"),
  stats: fc.boolean(),
});

describe("what is measured, whatever comes, late, twice, bad or never, with restarts in between", () => {
  it("equals a recount from the list of everything that happened, and every share is one", async () => {
    await fc.assert(
      fc
        .asyncProperty(
          fc.array(fate, { minLength: 1, maxLength: 60 }),
          fc.array(fc.record({ after: fc.nat(60), awayMs: fc.integer({ min: 0, max: 25_000 }) }), {
            maxLength: 2,
          }),
          fc.constantFrom(0, 75, 3_600_000, -4_000_000),
          async (fates, restarts, offsetMs) => {
            const site = new Site().begin(offsetMs);
            await replay(site, fates, restarts);
          },
        )
        .beforeEach(empty),
      { numRuns: 80 },
    );
  });
});

interface Arrival {
  at: number;
  seq: number;
  readAt: number;
  is: string;
  backfill: boolean;
}

async function replay(
  site: Site,
  fates: readonly {
    passedMs: number;
    how: { kind: string; delayMs: number };
    is: string;
    stats: boolean;
  }[],
  restarts: readonly { after: number; awayMs: number }[],
): Promise<void> {
  const arrivals: Arrival[] = [];
  const stats: { at: number; lastSeq: number }[] = [];
  let readAt = START;
  fates.forEach(({ passedMs, how, is, stats: tells }, index) => {
    readAt += passedMs;
    const seq = index + 1;
    const backfill = how.kind === "held";
    if (how.kind !== "lost") arrivals.push({ at: readAt + how.delayMs, seq, readAt, is, backfill });
    if (how.kind === "twice")
      arrivals.push({ at: readAt + 2 * how.delayMs, seq, readAt, is, backfill: true });
    if (tells) stats.push({ at: readAt, lastSeq: seq });
  });
  const restartAfter = new Map(restarts.map(({ after, awayMs }) => [after % fates.length, awayMs]));
  const events = [
    ...arrivals.map((arrival) => ({ ...arrival, kind: "arrival" as const })),
    ...stats.map((told) => ({ ...told, kind: "stats" as const })),
  ].sort((a, b) => a.at - b.at);

  const model = new Model();
  let step = 0;
  for (const event of events) {
    // What would have come while the historian was away comes when it is back.
    if (event.at > site.now) {
      model.watch(site.now, event.at);
      site.pass(event.at - site.now);
    }
    if (event.kind === "stats") site.tell(event.lastSeq);
    else {
      const over: Partial<Reading> = event.backfill || event.at < site.now ? { backfill: true } : {};
      if (event.is === "bad") Object.assign(over, { value: null, quality: "bad", reason: "fault" });
      if (event.is === "uncertain") Object.assign(over, { quality: "uncertain" });
      if (event.is === "wrong unit") over.unit = "K";
      if (event.is === "out of range") over.value = 86;
      if (site.arrive(event.seq, event.readAt, over)) model.take(event, site.now);
      else model.duplicates++;
    }
    const awayMs = restartAfter.get(step);
    if (awayMs !== undefined) {
      await site.restart(awayMs);
      model.wakingUntil = site.now + 10_000;
    }
    step++;
    model.compare(site);
  }
  model.watch(site.now, site.now + 10_000);
  site.pass(10_000);
  site.tell(fates.length);
  model.watch(site.now, site.now + 3_000);
  site.pass(3_000);
  model.compare(site);
  if (site.now - START < 3_540_000) {
    const hour = site.window("1h");
    expect(hour.expected).toBe(fates.length);
    expect(hour.duplicates).toBe(model.duplicates);
  }
}

/** The same, told from a list of everything that happened. */
class Model {
  readonly taken: (Arrival & { came: number })[] = [];
  /** Watched, of it fresh: [from, to, fresh until]. */
  readonly spans: [from: number, to: number, freshUntil: number][] = [];
  duplicates = 0;
  /** After a restart: not watched before it is fresh. */
  wakingUntil = 0;

  take(arrival: Arrival, came: number): void {
    const { is, readAt } = arrival;
    const newest = readAt > this.#newestGood;
    this.taken.push({ ...arrival, came });
    if (is !== "bad" && is !== "uncertain" && newest && came < readAt + 3_000) this.wakingUntil = 0;
  }

  get #newestGood(): number {
    const good = this.taken.filter(({ is }) => is !== "bad" && is !== "uncertain");
    return Math.max(...good.map(({ readAt }) => readAt));
  }

  watch(from: number, to: number): void {
    const freshUntil = this.#newestGood + 3_000;
    if (this.wakingUntil === 0) {
      this.spans.push([from, to, freshUntil]);
      return;
    }
    const wakeAt = Math.ceil(this.wakingUntil / 1_000) * 1_000;
    const end = Math.min(to, wakeAt);
    if (freshUntil > from) this.spans.push([from, Math.min(end, freshUntil), freshUntil]);
    if (to < wakeAt) return;
    this.wakingUntil = 0;
    this.spans.push([wakeAt, to, freshUntil]);
  }

  compare(site: Site): void {
    for (const name of QUALITY_WINDOWS) {
      const bucketMs = { "1m": 1_000, "1h": 60_000, "24h": 900_000, "30d": 21_600_000 }[name];
      const from = (Math.floor(site.now / bucketMs) + 1) * bucketMs - QUALITY_WINDOW_MS[name];
      const got = site.window(name);
      const within = this.taken.filter(({ readAt }) => readAt >= from);
      const count = (is: string) => within.filter((one) => one.is === is).length;
      const ms = (start: number, end: number) => Math.max(0, end - Math.max(start, from));
      const observedMs = this.spans.reduce((sum, [a, b]) => sum + ms(a, b), 0);
      const freshMs = this.spans.reduce((sum, [a, b, until]) => sum + ms(a, Math.min(b, until)), 0);
      expect(got.received).toBe(within.length);
      expect(got.observedMs).toBe(observedMs);
      expect(got.availability).toBe(observedMs === 0 ? null : freshMs / observedMs);
      expect(got.bad).toBe(count("bad"));
      expect([got.invalidBy.unit ?? 0, got.invalidBy.range ?? 0]).toEqual([
        count("wrong unit"),
        count("out of range"),
      ]);
      expect(got.validity).toBe(
        within.length === 0
          ? null
          : (within.length - count("wrong unit") - count("out of range")) / within.length,
      );
      expect(got.expected).toBeGreaterThanOrEqual(got.received);
      for (const share of [got.completeness, got.validity, got.availability]) {
        if (share !== null) expect([share >= 0, share <= 1]).toEqual([true, true]);
      }
      const counts = site.measurement.counts(STREAM, QUALITY_WINDOW_MS[name]);
      expect(counts.timed).toBe(within.length);
      expect(counts.timely).toBe(counts.timed);
      if (name === "30d") this.#compareDelays(got, within);
    }
  }

  #compareDelays(got: WindowQuality, taken: readonly { readAt: number; came: number }[]): void {
    const delays = taken.map(({ readAt, came }) => came - readAt).sort((a, b) => a - b);
    const median = delays[Math.max(1, Math.ceil(delays.length / 2)) - 1];
    if (median === undefined) expect(got.timeliness).toBe(null);
    else expect(Math.abs((got.timeliness?.p50 ?? Number.NaN) - median)).toBeLessThanOrEqual(median * 0.05);
  }
}
