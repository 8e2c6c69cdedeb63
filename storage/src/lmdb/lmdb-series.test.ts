import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type Database, open, type RootDatabase } from "lmdb";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BlockError, StorageError } from "../errors.js";
import { openSeries } from "../open-series.js";
import { toSamples } from "../samples/sample-columns.js";
import type { Sample, Series } from "../series.js";
import { openLmdbSeries } from "./lmdb-series.js";
import type { HoldFolder } from "./lmdb-storage.js";

let root: string;
const children: ChildProcess[] = [];
const opened: Series[] = [];
const released: string[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "fieldmesh-series-"));
  released.length = 0;
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const series of opened.splice(0)) await series.close();
  await rm(root, { recursive: true, force: true });
});

const hold: HoldFolder = (path) =>
  Promise.resolve({
    release: () => {
      released.push(path);
      return Promise.resolve();
    },
  });

async function openHere(folder = root): Promise<Series> {
  const series = await openLmdbSeries(folder, "test", undefined);
  opened.push(series);
  return series;
}

const S1 = "env_greenhouse_temperature";
const S2 = "env_greenhouse_humidity";
const T0 = 1_763_640_000_000; // ms

function readings(from: number, to: number, make: (n: number) => Partial<Sample> = () => ({})): Sample[] {
  return Array.from({ length: to - from }, (_, n) => {
    const at = T0 + (from + n) * 1_000;
    return {
      boot: 7,
      seq: from + n + 1,
      at,
      timestamp: at,
      value: (from + n) / 10,
      unit: "Cel",
      ...make(from + n),
    };
  });
}

async function all(series: Series, stream = S1): Promise<Sample[]> {
  const found: Sample[] = [];
  for await (const columns of series.range(stream, { from: 0, to: 8e15 })) found.push(...toSamples(columns));
  return found;
}

describe("openSeries", () => {
  it("gives each service its part, says what it opened, and holds the folder until it is closed", async () => {
    const lines: unknown[] = [];
    const log = {
      info: (fields: object, message: string) => lines.push([fields, message]),
      warn: () => {},
    };
    const series = await openSeries({
      address: { kind: "folder", path: root },
      service: "historian",
      hold,
      log,
    });
    const at = join(root, "historian", "series");
    expect(lines).toEqual([
      [{ name: "LMDB", version: expect.stringMatching(/^\d+\.\d+\.\d+$/), at }, "series opened"],
    ]);
    await series.close();
    await series.close();
    expect(released).toEqual([at]);
  });

  it("passes on who holds the folder", async () => {
    const held = Promise.reject(new Error("held by another"));
    await expect(openLmdbSeries(root, "test", () => held)).rejects.toThrow("held by another");
  });

  it("refuses a store of a later version by name, and lets go of the folder", async () => {
    const raw = open({ path: join(root, "series.mdb"), maxDbs: 10 });
    await raw.openDB<string, string>("meta", { encoding: "string" }).put("format", "2");
    await raw.close();
    await expect(openLmdbSeries(root, "test", hold)).rejects.toThrow(
      `${root} has format 2, from a later version`,
    );
    expect(released).toEqual([root]);
  });

  it("says when the folder is none", async () => {
    await expect(openLmdbSeries("/dev/null", "test", hold)).rejects.toThrow(StorageError);
  });
});

