import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { MongoClient } from "mongodb";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { toSamples } from "../../samples/sample-columns.js";
import type { Sample, Series } from "../../series.js";
import { lacksMongo, startMongo, type TestMongo } from "../../testing/mongo-server.js";
import type { KeptBlock, KeptOlder, KeptStream, KeptTail } from "./kept-series.js";
import { openMongoSeries } from "./mongo-series.js";

const quiet = { info: () => {}, warn: () => {} };
const STREAM = "env_greenhouse_temperature";
const T0 = 1_763_640_000_000; // ms

function reading(seq: number, over: Partial<Sample> = {}): Sample {
  const at = T0 + seq * 1_000;
  return { boot: 7, seq, at, timestamp: at, value: seq / 10, unit: "Cel", ...over };
}

function readings(from: number, to: number): Sample[] {
  return Array.from({ length: to - from }, (_, n) => reading(from + n));
}

const BUILT = new URL("../../../dist/mongodb/series/mongo-series.js", import.meta.url).href;

/** Appends without an end, and prints up to which number it was acknowledged. */
const WRITER = `
import { openMongoSeries } from ${JSON.stringify(BUILT)};
const [url, service, from] = process.argv.slice(1);
const series = await openMongoSeries({ url, service, log: { info() {}, warn() {} } });
for (let seq = Number(from); ; seq += 200) {
  const samples = Array.from({ length: 200 }, (_, n) => {
    const at = ${T0} + (seq + n) * 1000;
    return { boot: 7, seq: seq + n, at, timestamp: at, value: (seq + n) / 10, unit: "Cel" };
  });
  await series.append(new Map([[${JSON.stringify(STREAM)}, samples]]));
  console.log(seq + 199);
}
`;

