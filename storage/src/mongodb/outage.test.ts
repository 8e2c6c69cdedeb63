import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import type { Storage } from "../collection.js";
import { StorageError } from "../errors.js";
import { openStorage } from "../open-storage.js";
import { toSamples } from "../samples/sample-columns.js";
import type { Sample, Series } from "../series.js";
import { StoreAwayError } from "../store-away-error.js";
import { lacksOwnMongo, startMongo, type TestMongo } from "../testing/mongo-server.js";
import type { StoreLog } from "./mongo-connection.js";
import { openMongoStorage } from "./mongo-storage.js";
import { openMongoSeries } from "./series/mongo-series.js";

const quiet: StoreLog = { info: () => {}, warn: () => {} };
/** Within which a call must have failed. */
const CALL_MS = 5_000;
const BACK = { timeout: 20_000, interval: 50 };

const hold = () => Promise.reject(new Error("not a folder"));

async function failure(call: Promise<unknown>): Promise<{ error: unknown; afterMs: number }> {
  const start = performance.now();
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { error, afterMs: performance.now() - start };
}

describe("an address of MongoDB", () => {
  it.each([
    ["mongodb://ada:geheim@/x", "STORAGE: mongodb:///x is no address"],
    ["mongodb://ada:geheim@host/x?nonsense=1", "option nonsense is not supported"],
    ["mongodb://ada:ge/heim@host/x", "is no address"],
    ["mongodb://ada:geheim@host:port/x", "mongodb://host:port/x is no address"],
  ])("that is none is refused, without its password: %s", async (url, message) => {
    const { error } = await failure(openMongoStorage({ url, service: "x", log: quiet }));
    expect(error).toBeInstanceOf(StorageError);
    expect(String(error)).toContain(message);
    expect(String(error)).not.toContain("heim");
    expect((error as Error).cause).toBeUndefined();
  });

  it("may have nobody there: opening says so without the password, and calls fail in time", async () => {
    const warned: [object, string][] = [];
    const storage = await openStorage({
      address: { kind: "mongodb", url: "mongodb://ada:geheim@127.0.0.1:1/plants?authSource=admin" },
      service: "test",
      hold,
      log: { info: () => {}, warn: (fields, message) => warned.push([fields, message]) },
    });
    onTestFinished(() => storage.close());
    expect(storage.engine).toEqual({
      name: "MongoDB",
      version: "not reached yet",
      at: "mongodb://127.0.0.1:1/plants",
    });
    const things = await storage.collection("things", { n: { fields: { n: "number" } } });
    const { error, afterMs } = await failure(things.insert("a", { n: 1 }));
    expect(error).toBeInstanceOf(StoreAwayError);
    expect(error).toMatchObject({ code: "store_away", at: "mongodb://127.0.0.1:1/plants" });
    expect(String(error)).toMatch(
      /mongodb:\/\/127\.0\.0\.1:1\/plants does not answer \(.*ECONNREFUSED.*\): start it/,
    );
    expect(afterMs).toBeLessThan(CALL_MS);
    expect(warned.map(([, message]) => message)).toEqual(["the store is away"]);
    expect(JSON.stringify(warned) + String(error)).not.toContain("geheim");
  });
});