describe("a block whose bytes are not those that were written", () => {
  let series: Series;

  beforeEach(async () => {
    series = await openHere();
    await series.append(
      new Map([
        [S1, readings(0, 5_000)],
        [S2, readings(0, 5_000)],
      ]),
    );
    await series.close();
    opened.length = 0;
  });

  async function change(work: (blocks: Database<Buffer, Buffer>, keys: Buffer[]) => Promise<unknown>) {
    const raw: RootDatabase = open({ path: join(root, "series.mdb"), maxDbs: 16 });
    const blocks: Database<Buffer, Buffer> = raw.openDB("blocks", {
      encoding: "binary",
      keyEncoding: "binary",
    });
    await work(blocks, [...blocks.getKeys({})]);
    await raw.close();
    series = await openHere();
  }

  async function breakSecond(at: number): Promise<void> {
    await change(async (blocks, keys) => {
      const [, key = Buffer.alloc(0)] = keys;
      const bytes = Buffer.from(blocks.get(key) ?? []);
      bytes[at] = (bytes[at] ?? 0) ^ 0x10;
      await blocks.put(key, bytes);
    });
  }

  it("is an error that names stream and block; the rest of the stream and others go on", async () => {
    await breakSecond(40);
    const failed = all(series);
    await expect(failed).rejects.toThrow(BlockError);
    await expect(failed).rejects.toThrow(
      `${S1}: the block from 2025-11-20T12:17:04.000Z cannot be read: its checksum`,
    );
    await expect(failed).rejects.toMatchObject({ code: "block", stream: S1, at: T0 + 1_024_000 });
    expect(await all(series, S2)).toEqual(readings(0, 5_000));
    const rest: Sample[] = [];
    const broken: BlockError[] = [];
    for (const order of ["ascending", "descending"] as const) {
      const range = { from: 0, to: 8e15, order, onBroken: (error: BlockError) => void broken.push(error) };
      for await (const columns of series.range(S1, range)) rest.push(...toSamples(columns));
      expect(rest.sort((a, b) => a.seq - b.seq)).toEqual([...readings(0, 1_024), ...readings(2_048, 5_000)]);
      rest.length = 0;
    }
    expect(broken.map(({ stream, at }) => [stream, at])).toEqual([
      [S1, T0 + 1_024_000],
      [S1, T0 + 1_024_000],
    ]);
    expect(await series.stored(S1, 7)).toEqual([[1, 5_000]]);
    // Ranges that say nothing are told of by who opened the series.
    await series.close();
    series = await openLmdbSeries(root, "test", undefined, (error) => void broken.push(error));
    opened.push(series);
    expect((await all(series)).length).toBe(5_000 - 1_024);
    expect(broken.length).toBe(3);
  });

  it("does no harm in the newest readings either", async () => {
    series = await openHere();
    await series.append(
      new Map([[S1, [{ boot: 0, seq: T0 + 1, at: T0 + 6e6, timestamp: T0 + 1, value: 1, unit: "Cel" }]]]),
    );
    await series.close();
    opened.length = 0;
    const raw: RootDatabase = open({ path: join(root, "series.mdb"), maxDbs: 16 });
    const heads: Database<Buffer, Buffer> = raw.openDB("heads", {
      encoding: "binary",
      keyEncoding: "binary",
    });
    const tail = [...heads.getKeys({})].filter((key) => key[3] === 1 && key[4] === 1);
    const [first = Buffer.alloc(0)] = tail;
    const bytes = Buffer.from(heads.get(first) ?? []);
    bytes[30] = (bytes[30] ?? 0) ^ 0x01;
    await heads.put(first, bytes);
    await raw.close();
    series = await openHere();
    await expect(all(series)).rejects.toThrow(`${S1}: the newest block from`);
    // Also a reading without accounting, for which the tail is looked into.
    const bare = { boot: 0, seq: T0, at: T0 + 6e6, timestamp: T0, value: 1, unit: "Cel" };
    for (let n = 5_000; n < 7_000; n += 500) {
      const appended = await series.append(
        new Map([[S1, [...readings(n, n + 500), { ...bare, seq: T0 - n }]]]),
      );
      expect(appended.get(S1)?.stored.length).toBe(501);
    }
    const broken: BlockError[] = [];
    const found: Sample[] = [];
    const range = { from: 0, to: 8e15, onBroken: (error: BlockError) => void broken.push(error) };
    for await (const columns of series.range(S1, range)) found.push(...toSamples(columns));
    expect(broken.length).toBe(1);
    expect(found.filter(({ seq, boot }) => boot === 7 && seq > 5_000)).toEqual(readings(5_000, 7_000));
    await series.prune("raw", T0 + 100_000_000);
    expect(await all(series)).toEqual([]);
    expect((await series.streams()).find(({ stream }) => stream === S1)?.readings).toBe(0);
  });

  it("does not stop appends, late ones into it neither, nor pruning", async () => {
    await breakSecond(0); // its format
    const late = readings(1_500, 1_501, () => ({ seq: 9_000, at: T0 + 1_500_500 }));
    const batch = new Map([
      [S1, [...readings(5_000, 5_010), ...late]],
      [S2, readings(5_000, 5_001)],
    ]);
    expect((await series.append(batch)).get(S1)?.stored.length).toBe(11);
    await expect(all(series)).rejects.toThrow(/it has format 17, from a later version of Fieldmesh/);
    expect((await all(series, S2)).length).toBe(5_001);
    await series.prune("raw", T0 + 4_000_000);
    const kept = await all(series);
    expect(kept.at(-1)).toEqual(readings(5_009, 5_010)[0]);
    expect((await series.streams()).find(({ stream }) => stream === S1)?.readings).toBe(kept.length);
  });
});

