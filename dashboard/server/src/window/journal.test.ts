import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  rmdir,
  stat,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog } from "@fieldmesh/runtime";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { JournalFormatError, WindowJournal } from "./journal.js";
import { Windows } from "./windows.js";

const log = createLog("test", { level: "silent" });
const LIMITS = { windowMs: 10_000, maxReadings: 50, maxStreams: 10, maxTotalReadings: 10_000 };

let folder: string;
let now: number;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmesh-journal-"));
  now = 1_000_000;
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function open(state: () => unknown = () => ({}), maxBytes?: number) {
  const windows = new Windows(LIMITS);
  const journal = new WindowJournal({
    folder,
    windows,
    state,
    log,
    clock: () => now,
    monotonic: () => now,
    ...(maxBytes === undefined ? {} : { maxBytes }),
  });
  return { windows, journal, restored: await journal.open() };
}

function contents(windows: Windows): Record<string, unknown[]> {
  const all: Record<string, unknown[]> = {};
  for (const [stream, ring] of windows.entries()) {
    const entries = [];
    for (let n = ring.oldest; n < ring.next; n += 1) entries.push(ring.at(n));
    if (entries.length > 0) all[stream] = entries;
  }
  return all;
}

describe("the window's journal", () => {
  test("gives back the window as it was at the last write, over any number of generations and restarts", async () => {
    const step = fc.record({
      stream: fc.constantFrom("env_a_x", "env_b_x"),
      wait: fc.integer({ min: 0, max: 3_000 }),
      count: fc.integer({ min: 0, max: 5 }),
      what: fc.constantFrom("flush", "flush", "restart", "nothing", "remove"),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        await rm(folder, { recursive: true, force: true });
        let { windows, journal } = await open();
        let seq = 0;
        for (const one of steps) {
          now += one.wait;
          for (let i = 0; i < one.count; i += 1) {
            seq += 1;
            const bad =
              seq % 3 === 0 ? { v: null, quality: "bad" as const, reason: "no answer" } : { v: seq / 7 };
            windows.open(one.stream)?.push({ arrival: now, t: now - 5, boot: 7, seq, ...bad });
          }
          if (one.what === "remove") {
            windows.remove(one.stream);
            journal.note({ change: "removed", stream: one.stream });
          }
          if (one.what === "flush") await journal.flush();
          if (one.what !== "restart") continue;
          await journal.close();
          windows.evict(now);
          const before = contents(windows);
          ({ windows, journal } = await open());
          expect(contents(windows)).toEqual(before);
        }
        await journal.close();
      }),
      { numRuns: 40 },
    );
  });

  test("stops at a torn block, and goes on behind the last whole one", async () => {
    const first = await open();
    first.windows.open("env_a_x")?.push({ arrival: now, t: now, v: 1, boot: 1, seq: 1 });
    await first.journal.flush();
    const [name = ""] = await readdir(folder);
    const whole = (await stat(join(folder, name))).size;
    first.windows.open("env_a_x")?.push({ arrival: now, t: now, v: 2, boot: 1, seq: 2 });
    await first.journal.close();
    await truncate(join(folder, name), whole + 30);
    const second = await open();
    expect(second.windows.get("env_a_x")?.next).toBe(1);
    second.windows.open("env_a_x")?.push({ arrival: now, t: now, v: 3, boot: 1, seq: 3 });
    await second.journal.close();
    await appendFile(join(folder, name), "garbage");
    const third = await open();
    expect(third.windows.get("env_a_x")?.columns(0, 2).seq).toEqual([1, 3]);
    await third.journal.close();
  });

  test("gives back the newest state with what came after it", async () => {
    let version = 1;
    const first = await open(() => ({ version }));
    first.windows.open("env_a_x")?.push({ arrival: now, t: now, v: 1, boot: 1, seq: 1 });
    await first.journal.flush();
    version = 2;
    now += 100; // too early for another state
    first.windows.open("env_a_x")?.push({ arrival: now, t: now, v: 1, boot: 1, seq: 2 });
    await first.journal.flush();
    // Killed: never closed.
    const second = await open();
    expect(second.restored.state).toEqual({ version: 1 });
    expect(second.restored.after).toEqual([{ stream: "env_a_x", boot: 1, seq: 2 }]);
    await second.journal.close();
    await first.journal.close();
  });

  test("is bounded in bytes, whatever comes", async () => {
    const maxBytes = 4_000;
    const { windows, journal } = await open(() => undefined, maxBytes);
    for (let i = 1; i <= 500; i += 1) {
      windows.open("env_a_x")?.push({ arrival: now, t: now, v: i, boot: 1, seq: i });
      await journal.flush();
    }
    await journal.close();
    for (const name of await readdir(folder)) {
      expect((await stat(join(folder, name))).size).toBeLessThanOrEqual(maxBytes);
    }
    const again = await open();
    const ring = again.windows.get("env_a_x");
    expect(ring?.at(ring.next - 1)?.seq).toBe(500);
    await again.journal.close();
  });

  test("that cannot be written keeps the windows going, and goes on when it can", async () => {
    const { windows, journal } = await open(() => ({}));
    const push = (seq: number): void => {
      windows.open("env_a_x")?.push({ arrival: now, t: now, v: seq, boot: 1, seq });
    };
    now += 5_000;
    push(1);
    await journal.flush();
    expect(journal.failing).toBe(false);
    // Where the next generation is to be, something stands in the way.
    const [current = ""] = await readdir(folder);
    const other = current === "window-a.journal" ? "window-b.journal" : "window-a.journal";
    await mkdir(join(folder, other));
    now += 5_000; // time for the next generation, with the first reading still in the window
    push(2);
    for (let tries = 0; tries < 3; tries += 1) {
      await journal.flush();
      expect(journal.failing).toBe(true);
    }
    push(3);
    await rmdir(join(folder, other));
    await journal.flush();
    expect(journal.failing).toBe(false);
    await journal.close();
    const again = await open();
    const ring = again.windows.get("env_a_x");
    expect(ring?.columns(ring.oldest, ring.next).seq).toEqual([1, 2, 3]);
    await again.journal.close();
  });

  test("refuses a file of a later format by name", async () => {
    const { journal } = await open();
    await journal.close();
    const [name = ""] = await readdir(folder);
    const path = join(folder, name);
    const data = await readFile(path);
    data.writeUInt32LE(2, 4);
    await writeFile(path, data);
    await expect(open()).rejects.toThrow(JournalFormatError);
    await expect(open()).rejects.toThrow(path);
  });
});
