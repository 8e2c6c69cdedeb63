import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { gunzipSync, gzipSync } from "node:zlib";
import type { SeqRange } from "@fieldmesh/protocol";
import { type Database, open } from "lmdb";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { IndexDeclarations, Stored } from "../collection.js";
import type { HoldFolder } from "../lmdb/lmdb-storage.js";
import { openSeries } from "../open-series.js";
import { openStorage, type StorageAddress } from "../open-storage.js";
import { toSamples } from "../samples/sample-columns.js";
import type { Rollup, Sample } from "../series.js";
import { lacksMongo, startMongo, type TestMongo } from "../testing/mongo-server.js";
import { backupStore, restoreStore } from "./backup.js";
import { BackupError } from "./backup-lines.js";

const log = { info: () => {}, warn: () => {} };
const hold: HoldFolder = () => Promise.resolve({ release: () => Promise.resolve() });
const T0 = 1_763_640_000_000; // ms

let root: string;
const servers: TestMongo[] = [];
const children: ChildProcess[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "fieldmesh-backup-test-"));
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const server of servers.splice(0)) await server.stop();
  await rm(root, { recursive: true, force: true });
});

/** A database of its own. */
async function mongoDatabase(): Promise<StorageAddress> {
  const mongo = await startMongo();
  if (mongo === undefined) throw new Error("no server");
  servers.push(mongo);
  return { kind: "mongodb", url: mongo.url };
}

interface Thing {
  name: string;
  rank?: number;
  tags?: string[];
}

const INDEXES = {
  name: { fields: { name: "string" }, unique: true },
  rank: { fields: { rank: "number", tags: "string" } },
} as const satisfies IndexDeclarations;

/** All that a store is to keep, by service. */
interface Content {
  documents: Record<string, Stored<Thing>[]>;
  samples: Record<string, Sample[]>;
  stored: Record<string, [boot: number, ranges: SeqRange[]][]>;
  rollups: Record<string, Rollup[]>;
  sizes: number[];
}

function folder(name: string): StorageAddress {
  return { kind: "folder", path: join(root, name) };
}

async function within<R>(
  address: StorageAddress,
  service: string,
  work: (
    storage: Awaited<ReturnType<typeof openStorage>>,
    series: Awaited<ReturnType<typeof openSeries>>,
  ) => Promise<R>,
): Promise<R> {
  const storage = await openStorage({ address, service, hold, log });
  const series = await openSeries({ address, service, log });
  try {
    return await work(storage, series);
  } finally {
    await series.close();
    await storage.close();
  }
}

function reading(n: number, over: Partial<Sample> = {}): Sample {
  const at = T0 + n * 1_000;
  return { boot: 7, seq: n + 1, at, timestamp: at + 12, value: n / 10, unit: "Cel", ...over };
}

const readings = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => reading(from + n));

/** A store with all that is hard to keep: versions, pruned readings, boots, readings without accounting. */
async function fill(address: StorageAddress): Promise<void> {
  await within(address, "historian", async (storage, series) => {
    const things = await storage.collection<Thing>("things", INDEXES);
    const inserts = Array.from({ length: 700 }, (_, n) =>
      things.insert(`t${n}`, { name: `n${n}`, rank: n % 7, tags: ["a", "ä"] }),
    );
    await Promise.all(inserts);
    await things.replaceIf("t3", 1, { name: "other 😀", rank: -1.5e300 });
    await things.replaceIf("t3", 2, { name: "other" });
    await storage.collection("empty", {});
    const bare = (n: number): Sample =>
      reading(n, { boot: 0, seq: T0 + n * 1_000, timestamp: T0 + n * 1_000 });
    await series.append(
      new Map([
        ["env_a_pruned", readings(0, 3_000)],
        ["env_a_bare", Array.from({ length: 2_500 }, (_, n) => bare(n))],
        ["env_a_gone", readings(0, 20)],
      ]),
    );
    await series.prune("raw", T0 + 2_500_000);
    await series.append(
      new Map<string, Sample[]>([
        ["env_a_pruned", [...readings(3_000, 3_500), reading(3_600, { boot: 8, seq: 500 })]],
        ["env_a_bare", [bare(5_000), bare(5_007)]],
        [
          "env_a_marks",
          [
            reading(1, { value: -0 }),
            reading(2, { value: null, quality: "bad", reason: 'said "no" 😀\n' }),
            reading(3, { value: true, unit: "/" }),
            reading(4, { value: 0.1 + 0.2, at: T0 + 4_000.25, quality: "uncertain" }),
          ],
        ],
      ]),
    );
    const rows = Array.from({ length: 2_000 }, (_, n): Rollup => {
      const at = T0 + n * 60_000;
      return { at, count: 60, min: n / 3, max: n, mean: n / 7, first: -n, last: null, bad: n % 2 };
    });
    await series.putRollups("minute", new Map([["env_a_pruned", rows]]));
    await series.putRollups("hour", new Map([["env_a_pruned", [{ ...reading0(), at: 0 }]]]));
  });
  await within(address, "dashboard", async (storage) => {
    const things = await storage.collection<Thing>("present", {});
    await things.insert("only", { name: "one" });
  });
}

