import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SessionStore } from "./session-store.js";

const LIMITS = { idleMs: 1_000_000, absoluteMs: 10_000_000, maxSessions: 3 };

let folder: string;
let now: number;
let store: SessionStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmesh-sessions-"));
  now = 1_763_640_000_000;
  store = new SessionStore(join(folder, "sessions"), LIMITS, () => now);
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe("SessionStore", () => {
  it("has none before the first", async () => {
    expect(await store.find("a".repeat(43))).toBeUndefined();
    expect(await store.count()).toBe(0);
    await store.purge();
    await store.remove("a".repeat(43));
  });

  it("writes down that a session is used once a minute, and goes by it", async () => {
    const id = await store.create("ada", "f");
    for (let n = 0; n < 9; n += 1) {
      now += LIMITS.idleMs - 1_000;
      expect(await store.find(id)).toMatchObject({
        user: "ada",
        fingerprint: "f",
        createdAt: 1_763_640_000_000,
      });
    }
    now += LIMITS.idleMs;
    expect(await store.find(id)).toBeUndefined();
    expect(await store.count()).toBe(0);
  });

  it("purges what is over and what is no session, and beyond the bound what was unused for longest", async () => {
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) {
      ids.push(await store.create(`user${n}`, "f"));
      now += 10_000;
    }
    now += 60_000;
    await store.find(ids[0] ?? ""); // used last
    await writeFile(join(folder, "sessions", `${"0".repeat(64)}.json`), "{");
    await writeFile(join(folder, "sessions", "README"), "not ours");
    await store.purge();
    const kept = await Promise.all(ids.map(async (id) => (await store.find(id))?.user));
    expect(kept).toEqual(["user0", undefined, undefined, "user3", "user4"]);
    expect(await readdir(join(folder, "sessions"))).toContain("README");
    now += LIMITS.absoluteMs;
    await store.purge();
    expect(await store.count()).toBe(0);
  });
});
