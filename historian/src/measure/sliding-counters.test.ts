import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Packer, Unpacker } from "./packing.js";
import { SlidingCounters } from "./sliding-counters.js";
import { COUNT_TIERS, COUNT_WINDOWS, type CountWindow } from "./tiers.js";

const START = 1_763_640_000_000;
const FIELDS = 3;

const ago = fc.oneof(fc.nat(90_000), fc.nat(7_200_000), fc.nat(3_000_000_000));
const step = fc.record({
  passedMs: fc.oneof(fc.nat(1_500), fc.nat(200_000), fc.nat(100_000_000)),
  counted: fc.oneof(
    fc.record({
      kind: fc.constant("count" as const),
      ago,
      field: fc.nat(FIELDS - 1),
      n: fc.integer({ min: 1, max: 5 }),
    }),
    fc.record({
      kind: fc.constant("numbers" as const),
      ago,
      count: fc.integer({ min: 1, max: 400 }),
      lastMs: fc.oneof(fc.constant(0), fc.nat(200_000), fc.nat(90_000_000)),
      field: fc.nat(FIELDS - 1),
    }),
  ),
});

/** What is counted, one entry per count: when, which field, how much. */
type Entry = [at: number, field: number, n: number];

function naive(entries: readonly Entry[], { tier, slots }: CountWindow, now: number): number[] {
  const bucketMs = COUNT_TIERS[tier]?.bucketMs ?? 0;
  const oldest = Math.floor(now / bucketMs) - slots + 1;
  const sums = Array.from({ length: FIELDS }, () => 0);
  for (const [at, field, n] of entries) {
    if (Math.floor(at / bucketMs) >= oldest) sums[field] = (sums[field] ?? 0) + n;
  }
  return sums;
}

function sumsOf(counters: SlidingCounters, window: CountWindow, now: number): number[] {
  const sums = new Float64Array(FIELDS);
  counters.sum(window, now, sums);
  return [...sums];
}

function copy(counters: SlidingCounters): SlidingCounters {
  const packer = new Packer();
  counters.pack(packer);
  const restored = new SlidingCounters(COUNT_TIERS, FIELDS);
  restored.unpack(new Unpacker(packer.take()));
  return restored;
}

