import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { MemorySeries } from "../testing/memory-series.js";
import { quiet } from "../testing/quiet.js";
import type { NamedRanges } from "./batch.js";
import { Ingest } from "./ingest.js";
import { Spill } from "./spill.js";

const STREAMS = ["env_a_x", "env_a_y", "env_b_x"];
const LIMITS = { flushMs: 1, batchReadings: 7, spillReadings: 20, memoryReadings: 50 };

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("push" as const), count: fc.nat(40) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("away", "back") }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("settle", "pause") }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("kill", "close") }) },
);

/** Which ones: `env_a_x/3`. */
function keysOf(names: readonly NamedRanges[]): string[] {
  return names.flatMap(({ stream, ranges }) =>
    ranges.flatMap(([from, to]) =>
      Array.from({ length: to - from + 1 }, (_, index) => `${stream}/${from + index}`),
    ),
  );
}

/** A process with its memory: killed, it neither stores nor writes any more. */
class Life {
  readonly ingest: Ingest;
  readonly #spill: Spill;
  dead = false;

  constructor(spill: Spill, store: MemorySeries, onDropped: (names: readonly NamedRanges[]) => void) {
    this.#spill = spill;
    this.ingest = new Ingest({
      series: {
        append: async (batch) => {
          if (this.dead) throw new Error("dead");
          return await store.append(batch);
        },
      },
      spill,
      log: quiet,
      monotonic: () => performance.now(),
      limits: LIMITS,
      onStored: () => undefined,
      onDropped: (names) => {
        if (!this.dead) onDropped(names);
      },
    });
    this.ingest.start();
  }

  async kill(): Promise<void> {
    this.dead = true;
    const dead = () => Promise.reject(new Error("dead"));
    this.#spill.append = dead;
    this.#spill.dropOldest = dead;
    this.#spill.advance = () => Promise.resolve();
    await this.ingest.close(5);
  }
}

it("each reading is stored once, or given up by name, or was in the memory of a process that was killed", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 25 }),
      fc.constantFrom(3_000, 1e6),
      async (steps, maxBytes) => {
        const folder = await mkdtemp(join(tmpdir(), "fieldmesh-ingest-"));
        const store = new MemorySeries();
        const given = new Map(STREAMS.map((stream) => [stream, 0]));
        const all: string[] = [];
        const dropped: string[] = [];
        const forgotten = new Set<string>();
        /** That waited when a process ended: perhaps on their way into the store and onto the disk at once. */
        const betwixt = new Set<string>();
        const end = (): void => {
          for (const key of all.slice(all.length - life.ingest.counts().queued)) betwixt.add(key);
        };
        const open = async (): Promise<Life> => {
          const { spill } = await Spill.open({ folder, maxBytes, log: quiet });
          return new Life(spill, store, (names) => dropped.push(...keysOf(names)));
        };
        let life = await open();
        for (const one of steps) {
          switch (one.do) {
            case "push": {
              const { count } = one as { count: number };
              for (let i = 0; i < count; i += 1) {
                const stream = STREAMS[i % STREAMS.length] ?? "";
                const seq = (given.get(stream) ?? 0) + 1;
                given.set(stream, seq);
                all.push(`${stream}/${seq}`);
                life.ingest.push(stream, { boot: 1, seq, at: seq, timestamp: seq, value: seq, unit: "1" });
              }
              break;
            }
            case "away":
              store.failWith = new Error("away");
              break;
            case "back":
              store.failWith = undefined;
              break;
            case "settle":
              await life.ingest.settle();
              break;
            case "pause":
              await new Promise((resolve) => setImmediate(resolve));
              break;
            case "kill": {
              // What is in no safe place by then may be gone.
              const { queued, spilled } = life.ingest.counts();
              for (const key of all.slice(all.length - (queued - spilled))) forgotten.add(key);
              end();
              await life.kill();
              life = await open();
              break;
            }
            case "close":
              end();
              await life.ingest.close(20);
              life = await open();
          }
        }
        store.failWith = undefined;
        await vi.waitFor(() => expect(life.ingest.counts().queued).toBe(0), { timeout: 10_000, interval: 2 });
        await life.ingest.close(100);
        const stored = STREAMS.flatMap((stream) =>
          store.samples(stream).map(({ seq }) => `${stream}/${seq}`),
        );
        const places = new Set([...stored, ...dropped, ...forgotten]);
        expect(all.filter((key) => !places.has(key))).toEqual([]);
        expect(new Set(stored).size).toBe(stored.length);
        const named = new Set(dropped);
        expect(named.size).toBe(dropped.length);
        // What was on its way into the store and onto the disk when the process was killed may be given up from the
        // disk later, though it is stored.
        expect(stored.filter((key) => named.has(key) && !forgotten.has(key))).toEqual([]);
        await rm(folder, { recursive: true });
      },
    ),
    { numRuns: 40 },
  );
}, 60_000);
