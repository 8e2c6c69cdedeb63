import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Sample } from "../series.js";
import { MAX_BLOCK, mergeBlock } from "./merge-block.js";
import { cutStretches } from "./sample-columns.js";
import { comparePositions } from "./sample-order.js";

function sample(at: number, over: Partial<Sample> = {}): Sample {
  return { boot: 1, seq: at, at, timestamp: at, value: at, unit: "Cel", ...over };
}

function samples(from: number, to: number, step = 1): Sample[] {
  return Array.from({ length: Math.ceil((to - from) / step) }, (_, n) => sample(from + n * step));
}

describe("merging late samples into a block", () => {
  it("keeps all, in order, in blocks of one unit and type that are not too long", () => {
    const some = fc.record({
      at: fc.nat({ max: 4_000 }),
      unit: fc.constantFrom("Cel", "Cel", "Cel", "K"),
      value: fc.oneof(fc.integer(), fc.boolean()),
    });
    fc.assert(
      fc.property(fc.nat({ max: MAX_BLOCK }), fc.array(some, { maxLength: 1_500 }), (length, late) => {
        const block = samples(0, length);
        const given = late.map(({ at, ...rest }, n) => sample(at, { ...rest, boot: 2, seq: n }));
        const pieces = mergeBlock(block, given);
        expect(pieces.flat()).toEqual([...block, ...given].sort(comparePositions));
        for (const piece of pieces) {
          expect(piece.length).toBeGreaterThan(0);
          expect(piece.length).toBeLessThanOrEqual(MAX_BLOCK);
          expect(cutStretches(piece).length).toBe(1);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("leaves full blocks behind a backfill, and room where a block grew inside", () => {
    const lengths = (pieces: Sample[][]) => pieces.map(({ length }) => length);
    expect(lengths(mergeBlock(samples(0, 1_000), samples(1_000, 3_000)))).toEqual([1_024, 1_024, 952]);
    expect(lengths(mergeBlock(samples(0, 2_048, 2), samples(1, 101, 2)))).toEqual([537, 537]);
  });
});

describe("stretches", () => {
  it("end where the unit or the type changes; a reading without a value is of either type", () => {
    const none = { value: null, quality: "bad" } as const;
    const cut = cutStretches([
      sample(1, none),
      sample(2, { value: true }),
      sample(3, none),
      sample(4, { value: false }),
      sample(5),
      sample(6, { unit: "K" }),
      sample(7, { unit: "K", ...none }),
    ]);
    expect(cut.map((stretch) => stretch.map(({ at }) => at))).toEqual([[1, 2, 3, 4], [5], [6, 7]]);
    expect(cutStretches([])).toEqual([]);
  });
});