describe("sliding counters", () => {
  it("equal a recount of everything, over every window, in whatever order it came, kept in between or not", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(step, fc.boolean()), { maxLength: 40 }), (steps) => {
        let counters = new SlidingCounters(COUNT_TIERS, FIELDS);
        const entries: Entry[] = [];
        let now = START;
        for (const [{ passedMs, counted }, keep] of steps) {
          now += passedMs;
          const at = now - counted.ago;
          if (counted.kind === "count") {
            counters.add(at, counted.field, counted.n);
            entries.push([at, counted.field, counted.n]);
          } else if (counted.kind === "numbers") {
            const { count, field } = counted;
            const stepMs = Math.min(counted.lastMs, counted.ago) / count;
            const timeOf = (n: number) => at + n * stepMs;
            counters.addNumbers(field, 0, count - 1, timeOf, 1);
            for (let n = 0; n < count; n++) entries.push([timeOf(n), field, 1]);
          }
          if (keep) counters = copy(counters);
          for (const window of COUNT_WINDOWS.values()) {
            expect(sumsOf(counters, window, now)).toEqual(naive(entries, window, now));
          }
        }
      }),
    );
  });

  it("count many at once as one after another", () => {
    const one = fc.tuple(fc.nat(4_000_000), fc.nat(7));
    fc.assert(
      fc.property(fc.array(one, { maxLength: 16 }), (ones) => {
        const [together, singly] = [1, 2].map(() => new SlidingCounters(COUNT_TIERS, FIELDS));
        const masks = Uint8Array.from(ones, ([, mask]) => mask);
        together?.countAll(
          Float64Array.from(ones, ([at]) => START + at),
          masks,
          ones.length,
        );
        for (const [at, mask] of ones) {
          for (let field = 0; field < FIELDS; field++) {
            if ((mask & (1 << field)) > 0) singly?.add(START + at, field, 1);
          }
        }
        const [a, b] = [together, singly].map((counters) =>
          [...COUNT_WINDOWS.values()].map(
            (window) => counters && sumsOf(counters, window, START + 4_000_000),
          ),
        );
        expect(a).toEqual(b);
      }),
    );
  });

  it("share time out among buckets to the millisecond", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(40_000), fc.nat(9_000_000)), { maxLength: 30 }), (spans) => {
        const counters = new SlidingCounters(COUNT_TIERS, FIELDS);
        const counted: [number, number][] = [];
        let now = START;
        for (const [pauseMs, lastMs] of spans) {
          counters.addTime(1, now + pauseMs, now + pauseMs + lastMs);
          counted.push([now + pauseMs, now + pauseMs + lastMs]);
          now += pauseMs + lastMs;
          for (const { tier, slots } of COUNT_WINDOWS.values()) {
            const bucketMs = COUNT_TIERS[tier]?.bucketMs ?? 0;
            const from = (Math.floor(now / bucketMs) - slots + 1) * bucketMs;
            const within = counted.map(([a, b]) => Math.max(0, b - Math.max(a, from)));
            const expected = within.reduce((a, b) => a + b, 0);
            expect(sumsOf(counters, { tier, slots }, now)).toEqual([0, expected, 0]);
          }
        }
      }),
    );
  });

  it("take off what was put where it was put, and never fall below 0", () => {
    const counters = new SlidingCounters(COUNT_TIERS, FIELDS);
    const timeOf = (n: number) => START + n * 37.77;
    counters.addNumbers(0, 1, 1_000_000, timeOf, 1);
    const hour: CountWindow = { tier: 3, slots: 120 };
    const now = START + 40_000_000;
    expect(sumsOf(counters, hour, now)).toEqual([1_000_000, 0, 0]);
    for (const n of [1, 500_000, 1_000_000]) counters.addNumbers(0, n, n, timeOf, -1);
    expect(sumsOf(counters, hour, now)).toEqual([999_997, 0, 0]);
    counters.add(START, 1, -5);
    expect(sumsOf(counters, hour, now)).toEqual([999_997, 0, 0]);
  });

  it("hold no more time than there is when a clock is set back", () => {
    const counters = new SlidingCounters(COUNT_TIERS, FIELDS);
    counters.addTime(0, START, START + 3_600_000);
    counters.add(START + 3_600_000, 1, 1);
    const now = START + 1_000;
    counters.rewind(now);
    counters.addTime(0, now, now + 59_999);
    for (const [lengthMs, window] of COUNT_WINDOWS) {
      const [time = 0, counted] = sumsOf(counters, window, now + 59_999);
      expect(time).toBeLessThanOrEqual(lengthMs);
      expect(counted).toBeLessThanOrEqual(1);
    }
    expect(sumsOf(counters, { tier: 0, slots: 60 }, now + 59_999)).toEqual([59_999, 0, 0]);
  });

  it("refuse what was kept in another layout, or cut off", () => {
    const packer = new Packer();
    new SlidingCounters(COUNT_TIERS, 2).pack(packer);
    const other = new Unpacker(packer.take());
    const counters = new SlidingCounters(COUNT_TIERS, FIELDS);
    expect(() => counters.unpack(other)).toThrow("have 2 fields: expected 3");
    expect(() => counters.unpack(new Unpacker("Aw=="))).toThrow("end too early");
  });

  it("are a few hundred bytes when kept, for a steady stream of a month", () => {
    const counters = new SlidingCounters(COUNT_TIERS, FIELDS);
    for (let minute = 0; minute < 43_200; minute++) counters.add(START + minute * 60_000, 0, 60);
    const packer = new Packer();
    counters.pack(packer);
    expect(packer.take().length).toBeLessThan(400);
  });
});
