import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { open } from "lmdb";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StorageError } from "../errors.js";
import { openStorage } from "../open-storage.js";
import { type HoldFolder, openLmdbStorage } from "./lmdb-storage.js";

let root: string;
const children: ChildProcess[] = [];
const released: string[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "fieldmesh-store-"));
  released.length = 0;
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await rm(root, { recursive: true, force: true });
});

const hold: HoldFolder = (path) =>
  Promise.resolve({
    release: () => {
      released.push(path);
      return Promise.resolve();
    },
  });

describe("openStorage", () => {
  it("gives each service its part, says what it opened, and holds the folder until it is closed", async () => {
    const lines: unknown[] = [];
    const storage = await openStorage({
      address: { kind: "folder", path: root },
      service: "dashboard",
      hold,
      log: { info: (fields, message) => lines.push([fields, message]), warn: () => {} },
    });
    const at = join(root, "dashboard");
    expect(lines).toEqual([
      [{ name: "LMDB", version: expect.stringMatching(/^\d+\.\d+\.\d+$/), at }, "storage opened"],
    ]);
    await storage.close();
    await storage.close();
    expect(released).toEqual([at]);
  });

  it("passes on who holds the folder", async () => {
    const held = Promise.reject(new Error("held by another"));
    await expect(openLmdbStorage(root, "test", () => held)).rejects.toThrow("held by another");
  });

  it("refuses a store of a later version by name, and lets go of the folder", async () => {
    const raw = open({ path: join(root, "store.mdb"), maxDbs: 10 });
    await raw.openDB<string, string>("meta", { encoding: "string" }).put("format", "2");
    await raw.close();
    await expect(openLmdbStorage(root, "test", hold)).rejects.toThrow(
      `${root} has format 2, from a later version`,
    );
    expect(released).toEqual([root]);
  });

  it("says when the file is no store", async () => {
    await rm(root, { recursive: true });
    const notAFolder: HoldFolder = () => hold("/dev/null", "test");
    await expect(openLmdbStorage("/dev/null", "test", notAFolder)).rejects.toThrow(StorageError);
  });

  it("waits at close for writes that were begun", async () => {
    const storage = await openLmdbStorage(root, "test", hold);
    const things = await storage.collection<{ n: number }>("things", {});
    const writes = Array.from({ length: 50 }, (_, n) => things.insert(`t${n}`, { n }));
    await storage.close();
    await Promise.all(writes);
    const again = await openLmdbStorage(root, "test", hold);
    const reopened = await again.collection<{ n: number }>("things", {});
    expect(await reopened.count("id")).toBe(50);
    await again.close();
  });
});

const BUILT = new URL("../../dist/lmdb/lmdb-storage.js", import.meta.url).href;

/** Inserts and replaces without an end, and prints each write that was acknowledged. */
const WRITER = `
import { openLmdbStorage } from ${JSON.stringify(BUILT)};
const storage = await openLmdbStorage(process.argv[1], "writer", async () => ({ release: async () => {} }));
const things = await storage.collection("things", { n: { fields: { n: "number" }, unique: true } });
for (let n = 0; ; n += 1) {
  await Promise.all([0, 1, 2].map(async (lane) => {
    const id = "t" + n + "-" + lane;
    const inserted = await things.insert(id, { n: n * 10 + lane, pad: "x".repeat(2000) });
    console.log(id + " " + inserted.version);
    if (lane === 0) console.log(id + " " + (await things.replaceIf(id, 1, { n: n * 10 + 5 })).version);
  }));
}
`;

describe("after kill -9", () => {
  it("has every write that was acknowledged, and indexes that agree with the documents", async () => {
    const acknowledged = new Map<string, number>();
    for (let round = 0; round < 3; round += 1) {
      const folder = join(root, String(round));
      const child = spawn(process.execPath, ["--input-type=module", "-e", WRITER, folder], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      children.push(child);
      if (child.stdout === null) throw new Error("no output");
      acknowledged.clear();
      const wanted = 40 + round * 37;
      for await (const line of createInterface({ input: child.stdout })) {
        const [id = "", version] = line.split(" ");
        acknowledged.set(id, Number(version));
        if (acknowledged.size >= wanted) child.kill("SIGKILL");
      }
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      const storage = await openLmdbStorage(folder, "reader", hold);
      const things = await storage.collection<{ n: number }>("things", {
        n: { fields: { n: "number" }, unique: true },
      });
      for (const [id, version] of acknowledged) {
        expect((await things.get(id))?.version, id).toBeGreaterThanOrEqual(version);
      }
      const all = await things.find({ index: "n", limit: 1_000 });
      expect(all.items.length).toBe(await things.count("id"));
      expect(new Set(all.items.map((item) => item.document.n)).size).toBe(all.items.length);
      await storage.close();
    }
  }, 60_000);
});

/** Writes until the medium takes no more, then says how that was told, and closes. */
const FILLER = `
import { openLmdbStorage } from ${JSON.stringify(BUILT)};
const storage = await openLmdbStorage(process.argv[1], "filler", async () => ({ release: async () => {} }));
const things = await storage.collection("things", { n: { fields: { n: "number" } } });
let n = 0;
try {
  for (;; n += 1) await things.insert("t" + n, { n, pad: "x".repeat(3000) });
} catch (error) {
  console.log(JSON.stringify({ n, code: error.code, count: await things.count("id") }));
}
// At once, so that one commit fails several of them.
const more = await Promise.allSettled([1, 2, 3].map((m) => things.insert("m" + m, { n: m, pad: "x".repeat(30000) })));
await new Promise((resolve) => setImmediate(resolve));
console.log(JSON.stringify(more.map((one) => one.reason?.code ?? "done")));
await storage.close();
console.log("closed");
`;

describe("when the medium takes no more", () => {
  it("says that a write is not done, keeps those that are, and closes", async () => {
    // A file size limit stands for a full disk, without the rights to mount one.
    const limited = `trap '' XFSZ; ulimit -f 1000; exec "$0" --input-type=module -e "$1" "$2"`;
    const filler = spawn("/bin/sh", ["-c", limited, process.execPath, FILLER, root], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    children.push(filler);
    if (filler.stdout === null) throw new Error("no output");
    const lines: string[] = [];
    for await (const line of createInterface({ input: filler.stdout })) lines.push(line);
    const { n, code, count } = JSON.parse(lines[0] ?? "{}");
    expect(code).toBe("write_failed");
    expect(n).toBeGreaterThan(10);
    expect(count).toBe(n);
    expect(lines.slice(1)).toEqual([
      JSON.stringify(["write_failed", "write_failed", "write_failed"]),
      "closed",
    ]);
    const storage = await openLmdbStorage(root, "reader", hold);
    const things = await storage.collection<{ n: number }>("things", { n: { fields: { n: "number" } } });
    expect(await things.count("id")).toBe(n);
    expect(await things.count("n")).toBe(n);
    await storage.close();
  });
});
