import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Appended, Sample } from "@fieldmesh/storage";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MemorySeries } from "../testing/memory-series.js";
import { quiet } from "../testing/quiet.js";
import type { NamedRanges } from "./batch.js";
import { Ingest } from "./ingest.js";
import type { DropCause, IngestLimits } from "./ingest-options.js";
import { Spill } from "./spill.js";

const STREAM = "env_a_b";
const WAIT = { timeout: 10_000, interval: 5 };
const AWAY = new Error("away");
/** So small that a few readings are more than memory takes. */
const SMALL: IngestLimits = { flushMs: 5, batchReadings: 10, spillReadings: 20, memoryReadings: 60 };

let folder: string;
let series: MemorySeries;
let spill: Spill;
let ingest: Ingest;
let dropped: { names: readonly NamedRanges[]; cause: DropCause }[];
let results: ReadonlyMap<string, Appended>[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmesh-ingest-"));
  series = new MemorySeries();
  await begin();
});
afterEach(async () => {
  series.failWith = undefined;
  await ingest.close(1_000);
  await rm(folder, { recursive: true, force: true });
});

async function begin(maxBytes = 1_000_000): Promise<void> {
  ({ spill } = await Spill.open({ folder, maxBytes, log: quiet }));
  dropped = [];
  results = [];
  ingest = new Ingest({
    series,
    spill,
    log: quiet,
    monotonic: () => performance.now(),
    limits: SMALL,
    onStored: (result) => results.push(result),
    onDropped: (names, cause) => dropped.push({ names, cause }),
  });
  ingest.start();
}

function push(from: number, to: number, stream = STREAM): void {
  for (let seq = from; seq <= to; seq += 1) {
    const sample: Sample = { boot: 1, seq, at: seq, timestamp: seq, value: seq, unit: "Cel" };
    ingest.push(stream, sample);
  }
}