describe.skipIf(lacksOwnMongo())("when the server is away", () => {
  let mongo: TestMongo;
  const open: (Storage | Series)[] = [];

  beforeAll(async () => {
    const started = await startMongo({ own: true });
    if (started === undefined) throw new Error("no server");
    mongo = started;
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((one) => one.close()));
    await mongo.kill();
    await mongo.restart();
  });
  afterAll(() => mongo?.stop());

  const service = () => `s-${randomUUID().slice(0, 8)}`;

  async function openDocuments(log = quiet): Promise<Storage> {
    const storage = await openMongoStorage({ url: mongo.url, service: service(), log });
    open.push(storage);
    return storage;
  }

  it("starts without it, and makes the indexes when it comes", async () => {
    await mongo.kill();
    const said: string[] = [];
    const say = (_: object, message: string) => said.push(message);
    const storage = await openDocuments({ info: say, warn: say });
    const things = await storage.collection<{ name: string }>("things", {
      name: { fields: { name: "string" }, unique: true },
    });
    await expect(things.get("a")).rejects.toThrow(StoreAwayError);
    await mongo.restart();
    await vi.waitFor(() => things.insert("a", { name: "one" }), BACK);
    await expect(things.insert("b", { name: "one" })).rejects.toThrow('"a" has name "one" already');
    expect(storage.engine.version).toMatch(/^\d+\./);
    expect(said).toEqual(["the store is away", "the store is back"]);
  }, 60_000);

  it("fails in time when it is frozen, and does a write only once that it had taken before", async () => {
    const series = await openMongoSeries({ url: mongo.url, service: service(), log: quiet });
    open.push(series);
    const batch = (from: number) =>
      new Map([["env_a_x", Array.from({ length: 700 }, (_, n) => reading(from + n, 0))]]);
    await series.append(batch(1));
    mongo.freeze();
    const write = await failure(series.append(batch(701))); // makes a block
    expect(write.error).toBeInstanceOf(StoreAwayError);
    expect(write.afterMs).toBeLessThan(CALL_MS);
    const read = await failure(series.latest("env_a_x"));
    expect(read.error).toBeInstanceOf(StoreAwayError);
    expect(read.afterMs).toBeLessThan(CALL_MS);
    mongo.thaw();
    const again = await vi.waitFor(() => series.append(batch(701)), BACK);
    expect(again.get("env_a_x")?.stored.length).toBe(700);
    expect(await series.stored("env_a_x", 7)).toEqual([[1, 1_400]]);
    const seqs: number[] = [];
    for await (const columns of series.range("env_a_x", { from: 0, to: 8e15 })) seqs.push(...columns.seq);
    expect(seqs).toEqual(Array.from({ length: 1_400 }, (_, n) => n + 1));
  }, 60_000);

  it("keeps every document that was acknowledged through kill -9 in the middle of writes", async () => {
    const storage = await openDocuments();
    const things = await storage.collection<{ n: number }>("things", {
      n: { fields: { n: "number" }, unique: true },
    });
    const acknowledged = new Set<string>();
    const slowest = { ms: 0 };
    let stopped = false;
    const lanes = [0, 1, 2].map(async (lane) => {
      for (let n = lane; !stopped; n += 3) {
        for (;;) {
          const start = performance.now();
          try {
            await things.insert(`t${n}`, { n });
            acknowledged.add(`t${n}`);
            break;
          } catch (error) {
            slowest.ms = Math.max(slowest.ms, performance.now() - start);
            const code = (error as { code?: string }).code;
            if (code === "id_taken" || code === "index") break; // one whose answer was lost
            expect(code).toBe("store_away");
          }
        }
      }
    });
    for (let round = 0; round < 2; round += 1) {
      const before = acknowledged.size;
      await vi.waitFor(() => expect(acknowledged.size).toBeGreaterThan(before + 30), BACK);
      await mongo.kill();
      await vi.waitFor(() => expect(slowest.ms).toBeGreaterThan(0), BACK);
      await mongo.restart();
    }
    const before = acknowledged.size;
    await vi.waitFor(() => expect(acknowledged.size).toBeGreaterThan(before + 10), BACK);
    stopped = true;
    await Promise.all(lanes);
    expect(slowest.ms).toBeLessThan(CALL_MS);
    for (const id of acknowledged) expect(await things.get(id), id).toBeDefined();
    expect(await things.count("n")).toBe(await things.count("id"));
  }, 120_000);

  it("keeps every reading that was acknowledged, and none twice, when what failed is appended again", async () => {
    const streams = ["env_a_x", "env_a_y", "env_b_z"];
    const part = service();
    let series = await openMongoSeries({ url: mongo.url, service: part, log: quiet });
    const told = new Map<string, number[]>(streams.map((stream) => [stream, []]));
    let stopped = false;
    let seq = 0;
    let failed = 0;
    /** So many readings at once that blocks are made now and then. */
    const writer = (async () => {
      while (!stopped) {
        const batch = new Map(
          streams.map((stream, n) => [
            stream,
            Array.from({ length: 150 }, (_, k) => reading(seq + k + 1, n)),
          ]),
        );
        for (let done = false; !done; ) {
          const start = performance.now();
          try {
            for (const [stream, { stored }] of await series.append(batch))
              told.get(stream)?.push(...stored.map((sample) => sample.seq));
            done = true;
          } catch (error) {
            expect(error).toMatchObject({ code: "store_away" });
            expect(performance.now() - start).toBeLessThan(2 * CALL_MS);
            failed += 1;
          }
        }
        seq += 150;
      }
    })();
    for (let round = 0; round < 3; round += 1) {
      const [before, failures] = [seq, failed];
      await vi.waitFor(() => expect(seq).toBeGreaterThan(before + 900 + round * 250), BACK);
      await mongo.kill();
      await vi.waitFor(() => expect(failed).toBeGreaterThan(failures), BACK);
      await mongo.restart();
    }
    const before = seq;
    await vi.waitFor(() => expect(seq).toBeGreaterThan(before + 300), BACK);
    stopped = true;
    await writer;
    await series.close();
    series = await openMongoSeries({ url: mongo.url, service: part, log: quiet });
    open.push(series);
    for (const stream of streams) {
      const expected = Array.from({ length: seq }, (_, n) => n + 1);
      const seqs: number[] = [];
      for await (const columns of series.range(stream, { from: 0, to: 8e15 }))
        seqs.push(...toSamples(columns).map((sample) => sample.seq));
      expect(seqs).toEqual(expected);
      // Each was told as stored by exactly one call.
      expect(told.get(stream)).toEqual(expected);
      expect(await series.stored(stream, 7)).toEqual([[1, seq]]);
    }
    expect((await series.sizes()).raw.rows).toBe(3 * seq);
  }, 120_000);
});

function reading(seq: number, n: number): Sample {
  const at = 1_763_640_000_000 + seq * 1_000;
  return { boot: 7, seq, at, timestamp: at, value: seq + n / 10, unit: "Cel" };
}
