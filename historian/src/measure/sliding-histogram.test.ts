import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Packer, Unpacker } from "./packing.js";
import { binOf, delayOf, SlidingHistogram } from "./sliding-histogram.js";
import { DELAY_TIERS } from "./tiers.js";

const START = 1_763_640_000_000;
const SHARES = [0.5, 0.95, 0.99];

function naive(delays: readonly [at: number, delayMs: number][], tier: number, now: number) {
  const bucketMs = DELAY_TIERS[tier]?.bucketMs ?? 1;
  const oldest = Math.floor(now / bucketMs) - (DELAY_TIERS[tier]?.slots ?? 0) + 1;
  const within = delays.filter(([at]) => Math.floor(at / bucketMs) >= oldest).map(([, delayMs]) => delayMs);
  within.sort((a, b) => a - b);
  if (within.length === 0) return null;
  return SHARES.map((share) => within[Math.max(1, Math.ceil(share * within.length)) - 1] ?? Number.NaN);
}

describe("a histogram of delays", () => {
  it("is right to 5 % for every delay from 1 ms to 80 days", () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 80 * 86_400_000, noNaN: true }), (delayMs) => {
        const error = Math.abs(delayOf(binOf(delayMs)) - delayMs) / delayMs;
        expect(error).toBeLessThan(0.05);
      }),
    );
  });

  it("takes a delay below 0, which is an error of clocks, and one that is too long, into its ends", () => {
    expect([binOf(-5), binOf(0), binOf(0.9), binOf(Number.MAX_VALUE)]).toEqual([0, 0, 0, 239]);
  });

  it("tells the percentiles of every window as sorting all delays does, kept in between or not", () => {
    const step = fc.record({
      passedMs: fc.oneof(fc.nat(3_000), fc.nat(900_000), fc.nat(200_000_000)),
      ago: fc.oneof(fc.nat(20_000), fc.nat(10_000_000), fc.nat(3_000_000_000)),
      delayMs: fc.oneof(fc.nat(50), fc.nat(5_000), fc.nat(600_000_000)),
      keep: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let histogram = new SlidingHistogram(DELAY_TIERS);
        const delays: [number, number][] = [];
        let now = START;
        for (const { passedMs, ago, delayMs, keep } of steps) {
          now += passedMs;
          histogram.add(now - ago, delayMs);
          delays.push([now - ago, delayMs]);
          if (keep) {
            const packer = new Packer();
            histogram.pack(packer);
            histogram = new SlidingHistogram(DELAY_TIERS);
            histogram.unpack(new Unpacker(packer.take()));
          }
          for (let tier = 0; tier < DELAY_TIERS.length; tier++) {
            const told = histogram.quantiles(tier, now, SHARES);
            const exact = naive(delays, tier, now);
            if (told === null || exact === null) expect(told).toBe(exact);
            else {
              told.forEach((ms, i) => {
                const right = exact[i] ?? Number.NaN;
                expect(Math.abs(ms - right)).toBeLessThanOrEqual(right < 1 ? 0 : right * 0.05);
              });
            }
          }
        }
      }),
    );
  });

  it("forgets what was counted for later when a clock is set back", () => {
    const histogram = new SlidingHistogram(DELAY_TIERS);
    histogram.add(START, 10);
    histogram.add(START + 12 * 3_600_000, 1_000);
    histogram.rewind(START + 5_000);
    const [p50 = 0, , p99 = 0] = histogram.quantiles(2, START + 5_000, SHARES) ?? [];
    expect([Math.round(p50), Math.round(p99)]).toEqual([10, 10]);
  });
});
