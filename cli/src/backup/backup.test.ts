import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lockFolder } from "@fieldmesh/runtime";
import { openSeries, openStorage, type Sample } from "@fieldmesh/storage";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCommand } from "../program.js";
import { capturedTerminal } from "../testing/captured-terminal.js";

let root: string;
const log = { info: () => {}, warn: () => {} };

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "fieldmesh-cli-backup-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function run(args: string[], env: Record<string, string>) {
  const terminal = capturedTerminal({ env });
  const code = await runCommand(args, terminal);
  return { code, out: terminal.out(), err: terminal.err() };
}

/** A history in a data folder, as a historian that runs there keeps it. */
async function historian(folder: string) {
  const address = { kind: "folder", path: folder } as const;
  const storage = await openStorage({ address, service: "historian", hold: lockFolder, log });
  const series = await openSeries({ address, service: "historian", log });
  const close = async () => {
    await series.close();
    await storage.close();
  };
  return { storage, series, close };
}

const sample: Sample = { boot: 1, seq: 1, at: 1_000, timestamp: 1_000, value: 21.5, unit: "Cel" };

describe("fieldmesh backup and restore", () => {
  it("takes a backup while the service runs, and restores it into another folder", async () => {
    const running = await historian(join(root, "data"));
    await running.series.append(new Map([["env_a_s", [sample]]]));
    await (await running.storage.collection("events", {})).insert("e1", { n: 1 });
    const file = join(root, "one.backup");
    const taken = await run(["backup", file], { DATA_DIR: join(root, "data") });
    expect(taken).toMatchObject({
      code: 0,
      out: `${file}: 1 documents and 1 streams of 1 services, with 1 readings and 0 rollups\n`,
    });
    expect(taken.err).toContain("historian: events, 1 documents");

    const held = await run(["restore", file, "--replace"], { DATA_DIR: join(root, "data") });
    expect(held.code).toBe(1);
    expect(held.err).toMatch(/historian is held by storage of historian/);
    await running.close();

    const full = await run(["restore", file], { DATA_DIR: join(root, "data") });
    expect(full.code).toBe(1);
    expect(full.err).toContain("--replace");

    const restored = await run(["restore", file, "--json"], {
      DATA_DIR: join(root, "x"),
      STORAGE: join(root, "new"),
    });
    expect(restored.code).toBe(0);
    expect(JSON.parse(restored.out)).toMatchObject({
      file,
      readings: 1,
      documents: 1,
      streams: 1,
      services: 1,
    });
    const found = await historian(join(root, "new"));
    expect(await found.series.latest("env_a_s")).toEqual(sample);
    await found.close();
    expect(existsSync(join(root, "x"))).toBe(false);
  });

  it("says what is wrong with a file, or a place, with code 1", async () => {
    const env = { DATA_DIR: join(root, "data") };
    expect((await run(["backup", join(root, "one")], env)).err).toContain("holds no store");
    expect(await run(["restore", join(root, "none")], env)).toMatchObject({ code: 1, out: "" });
    expect((await run(["backup"], env)).code).toBe(2);
  });
});
