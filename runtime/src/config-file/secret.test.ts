import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSecret } from "./secret.js";

describe("a secret by reference", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "fieldmesh-secret-"));
    await writeFile(join(folder, "token"), "tk_1 \r\n");
    await writeFile(join(folder, "empty"), "\n");
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("is taken from a variable or a file, without its last line break, behind its prefix", async () => {
    expect(await readSecret({ env: "T", prefix: "Bearer " }, { T: "tk_0" })).toBe("Bearer tk_0");
    expect(await readSecret({ file: join(folder, "token") }, {})).toBe("tk_1 ");
  });

  it("is looked for beside the file that refers to it", async () => {
    expect(await readSecret({ file: "token" }, {}, folder)).toBe("tk_1 ");
  });

  it.each([
    [{ env: "T" }, "the variable T is not set"],
    [{ file: "empty" }, "the file empty is empty"],
    [{ file: "nowhere" }, "the file nowhere cannot be read (ENOENT)"],
  ])("that is not there is named by its place: %j", async (secret, message) => {
    await expect(readSecret(secret, { T: "" }, folder)).rejects.toThrow(message);
  });
});