const BUILT = new URL("../../dist/lmdb/lmdb-series.js", import.meta.url).href;

/** Appends without an end, some of it late and some for several streams, and prints each append that was acknowledged. */
const WRITER = `
import { openLmdbSeries } from ${JSON.stringify(BUILT)};
const series = await openLmdbSeries(process.argv[1], "writer", undefined);
const reading = (n) => ({ boot: 7, seq: n + 1, at: 1e12 + n * 1000, timestamp: 1e12 + n * 1000, value: n / 10, unit: "Cel" });
for (let n = 0; ; n += 100) {
  const odd = [], even = [];
  for (let k = n; k < n + 100; k += 1) (k % 2 ? odd : even).push(reading(k));
  await Promise.all([0, 1].map((lane) => series.append(new Map([["env_a_s" + lane, even], ["env_b_s" + lane, odd]]))
    .then(() => console.log(lane + " even " + n))));
  if (n >= 3000) await series.append(new Map([["env_a_s0", odd.map((r) => reading(r.seq - 1 - 3000))]])).then(() => console.log("0 late " + (n - 3000)));
}
`;

describe("after kill -9", () => {
  it("has every append that was acknowledged, whole", async () => {
    for (let round = 0; round < 3; round += 1) {
      const folder = join(root, String(round));
      const child = spawn(process.execPath, ["--input-type=module", "-e", WRITER, folder], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      children.push(child);
      if (child.stdout === null) throw new Error("no output");
      const acknowledged: string[] = [];
      const wanted = 40 + round * 97;
      for await (const line of createInterface({ input: child.stdout })) {
        acknowledged.push(line);
        if (acknowledged.length >= wanted) child.kill("SIGKILL");
      }
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      expect(acknowledged.length).toBeGreaterThanOrEqual(wanted);
      const series = await openHere(folder);
      const seqs = new Map<string, Set<number>>();
      for (const { stream, readings: count } of await series.streams()) {
        const samples = await all(series, stream);
        expect(samples.length).toBe(count);
        for (const { seq, at, value } of samples)
          expect([at, value]).toEqual([1e12 + (seq - 1) * 1_000, (seq - 1) / 10]);
        seqs.set(stream, new Set(samples.map(({ seq }) => seq)));
        const stored = await series.stored(stream, 7);
        expect(stored.reduce((sum, [from, to]) => sum + to - from + 1, 0)).toBe(count);
      }
      for (const line of acknowledged) {
        const [lane, kind, n] = line.split(" ");
        for (let k = Number(n); k < Number(n) + 100; k += 2) {
          expect(seqs.get(`env_a_s${lane}`)?.has(kind === "late" ? k + 2 : k + 1), line).toBe(true);
          if (kind === "even") expect(seqs.get(`env_b_s${lane}`)?.has(k + 2), line).toBe(true);
        }
      }
      // All streams of a call, or none.
      expect(seqs.get("env_b_s1")?.size).toBe(seqs.get("env_a_s1")?.size);
    }
  }, 60_000);
});

/** Appends until the medium takes no more, then says how that was told, and closes. */
const FILLER = `
import { openLmdbSeries } from ${JSON.stringify(BUILT)};
const series = await openLmdbSeries(process.argv[1], "filler", undefined);
let n = 0, code;
while (code === undefined) {
  const samples = Array.from({ length: 500 }, (_, k) => ({ boot: 7, seq: n + k + 1, at: n + k, timestamp: n + k, value: Math.sin(n + k), unit: "" }));
  await series.append(new Map([["env_a_b", samples]])).then(() => { n += 500; }, (error) => { code = error.code; });
}
console.log(JSON.stringify({ n, code, readings: (await series.streams())[0].readings }));
await series.close();
`;

describe("when the medium takes no more", () => {
  it("says that an append is not done, and keeps those that are", async () => {
    // A file size limit stands for a full disk, without the rights to mount one.
    const limited = `trap '' XFSZ; ulimit -f 2000; exec "$0" --input-type=module -e "$1" "$2"`;
    const filler = spawn("/bin/sh", ["-c", limited, process.execPath, FILLER, root], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    children.push(filler);
    if (filler.stdout === null) throw new Error("no output");
    const lines: string[] = [];
    for await (const line of createInterface({ input: filler.stdout })) lines.push(line);
    const { n, code, readings: count } = JSON.parse(lines[0] ?? "{}");
    expect(code).toBe("write_failed");
    expect(count).toBe(n);
    const series = await openHere();
    expect((await all(series, "env_a_b")).length).toBe(n);
    expect(await series.stored("env_a_b", 7)).toEqual([[1, n]]);
  }, 60_000);
});

describe("pruning", () => {
  it("lets appends go on", async () => {
    const series = await openHere();
    const streams = Array.from({ length: 40 }, (_, n) => `env_n_s${n}`);
    await series.append(new Map(streams.map((stream) => [stream, readings(0, 8_000)])));
    let done = false;
    const pruned = series.prune("raw", T0 + 7_000_000).finally(() => {
      done = true;
    });
    let appends = 0;
    for (let n = 8_000; !done; n += 1, appends += 1) await series.append(new Map([[S1, readings(n, n + 1)]]));
    expect((await pruned).rows).toBeGreaterThan(200_000);
    // Were it one transaction, the first append would end with it.
    expect(appends).toBeGreaterThanOrEqual(2);
  });

  it("ends when the series are closed", async () => {
    const series = await openHere();
    const streams = Array.from({ length: 500 }, (_, n) => `env_n_s${n}`);
    await series.append(new Map(streams.map((stream) => [stream, readings(0, 300)])));
    const pruned = series.prune("raw", T0 + 7_000_000);
    await series.close();
    opened.length = 0;
    expect((await pruned).rows).toBeGreaterThan(0);
    const again = await openHere();
    const { rows } = (await again.sizes()).raw;
    expect(rows).toBe((await again.streams()).reduce((sum, one) => sum + one.readings, 0));
    expect(rows).toBeGreaterThan(0);
  });

  it("goes on where a removal was cut short", async () => {
    const first = await openHere();
    await first.append(new Map([[S1, readings(0, 3_000)]]));
    await first.close();
    opened.length = 0;
    const raw = open({ path: join(root, "series.mdb"), maxDbs: 16 });
    await raw.openDB<string, string>("names", { encoding: "string" }).remove(S1);
    await raw.openDB<string, string>("meta", { encoding: "string" }).put("removed 1", "");
    await raw.close();
    const series = await openHere();
    const before = (await series.sizes()).raw.bytes;
    expect(before).toBeLessThanOrEqual(3 * 4_096);
    await series.append(new Map([[S1, readings(0, 3)]]));
    expect(await all(series)).toEqual(readings(0, 3));
  });
});
