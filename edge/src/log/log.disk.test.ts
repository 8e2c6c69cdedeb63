import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, truncate, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../clock.js";
import { NodeLog } from "./log.js";
import type { LogObserver } from "./options.js";
import { FROM_THE_START } from "./scan.js";

const run = promisify(execFile);

interface Heard {
  errors: string[];
  recovered: number;
  dropped: Parameters<LogObserver["onDropped"]>[0][];
}

function observe(): { heard: Heard; observer: LogObserver } {
  const heard: Heard = { errors: [], recovered: 0, dropped: [] };
  const observer: LogObserver = {
    onDropped: (dropped) => heard.dropped.push(dropped),
    onDiskError: (error) => heard.errors.push((error as NodeJS.ErrnoException).code ?? error.message),
    onDiskRecovered: () => {
      heard.recovered += 1;
    },
  };
  return { heard, observer };
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmesh-disk-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function mountSmallDisk(path: string): Promise<boolean> {
  try {
    await run("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", path]);
    return true;
  } catch {
    return false;
  }
}

describe("a disk that refuses", () => {
  it("is gone on without, in memory, by name beyond it, and used again when it has room", async (context) => {
    if (!(await mountSmallDisk(folder))) return context.skip("needs the right to mount a tmpfs");
    const { heard, observer } = observe();
    try {
      const ballast = join(folder, "ballast");
      await writeFile(ballast, Buffer.alloc(180 * 1024));
      const log = await NodeLog.open({
        folder: join(folder, "log"),
        clock: systemClock,
        limits: { writeEveryMs: 10, memoryBytes: 30_000 },
        observer,
      });
      log.beginBoot(7);
      const give = (count: number): void => {
        for (let i = 0; i < count; i++) log.appendReading({ sensor: "s", value: i, unit: "1", timestamp: i });
      };
      for (let i = 0; i < 6; i++) {
        give(500);
        await log.write();
      }
      expect(heard.errors).toEqual(["ENOSPC"]); // once, not for each try
      expect(heard.dropped.length).toBeGreaterThan(0);
      expect(heard.dropped.every(({ cause }) => cause === "disk")).toBe(true);
      const stream = log.account("reading", "s", 7);
      const lost = heard.dropped.reduce((sum, { from, to }) => sum + to - from + 1, 0);
      expect((stream?.held.count ?? 0) + lost).toBe(3_000);

      await unlink(ballast);
      await expect.poll(() => log.write().then(() => heard.recovered), { timeout: 12_000 }).toBe(1);
      await log.close();
      const again = await NodeLog.open({ folder: join(folder, "log"), clock: systemClock, observer });
      expect(again.report).toMatchObject({ tornBytes: 0, lost: 0 });
      expect(again.account("reading", "s", 7)?.lastSeq).toBe(3_000);
      expect(again.account("reading", "s", 7)?.held.ranges()).toEqual(stream?.held.ranges());
      expect(again.account("reading", "s", 7)?.lost()).toEqual(stream?.lost());
      let readable = 0;
      for await (const reading of again.read("s", 7, 1, 3_000))
        if (stream?.held.has(reading.seq)) readable += 1;
      expect(readable).toBe(stream?.held.count);
      await again.close();
    } finally {
      await run("umount", ["-l", folder]);
    }
  });

  it("that lost the end of a file costs what stood there, by name", async () => {
    const { observer } = observe();
    const log = await NodeLog.open({ folder, clock: systemClock, observer });
    log.beginBoot(1);
    for (let i = 0; i < 100; i++) {
      log.appendReading({ sensor: "s", value: i, unit: "1", timestamp: i });
      await log.write();
    }
    await log.close();
    const [name = ""] = await readdir(folder);
    await truncate(join(folder, name), log.size().bytes - 900);
    const again = await NodeLog.open({ folder, clock: systemClock, observer });
    const { lastSeq = 0 } = again.account("reading", "s", 1) ?? {};
    expect(lastSeq).toBeGreaterThan(80);
    expect(lastSeq).toBeLessThan(100);
    expect(again.account("reading", "s", 1)?.held.ranges()).toEqual([[1, lastSeq]]);
    again.beginBoot(2);
    expect(again.appendReading({ sensor: "s", value: 0, unit: "1", timestamp: 0 })).toMatchObject({
      boot: 2,
      seq: 1,
    });
    await again.close();
  });

  it("that turned a bit costs the rest of its segment, by name", async () => {
    const { observer } = observe();
    const limits = { heldBytes: 80_000 }; // segments of 10 kB
    const log = await NodeLog.open({ folder, clock: systemClock, observer, limits });
    log.beginBoot(1);
    for (let i = 0; i < 600; i++) {
      log.appendReading({ sensor: "s", value: i, unit: "1", timestamp: i });
      if (i % 50 === 49) await log.write();
    }
    await log.close();
    const names = (await readdir(folder)).sort();
    expect(names.length).toBeGreaterThan(2);
    const path = join(folder, names[1] ?? "");
    const bytes = await readFile(path);
    const middle = Math.floor(bytes.length / 2);
    bytes[middle] = (bytes[middle] ?? 0) ^ 0x10;
    await writeFile(path, bytes);

    // A full segment is not read through at the start: the damage shows when what it holds is wanted.
    const again = await NodeLog.open({ folder, clock: systemClock, observer, limits });
    const found: number[] = [];
    for (let cursor = FROM_THE_START; ; ) {
      const batch = await again.held("reading", cursor, 64, ({ seq }) => found.includes(seq));
      if (batch.items.length === 0) break;
      found.push(...batch.items.map(({ seq }) => seq));
      cursor = batch.cursor;
    }
    const stream = again.account("reading", "s", 1);
    expect(found.length).toBe(stream?.held.count);
    expect(found).toEqual([...found].sort((a, b) => a - b));
    expect(stream?.lost()).toHaveLength(1);
    const [from, to, cause] = stream?.lost()[0] ?? [0, 0, ""];
    expect(cause).toBe("torn");
    expect(found.length + to - from + 1).toBe(600);
    await again.close();
  });

  it("with a segment of a later version is refused by the file's name", async () => {
    const header = Buffer.alloc(16);
    header.write("FMLOG\0", "latin1");
    header.writeUInt16LE(2, 6);
    await writeFile(join(folder, "0000000001.log"), header);
    const opened = NodeLog.open({ folder, clock: systemClock, observer: observe().observer });
    await expect(opened).rejects.toThrow(/0000000001\.log/);
  });
});