describe.skipIf(lacksMongo())("series in MongoDB", () => {
  let mongo: TestMongo;
  let client: MongoClient;
  let series: Series;
  let service = "";
  let places = 0;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    const started = await startMongo();
    if (started === undefined) throw new Error("no server");
    mongo = started;
    client = new MongoClient(mongo.url);
  });
  beforeEach(async () => {
    places += 1;
    service = `history-${places}`;
    series = await open();
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
    await series.close();
  });
  afterAll(async () => {
    await client?.close();
    await mongo?.stop();
  });

  const open = () => openMongoSeries({ url: mongo.url, service, log: quiet });
  const blocks = () => client.db().collection<KeptBlock>(`${service}.blocks`);
  const tails = () => client.db().collection<KeptTail>(`${service}.tails`);
  const streams = () => client.db().collection<KeptStream>(`${service}.series`);

  async function append(samples: readonly Sample[]) {
    return (await series.append(new Map([[STREAM, samples]]))).get(STREAM);
  }

  async function all(): Promise<Sample[]> {
    const found: Sample[] = [];
    for await (const columns of series.range(STREAM, { from: -8e15, to: 8e15 }))
      found.push(...toSamples(columns));
    return found;
  }

  it("keeps documents that a person can read", async () => {
    await append([
      ...readings(1, 1_025),
      reading(1_025, { value: null, quality: "bad", reason: "no answer" }),
    ]);
    const block = await blocks().findOne({ stream: STREAM });
    expect(block).toMatchObject({
      _id: `${STREAM} 0`,
      stream: STREAM,
      from: T0 + 1_000,
      to: T0 + 1_024_000,
      count: 1_024,
      unit: "Cel",
      boot: 7,
    });
    expect(block?.value.slice(0, 3)).toEqual([0.1, 0.2, 0.3]);
    expect(block?.seq.slice(-2)).toEqual([1_023, 1_024]);
    expect(await streams().findOne({ _id: STREAM })).toMatchObject({
      readings: 1_024,
      stored: [{ boot: 7, from: 1, to: 1_025 }],
    });
    expect(await tails().find({}).toArray()).toMatchObject([
      {
        stream: STREAM,
        value: [null],
        unit: ["Cel"],
        seq: [1_025],
        marks: [{ index: 0, quality: "bad", reason: "no answer" }],
      },
    ]);
  });

  it("passes over blocks that a write left which was not finished, and deletes them with the old ones", async () => {
    await append(readings(1, 900));
    const left = {
      ...emptyBlock(1),
      from: T0,
      to: T0 + 1_000,
      count: 1,
      at: [T0 + 500],
      value: [99],
      seq: [1],
    };
    await blocks().insertMany([{ ...left, _id: `${STREAM} 0`, n: 0 }, left]);
    expect(await all()).toEqual(readings(1, 900));
    await append(readings(900, 3_000));
    expect(await all()).toEqual(readings(1, 3_000));
    expect((await series.prune("raw", T0 + 1_500_000)).rows).toBe(1_024);
    expect(await blocks().countDocuments({ value: 99 })).toBe(0);
    await append(readings(3_000, 5_000));
    expect(await all()).toEqual(readings(1_025, 5_000));
  });

  it("puts tails together now and then, and reads each reading once where that was cut off", async () => {
    for (let seq = 1; seq <= 120; seq += 1) await append([reading(seq)]);
    expect(await tails().countDocuments()).toBeLessThan(60);
    expect(await all()).toEqual(readings(1, 121));
    // As a death between writing what is left over from a block and naming it leaves it.
    const [last] = await tails().find({}).sort({ k: -1 }).limit(1).toArray();
    if (last === undefined) throw new Error("no tail");
    const k = last.k + 1;
    await tails().insertOne({ ...last, _id: `${STREAM} ${k}`, k });
    await series.close();
    series = await open();
    expect(await all()).toEqual(readings(1, 121));
    expect(await series.latest(STREAM)).toEqual(reading(120));
    expect((await series.streams())[0]?.readings).toBe(120);
    expect((await append(readings(100, 130)))?.stored).toEqual(readings(121, 130));
    expect(await all()).toEqual(readings(1, 130));
  });

  it("moves ranges of numbers out of a stream's document when there are many, and still knows them", async () => {
    const odd = readings(1, 1_200).filter(({ seq }) => seq % 2 === 1);
    await append(odd.slice(0, 300));
    await append(odd.slice(300));
    expect((await append(odd))?.stored).toEqual([]);
    const kept = await streams().findOne({ _id: STREAM });
    expect(kept?.stored.length).toBeLessThanOrEqual(256 + 300);
    expect(await client.db().collection<KeptOlder>(`${service}.older`).countDocuments()).toBeGreaterThan(0);
    await series.close();
    series = await open();
    const even = readings(1, 1_200).filter(({ seq }) => seq % 2 === 0);
    expect((await append([...even, ...odd]))?.stored).toEqual(even);
    expect(await series.stored(STREAM, 7)).toEqual([[1, 1_199]]);
    expect(await series.boots(STREAM)).toEqual([7]);
    expect(await all()).toEqual(readings(1, 1_200));
  });

  it("knows what another process has written: who only reads asks anew, and who writes reads again", async () => {
    const standby = await open();
    expect(await standby.streams()).toEqual([]);
    await append(readings(1, 3));
    expect(await standby.streams()).toMatchObject([{ stream: STREAM, readings: 2 }]);
    await append(readings(3, 5));
    expect((await standby.sizes()).raw.rows).toBe(4);
    expect(await standby.stored(STREAM, 7)).toEqual([[1, 4]]);
    // It takes over.
    expect(await standby.append(new Map([[STREAM, readings(3, 7)]]))).toEqual(
      new Map([[STREAM, { stored: readings(5, 7), duplicates: 2 }]]),
    );
    await standby.close();
    // One that does not know that it was replaced doubles nothing.
    expect((await append(readings(5, 9)))?.stored.slice(-2)).toEqual(readings(7, 9));
    expect(await all()).toEqual(readings(1, 9));
  });

  it("gives another process everything up to some reading, while tails are put together and blocks made", async () => {
    const reader = await open();
    let written = 0;
    const writing = (async () => {
      while (written < 6_000) {
        await append(readings(written + 1, written + 151));
        written += 150;
      }
    })();
    while (written < 6_000) {
      const before = written;
      const seqs: number[] = [];
      for await (const columns of reader.range(STREAM, { from: 0, to: 8e15 })) seqs.push(...columns.seq);
      expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, n) => n + 1));
      expect(seqs.length).toBeGreaterThanOrEqual(before);
      if (before > 0) expect((await reader.latest(STREAM))?.seq).toBeGreaterThanOrEqual(before);
    }
    await writing;
    await reader.close();
  }, 60_000);

  it("loses and doubles nothing when the writer is killed and the same is appended again", async () => {
    let acknowledged = 0;
    for (let round = 0; round < 3; round += 1) {
      const child = spawn(
        process.execPath,
        ["--input-type=module", "-e", WRITER, mongo.url, service, String(acknowledged + 1)],
        { stdio: ["ignore", "pipe", "inherit"] },
      );
      children.push(child);
      const until = acknowledged + 1_400 + round * 400;
      for await (const line of createInterface({ input: child.stdout })) {
        acknowledged = Number(line);
        if (acknowledged >= until) child.kill("SIGKILL");
      }
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      const found = await all();
      expect(found.slice(0, acknowledged)).toEqual(readings(1, acknowledged + 1));
      expect(found.length).toBeLessThanOrEqual(acknowledged + 200);
    }
    await append(readings(1, acknowledged + 401));
    expect(await all()).toEqual(readings(1, acknowledged + 401));
    expect((await series.sizes()).raw.rows).toBe(acknowledged + 400);
  }, 120_000);

  it("appends to many streams in few commands", async () => {
    const commands: string[] = [];
    const counted = await openMongoSeries({
      url: mongo.url,
      service,
      log: quiet,
      watch: (name) => commands.push(name),
    });
    const batch = (seq: number) =>
      new Map(Array.from({ length: 40 }, (_, n) => [`env_node_s${n}`, readings(seq, seq + 5)]));
    await counted.append(batch(1));
    commands.length = 0;
    await counted.append(batch(6));
    await counted.append(batch(11));
    expect(commands).toEqual(["insert", "insert"]);
    await counted.close();
  });
});

function emptyBlock(n: number): KeptBlock {
  return {
    _id: `${STREAM} ${n}`,
    stream: STREAM,
    n,
    from: 0,
    to: 0,
    count: 0,
    bytes: 0,
    at: [],
    value: [],
    unit: "Cel",
    boot: 7,
    seq: [],
  };
}