function reading0(): Omit<Rollup, "at"> {
  return { count: 0, min: null, max: null, mean: null, first: null, last: null, bad: 3 };
}

async function contentOf(address: StorageAddress): Promise<Content> {
  const content: Content = { documents: {}, samples: {}, stored: {}, rollups: {}, sizes: [] };
  const collections = {
    historian: [
      ["things", INDEXES],
      ["empty", {}],
    ],
    dashboard: [["present", {}]],
  } as const;
  for (const [service, names] of Object.entries(collections)) {
    await within(address, service, async (storage, series) => {
      for (const [name, indexes] of names) {
        const collection = await storage.collection<Thing>(name, indexes);
        const items: Stored<Thing>[] = [];
        for (let after: string | undefined; ; ) {
          const page = await collection.find({ index: "id", limit: 1_000, after });
          items.push(...page.items);
          if (page.next === undefined) break;
          after = page.next;
        }
        content.documents[`${service}.${name}`] = items;
        if (name === "things") content.sizes.push(await collection.count("rank", [3]));
      }
      for (const { stream, readings: count } of await series.streams()) {
        const key = `${service}.${stream}`;
        const samples: Sample[] = [];
        for await (const columns of series.range(stream, { from: -8e15, to: 8e15 }))
          samples.push(...toSamples(columns));
        expect(samples.length).toBe(count);
        content.samples[key] = samples;
        content.stored[key] = [];
        for (const boot of await series.boots(stream)) {
          content.stored[key]?.push([boot, await series.stored(stream, boot)]);
        }
        for (const level of ["minute", "hour"] as const) {
          content.rollups[`${key} ${level}`] = await series.rollups(level, stream, -8e15, 8e15);
        }
      }
      const { raw, minute, hour } = await series.sizes();
      content.sizes.push(raw.rows, minute.rows, hour.rows);
    });
  }
  return content;
}

async function move(from: StorageAddress, to: StorageAddress, file: string): Promise<void> {
  const words: string[] = [];
  const progress = (text: string) => void words.push(text);
  const counts = await backupStore({ address: from, file, log, progress });
  const restored = await restoreStore({ address: to, file, log, progress, hold, replace: false });
  expect(restored.counts).toEqual(counts);
  expect(words).toContain("historian: things, 700 documents");
}