function storedSeqs(stream = STREAM): number[] {
  return series.samples(stream).map(({ seq }) => seq);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

function droppedSeqs(): number[] {
  return dropped.flatMap(({ names }) =>
    names.flatMap(({ ranges }) => ranges.flatMap(([a, b]) => range(a, b))),
  );
}

describe("the way into the store", () => {
  it("stores in batches, in order, and says what became of each", async () => {
    push(1, 25);
    push(3, 4);
    await ingest.settle();
    expect(storedSeqs()).toEqual(range(1, 25));
    expect(series.appends.length).toBeLessThan(10);
    expect(ingest.counts()).toMatchObject({ received: 27, stored: 25, duplicates: 2, queued: 0, dropped: 0 });
    expect(results.flatMap((result) => result.get(STREAM)?.stored ?? [])).toHaveLength(25);
  });

  it("puts on disk what the store does not take, and stores all of it in order when it does again", async () => {
    series.failWith = AWAY;
    push(1, 200);
    await ingest.settle();
    expect(ingest.counts()).toMatchObject({ stored: 0, queued: 200, spilled: 200, dropped: 0 });
    expect(ingest.failure).toBe(AWAY);
    push(201, 230);
    series.failWith = undefined;
    await vi.waitFor(() => expect(ingest.counts()).toMatchObject({ stored: 230, queued: 0 }), WAIT);
    expect(storedSeqs()).toEqual(range(1, 230));
    expect({ failure: ingest.failure, bytes: spill.bytes }).toEqual({ failure: undefined, bytes: 0 });
  });

  it("puts on disk what piles up behind a store that is slow", async () => {
    let answer = (): void => {};
    series.gate = new Promise((resolve) => {
      answer = resolve;
    });
    push(1, 100);
    await vi.waitFor(() => expect(ingest.counts().spilled).toBeGreaterThanOrEqual(80), WAIT);
    answer();
    await vi.waitFor(
      () => expect(ingest.counts()).toMatchObject({ stored: 100, duplicates: 0, queued: 0 }),
      WAIT,
    );
    expect(storedSeqs()).toEqual(range(1, 100));
  });

  it("has after a kill what was on disk, and nothing twice", async () => {
    series.failWith = AWAY;
    push(1, 100);
    await ingest.settle();
    const killed = ingest; // not closed before the next begins
    series = new MemorySeries();
    await begin();
    await vi.waitFor(() => expect(storedSeqs()).toEqual(range(1, 100)), WAIT);
    await killed.close(100);
  });

  it("gives up the oldest by name when the disk has had its bytes", async () => {
    await ingest.close(100);
    await begin(4_000);
    series.failWith = AWAY;
    push(1, 500);
    await ingest.settle();
    const counts = ingest.counts();
    expect(counts.spilledBytes).toBeLessThanOrEqual(4_000);
    expect(counts.dropped).toBeGreaterThan(300);
    expect(counts.droppedBy).toEqual({ "historian-full": counts.dropped });
    series.failWith = undefined;
    await vi.waitFor(() => expect(ingest.counts().queued).toBe(0), WAIT);
    expect([...droppedSeqs(), ...storedSeqs()]).toEqual(range(1, 500));
    expect(dropped.every(({ cause }) => cause === "historian-full")).toBe(true);
  });

  it("keeps memory bounded when the disk takes nothing, and gives up the oldest by name", async () => {
    vi.spyOn(spill, "append").mockRejectedValue(new Error("ENOSPC: no space left on device"));
    series.failWith = AWAY;
    push(1, 300);
    await vi.waitFor(() => expect(ingest.counts()).toMatchObject({ queued: 60, dropped: 240 }), WAIT);
    expect(ingest.stuck).toBe(true);
    series.failWith = undefined;
    await vi.waitFor(() => expect(ingest.counts().queued).toBe(0), WAIT);
    expect(droppedSeqs()).toEqual(range(1, 240));
    expect(storedSeqs()).toEqual(range(241, 300));
    expect(ingest.stuck).toBe(false);
  });

  it("makes room on a full disk by giving up what is oldest there", async () => {
    series.failWith = AWAY;
    push(1, 100);
    await ingest.settle();
    const append = spill.append.bind(spill);
    const full = vi.spyOn(spill, "append").mockRejectedValue(new Error("ENOSPC: no space left on device"));
    const drop = spill.dropOldest.bind(spill);
    vi.spyOn(spill, "dropOldest").mockImplementation(async (keep) => {
      const gone = await drop(keep);
      full.mockImplementation(append);
      return gone;
    });
    push(101, 180);
    await vi.waitFor(() => expect(droppedSeqs()).toEqual(range(1, 100)), WAIT);
    series.failWith = undefined;
    await vi.waitFor(() => expect(ingest.counts().queued).toBe(0), WAIT);
    expect(storedSeqs()).toEqual(range(101, 180));
  });

  it("lets no reading that the store refuses keep the others waiting", async () => {
    series.refuse = 7;
    push(1, 10);
    push(1, 6, "env_a_c");
    await ingest.settle();
    expect(storedSeqs()).toEqual(range(1, 10).filter((seq) => seq !== 7));
    expect(storedSeqs("env_a_c")).toEqual(range(1, 6));
    expect(dropped).toEqual([{ names: [{ stream: STREAM, boot: 1, ranges: [[7, 7]] }], cause: "refused" }]);
    expect(ingest.counts()).toMatchObject({ stored: 15, dropped: 1, droppedBy: { refused: 1 } });
  });

  it("puts what waits on disk when it is closed while the store is away", async () => {
    series.failWith = AWAY;
    push(1, 15);
    await ingest.close(50);
    const { spill: left, names } = await Spill.open({ folder, log: quiet });
    expect(names).toEqual([{ stream: STREAM, boot: 1, ranges: [[1, 15]] }]);
    await left.close();
  });

  it("is settled when all that came before is safe, whatever comes after", async () => {
    push(1, 3);
    const settled = ingest.settle();
    push(4, 5);
    await settled;
    expect(storedSeqs()).toEqual(expect.arrayContaining(range(1, 3)));
  });
});
