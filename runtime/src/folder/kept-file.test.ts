import { chown, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkFormat, FormatVersionError, writeFileAtomic } from "./kept-file.js";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmesh-kept-"));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe("writeFileAtomic", () => {
  it("replaces the file as a whole, with its rights, and leaves nothing beside it", async () => {
    const file = join(folder, "a.json");
    await writeFileAtomic(file, "one", 0o644);
    await writeFileAtomic(file, new TextEncoder().encode("two"), 0o600);
    expect(await readFile(file, "utf8")).toBe("two");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(["a.json"]);
  });

  it("leaves what was there when it cannot write", async () => {
    await expect(writeFileAtomic(join(folder, "absent", "a"), "x", 0o600)).rejects.toThrow("ENOENT");
    await writeFile(join(folder, "a"), "kept");
    await expect(writeFileAtomic(join(folder, "a", "b"), "x", 0o600)).rejects.toThrow("ENOTDIR");
    expect(await readdir(folder)).toEqual(["a"]);
  });

  it.runIf(process.getuid?.() === 0)("written by root stays its owner's", async () => {
    const file = join(folder, "a.json");
    await chown(folder, 1234, 1235);
    await writeFileAtomic(file, "new", 0o600);
    expect(await stat(file)).toMatchObject({ uid: 1234, gid: 1235 });
    await chown(file, 2345, 2346);
    await writeFileAtomic(file, "replaced", 0o600);
    expect(await stat(file)).toMatchObject({ uid: 2345, gid: 2346 });
  });
});

describe("checkFormat", () => {
  it("takes what it knows, and refuses the rest by name", () => {
    checkFormat("/x/a.json", 1, 2);
    checkFormat("/x/a.json", 2, 2);
    expect(() => checkFormat("/x/a.json", 3, 2)).toThrow("/x/a.json has format 3, from a later version");
    for (const found of [0, -1, 1.5, "1", null, undefined, {}]) {
      expect(() => checkFormat("/x/a.json", found, 2)).toThrow(FormatVersionError);
    }
  });
});