describe("a backup", () => {
  it("restores into another folder all that was in the store, and leaves nothing beside it", async () => {
    await fill(folder("a"));
    const before = await contentOf(folder("a"));
    await move(folder("a"), folder("b"), join(root, "one.backup"));
    expect(await contentOf(folder("b"))).toEqual(before);
    expect(before.samples["historian.env_a_gone"]).toEqual([]);
    expect(before.stored["historian.env_a_gone"]).toEqual([[7, [[1, 20]]]]);
    expect((await readdir(root)).sort()).toEqual(["a", "b", "one.backup"]);
    // What was pruned is not taken again.
    await within(folder("b"), "historian", async (_, series) => {
      const again = new Map([["env_a_pruned", readings(0, 3_500)]]);
      expect((await series.append(again)).get("env_a_pruned")?.duplicates).toBe(3_500);
    });
  });

  it.skipIf(lacksMongo())(
    "moves a store from the embedded kind to MongoDB and back, and loses nothing",
    async () => {
      const database = await mongoDatabase();
      await fill(folder("a"));
      const before = await contentOf(folder("a"));
      await move(folder("a"), database, join(root, "one.backup"));
      expect(await contentOf(database)).toEqual(before);
      await move(database, folder("b"), join(root, "two.backup"));
      expect(await contentOf(folder("b"))).toEqual(before);
      const again = restoreStore({
        address: database,
        file: join(root, "one.backup"),
        log,
        progress: () => {},
        hold,
        replace: false,
      });
      await expect(again).rejects.toThrow(
        /holds something of (historian|dashboard): restore into an empty store, or use --replace/,
      );
      const replaced = {
        address: database,
        file: join(root, "two.backup"),
        log,
        progress: () => {},
        hold,
        replace: true,
      };
      await restoreStore(replaced);
      expect(await contentOf(database)).toEqual(before);
    },
    120_000,
  );

  it("is refused by a store that holds something, and replaces it when told", async () => {
    const file = join(root, "one.backup");
    await within(
      folder("a"),
      "historian",
      async (_, series) => void (await series.append(new Map([["env_a_s", readings(0, 5)]]))),
    );
    await backupStore({ address: folder("a"), file, log, progress: () => {} });
    await within(
      folder("b"),
      "historian",
      async (_, series) => void (await series.append(new Map([["env_b_s", readings(0, 5)]]))),
    );
    await within(folder("b"), "dashboard", async (storage) => {
      await (await storage.collection<Thing>("present", {})).insert("p", { name: "p" });
    });
    const options = { address: folder("b"), file, log, progress: () => {}, hold };
    await expect(restoreStore({ ...options, replace: false })).rejects.toThrow(BackupError);
    await restoreStore({ ...options, replace: true });
    await within(folder("b"), "historian", async (_, series) => {
      expect((await series.streams()).map(({ stream }) => stream)).toEqual(["env_a_s"]);
    });
    await within(folder("b"), "dashboard", async (storage) => {
      expect(await (await storage.collection<Thing>("present", {})).count("id")).toBe(0);
    });
  });

  it("is not restored while a service runs, and then nothing is removed", async () => {
    const file = join(root, "one.backup");
    await fill(folder("a"));
    const before = await contentOf(folder("a"));
    await backupStore({ address: folder("a"), file, log, progress: () => {} });
    const held: HoldFolder = (path) =>
      path.endsWith("historian") ? Promise.reject(new Error("held by the historian")) : hold(path, "");
    const options = { address: folder("a"), file, log, progress: () => {}, hold: held, replace: true };
    await expect(restoreStore(options)).rejects.toThrow("held by the historian");
    expect(await contentOf(folder("a"))).toEqual(before);
  });

  it("that is not as it was written is refused before anything is touched", async () => {
    await fill(folder("a"));
    const file = join(root, "one.backup");
    await backupStore({ address: folder("a"), file, log, progress: () => {} });
    const bytes = await readFile(file);
    const text = gunzipSync(bytes).toString();
    const lines = text.split("\n");
    const wrong: [string, Buffer, RegExp][] = [
      ["cut", bytes.subarray(0, bytes.length - 200), /no backup, or not whole/],
      ["no gzip", Buffer.from("hello"), /no backup, or not whole/],
      ["text", gzipSync("hello\n"), /no JSON/],
      ["other", gzipSync('{"kind":"other"}\n'), /is no backup of Fieldmesh/],
      ["no head", gzipSync('{"kind":"service","service":"x"}\n'), /is no backup of Fieldmesh/],
      ["endless", gzipSync(lines.slice(0, -2).join("\n")), /is not whole: it has no end/],
      ["longer", gzipSync(`${text}{"kind":"service","service":"x"}\n`), /goes on after its end/],
      ["changed", gzipSync(text.replace('"rank":3', '"rank":4')), /its checksum is wrong/],
      ["shorter", gzipSync(lines.filter((_, n) => n !== 40).join("\n")), /its checksum is wrong/],
      [
        "later",
        gzipSync(text.replace('"format":1', '"format":2')),
        /has format 2, from a later version of Fieldmesh/,
      ],
    ];
    for (const [name, changed, message] of wrong) {
      const path = join(root, name);
      await writeFile(path, changed);
      const options = { address: folder("b"), file: path, log, progress: () => {}, hold, replace: true };
      const restored = restoreStore(options);
      await expect(restored, name).rejects.toThrow(BackupError);
      await expect(restored, name).rejects.toThrow(message);
    }
    const options = {
      address: folder("b"),
      file: join(root, "none"),
      log,
      progress: () => {},
      hold,
      replace: true,
    };
    await expect(restoreStore(options)).rejects.toThrow(/none is not there/);
    expect(existsSync(join(root, "b"))).toBe(false);
  });

  it("saves the rest of a store in which a block is broken, and names that", async () => {
    await fill(folder("a"));
    const before = await contentOf(folder("a"));
    const raw = open({ path: join(root, "a", "historian", "series", "series.mdb"), maxDbs: 16 });
    const blocks: Database<Buffer, Buffer> = raw.openDB("blocks", {
      encoding: "binary",
      keyEncoding: "binary",
    });
    const [key = Buffer.alloc(0)] = blocks.getKeys({});
    const bytes = Buffer.from(blocks.get(key) ?? []);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    await blocks.put(key, bytes);
    await raw.close();
    const words: string[] = [];
    const file = join(root, "one.backup");
    const progress = (text: string) => void words.push(text);
    const { readings: saved } = await backupStore({ address: folder("a"), file, log, progress });
    expect(
      words.filter((text) => /left out: env_a_\w+: the block from .* its checksum is wrong/.test(text))
        .length,
    ).toBe(1);
    const all = Object.values(before.samples).flat().length;
    expect(saved).toBeLessThan(all);
    await restoreStore({ address: folder("b"), file, log, progress, hold, replace: false });
    expect(await within(folder("b"), "historian", async (_, series) => (await series.sizes()).raw.rows)).toBe(
      saved,
    );
  });

  it("is not written over a file, nor of a store that is none", async () => {
    await writeFile(join(root, "there"), "");
    const options = { address: folder("a"), log, progress: () => {} };
    await expect(backupStore({ ...options, file: join(root, "there") })).rejects.toThrow(/is there already/);
    await expect(backupStore({ ...options, file: join(root, "new") })).rejects.toThrow(/holds no store/);
    expect(await readdir(root)).toEqual(["there"]);
  });
});

