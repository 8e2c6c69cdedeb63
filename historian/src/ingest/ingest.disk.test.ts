import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { MemorySeries } from "../testing/memory-series.js";
import { quiet } from "../testing/quiet.js";
import { Ingest } from "./ingest.js";
import { Spill } from "./spill.js";

const run = promisify(execFile);
const WAIT = { timeout: 10_000, interval: 5 };
const STREAM = "env_a_b";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmesh-spill-disk-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function mountSmallDisk(path: string): Promise<boolean> {
  try {
    await run("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", path]);
    return true;
  } catch {
    return false;
  }
}

it("goes on beside a full disk: the oldest is given up by name, the newest are stored", async (context) => {
  if (!(await mountSmallDisk(folder))) return context.skip("needs the right to mount a tmpfs");
  try {
    const series = new MemorySeries();
    series.failWith = new Error("away");
    const { spill } = await Spill.open({ folder: join(folder, "spill"), log: quiet });
    const dropped: number[] = [];
    const ingest = new Ingest({
      series,
      spill,
      log: quiet,
      monotonic: () => performance.now(),
      limits: { flushMs: 5, batchReadings: 50, spillReadings: 100, memoryReadings: 300 },
      onStored: () => undefined,
      onDropped: (names) => {
        for (const { ranges } of names)
          for (const [from, to] of ranges) for (let seq = from; seq <= to; seq += 1) dropped.push(seq);
      },
    });
    for (let seq = 1; seq <= 5_000; seq += 1) {
      ingest.push(STREAM, { boot: 1, seq, at: seq, timestamp: seq, value: seq, unit: "Cel" });
    }
    await vi.waitFor(() => {
      const { queued, dropped: given } = ingest.counts();
      expect(queued + given).toBe(5_000);
      expect(given).toBeGreaterThan(3_000); // 64 KiB hold some 1,600
      expect(queued - ingest.counts().spilled).toBeLessThanOrEqual(300);
    }, WAIT);
    series.failWith = undefined;
    await vi.waitFor(() => expect(ingest.counts().queued).toBe(0), WAIT);
    const stored = series.samples(STREAM).map(({ seq }) => seq);
    const named = new Set(dropped);
    expect(named.size).toBe(dropped.length);
    expect(stored.some((seq) => named.has(seq))).toBe(false);
    expect(stored.length + dropped.length).toBe(5_000);
    expect(stored).toEqual(stored.toSorted((a, b) => a - b));
    expect(stored).toContain(5_000);
    expect(spill.bytes).toBe(0); // the disk has its room again
    await ingest.close(1_000);
  } finally {
    await run("umount", [folder]);
  }
});
