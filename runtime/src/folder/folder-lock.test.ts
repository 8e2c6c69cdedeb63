import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FolderHeldError, FolderLockError, folderHolder, lockFolder } from "./folder-lock.js";

let root: string;
const children = new Set<ChildProcess>();

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "fieldmesh-lock-"));
});

afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  children.clear();
  await rm(root, { recursive: true, force: true });
});

const BUILT = new URL("../../dist/index.js", import.meta.url).href;

/** A process that tries `rounds` times to lock the folder and prints what came of it, then waits. */
const CONTENDER = `
import { lockFolder } from ${JSON.stringify(BUILT)};
import { openSync, closeSync, unlinkSync, constants } from "node:fs";
const [folder, name, rounds] = process.argv.slice(1);
let won = 0, clashes = 0;
const inside = folder + "/inside";
for (let round = 0; round < Number(rounds); round += 1) {
  try {
    const lock = await lockFolder(folder, name);
    won += 1;
    // Only one may be between here…
    try { closeSync(openSync(inside, constants.O_CREAT | constants.O_EXCL)); } catch { clashes += 1; }
    await new Promise((resolve) => setImmediate(resolve));
    try { unlinkSync(inside); } catch {}
    // …and here.
    await lock.release();
  } catch (error) {
    if (error.code !== "folder_held") { console.log(JSON.stringify({ error: error.message })); process.exit(1); }
  }
}
console.log(JSON.stringify({ won, clashes }));
`;

const HOLDER = `
import { lockFolder } from ${JSON.stringify(BUILT)};
const [folder, name] = process.argv.slice(1);
try { await lockFolder(folder, name); console.log("held"); setInterval(() => {}, 1e6); }
catch (error) { console.log(error.code); }
`;

function run(script: string, ...args: string[]): ChildProcess {
  return runAs({}, script, ...args);
}

function runAs(user: { uid?: number; gid?: number }, script: string, ...args: string[]): ChildProcess {
  const child = spawn(process.execPath, ["--input-type=module", "-e", script, ...args], {
    ...user,
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.add(child);
  return child;
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error("no output");
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, "line")) as [string];
  return line;
}

describe("lockFolder", () => {
  it("makes the folder, holds it, says who holds it, and lets go", async () => {
    const folder = join(root, "a", "b");
    const lock = await lockFolder(folder, "edge greenhouse");
    expect(await folderHolder(folder)).toMatchObject({ holder: "edge greenhouse", pid: process.pid });
    await expect(lockFolder(folder, "edge other")).rejects.toThrow(FolderHeldError);
    await expect(lockFolder(folder, "edge other")).rejects.toThrow(
      /held by edge greenhouse \(host .*pid \d+/,
    );
    await lock.release();
    await lock.release();
    expect(await folderHolder(folder)).toBeUndefined();
    await (await lockFolder(folder, "edge other")).release();
  });

  it("leaves at most two lock files behind, however often it was taken", async () => {
    for (let n = 0; n < 20; n += 1) await (await lockFolder(root, "x")).release();
    const files = await readdir(root);
    expect(files.length).toBeLessThanOrEqual(2);
    expect(files).toContain(".lock-20");
  });

  it("gives one of many contenders in this process the folder", async () => {
    const tries = await Promise.allSettled(Array.from({ length: 30 }, (_, n) => lockFolder(root, `c${n}`)));
    const won = tries.filter((one) => one.status === "fulfilled");
    expect(won.length).toBe(1);
    for (const one of tries) {
      if (one.status === "rejected") expect(one.reason).toBeInstanceOf(FolderHeldError);
    }
    for (const one of won) await one.value.release();
  });

  it("works under a path longer than a socket's may be", async () => {
    const folder = join(root, "d".repeat(100), "e".repeat(100));
    await mkdir(folder, { recursive: true });
    const lock = await lockFolder(folder, "long");
    await expect(lockFolder(folder, "other")).rejects.toThrow(/held by long/);
    await lock.release();
    const again = await lockFolder(folder, "again");
    expect((await readdir(folder)).every((name) => /^\.lock-\d+$/.test(name))).toBe(true);
    await again.release();
  });

  it("says so when the path is a file", async () => {
    await writeFile(join(root, "file"), "");
    await expect(lockFolder(join(root, "file"), "x")).rejects.toThrow(FolderLockError);
  });

  it.runIf(process.getuid?.() === 0)("left behind by root is free for the service's own user", async () => {
    await (await lockFolder(root, "root")).release();
    await chown(root, 1234, 1234);
    const asUser = runAs({ uid: 1234, gid: 1234 }, HOLDER, root, "edge one");
    expect(await firstLine(asUser)).toBe("held");
    await expect(lockFolder(root, "root")).rejects.toThrow(/held by edge one/);
  });

  it("is free again after kill -9 of its holder, and held while the holder is stopped", async () => {
    const child = run(HOLDER, root, "edge one");
    expect(await firstLine(child)).toBe("held");
    child.kill("SIGSTOP");
    await expect(lockFolder(root, "edge two")).rejects.toThrow(/does not say its name/);
    child.kill("SIGKILL");
    await once(child, "exit");
    const lock = await lockFolder(root, "edge two");
    await lock.release();
  });

  it("is taken by exactly one of many processes after kill -9", async () => {
    for (let round = 0; round < 3; round += 1) {
      const holder = run(HOLDER, root, "first");
      expect(await firstLine(holder)).toBe("held");
      holder.kill("SIGKILL");
      await once(holder, "exit");
      const heirs = Array.from({ length: 6 }, (_, n) => run(HOLDER, root, `heir ${n}`));
      const answers = await Promise.all(heirs.map(firstLine));
      expect(answers.filter((answer) => answer === "held").length).toBe(1);
      expect(answers.filter((answer) => answer === "folder_held").length).toBe(5);
      for (const heir of heirs) {
        heir.kill("SIGKILL");
        if (heir.exitCode === null && heir.signalCode === null) await once(heir, "exit");
      }
    }
  }, 60_000);

  it("never lets two processes in while they take and release it in a tight loop", async () => {
    const contenders = Array.from({ length: 5 }, (_, n) => run(CONTENDER, root, `c${n}`, "150"));
    const results = await Promise.all(contenders.map(async (child) => JSON.parse(await firstLine(child))));
    expect(results.map((result) => result.error ?? result.clashes)).toEqual([0, 0, 0, 0, 0]);
    const won = results.reduce((sum: number, result) => sum + Number(result.won), 0);
    expect(won).toBeGreaterThan(10);
  }, 60_000);
});