const SERIES = new URL("../../dist/open-series.js", import.meta.url).href;
const STORAGE = new URL("../../dist/open-storage.js", import.meta.url).href;

/** Appends and inserts without an end, and prints what was acknowledged. */
const WRITER = `
import { openSeries } from ${JSON.stringify(SERIES)};
import { openStorage } from ${JSON.stringify(STORAGE)};
const log = { info() {}, warn() {} }, hold = async () => ({ release: async () => {} });
const address = { kind: "folder", path: process.argv[1] };
const storage = await openStorage({ address, service: "historian", hold, log });
const series = await openSeries({ address, service: "historian", log });
const things = await storage.collection("things", {});
for (let n = 0; ; n += 1) {
  const samples = Array.from({ length: 100 }, (_, k) => ({ boot: 7, seq: n * 100 + k + 1, at: n * 100 + k, timestamp: n * 100 + k, value: k, unit: "" }));
  await series.append(new Map([["env_a_s", samples], ["env_b_s", samples]]));
  await things.insert("t" + n, { n });
  console.log(n);
}
`;

describe("a backup of a store that another process writes", () => {
  it("holds everything that was acknowledged before it began, and does not stop the writer", async () => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", WRITER, join(root, "a")], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    if (child.stdout === null) throw new Error("no output");
    let acknowledged = -1;
    let backup: Promise<unknown> | undefined;
    let begunAt = -1;
    let endedAt = Number.POSITIVE_INFINITY;
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged = Number(line);
      if (acknowledged === 60) {
        begunAt = acknowledged;
        const options = { address: folder("a"), file: join(root, "one.backup"), log, progress: () => {} };
        backup = backupStore(options).then(() => {
          endedAt = acknowledged;
        });
      }
      if (acknowledged > endedAt + 20) child.kill("SIGKILL");
    }
    await backup;
    expect(begunAt).toBe(60);
    expect(acknowledged).toBeGreaterThan(endedAt);
    const options = { address: folder("b"), file: join(root, "one.backup"), log, progress: () => {}, hold };
    await restoreStore({ ...options, replace: false });
    await within(folder("b"), "historian", async (storage, series) => {
      const [a, b] = await series.streams();
      expect(a?.readings).toBeGreaterThanOrEqual((begunAt + 1) * 100);
      expect(b?.readings).toBe(a?.readings); // a moment: all streams of an append, or none
      expect(await series.stored("env_a_s", 7)).toEqual([[1, a?.readings]]);
      const things = await storage.collection("things", {});
      expect(await things.count("id")).toBeGreaterThan(begunAt);
      expect(await things.get(`t${begunAt}`)).toEqual({
        id: `t${begunAt}`,
        version: 1,
        document: { n: begunAt },
      });
    });
  }, 60_000);

  it.skipIf(lacksMongo())(
    "does so in MongoDB, and counts no number whose reading it does not hold",
    async () => {
      const database = await mongoDatabase();
      const file = join(root, "one.backup");
      let done: Promise<void> | undefined;
      let ended = false;
      let acknowledged = 0;
      await within(database, "historian", async (_, series) => {
        for (let n = 0; !ended; n += 1) {
          const more = readings(n * 50, (n + 1) * 50);
          await series.append(new Map([1, 2, 3, 4].map((k) => [`env_a_s${k}`, more])));
          if (n < 30) acknowledged = (n + 1) * 50;
          else
            done ??= backupStore({ address: database, file, log, progress: () => {} }).then(() => {
              ended = true;
            });
        }
        await done;
      });
      await restoreStore({ address: folder("b"), file, log, progress: () => {}, hold, replace: false });
      await within(folder("b"), "historian", async (_, series) => {
        for (const { stream, readings: count } of await series.streams()) {
          expect(count).toBeGreaterThanOrEqual(acknowledged);
          expect(await series.stored(stream, 7)).toEqual([[1, count]]);
        }
      });
    },
    60_000,
  );
});
