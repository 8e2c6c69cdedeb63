import { RangeSet } from "@fieldmesh/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addPrunedSpans } from "./pruned-spans.js";

const seconds = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => (from + n) * 1_000);

describe("what stands for pruned readings without accounting", () => {
  it("holds every one of them", () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.integer({ min: -1e6, max: 1e6 }), { minLength: 1 })), (blocks) => {
        const spans = new RangeSet();
        for (const seqs of blocks) addPrunedSpans(spans, seqs);
        for (const seq of blocks.flat()) expect(spans.has(seq)).toBe(true);
      }),
    );
  });

  it("is one stretch for readings without a gap, however many blocks they were in", () => {
    const spans = new RangeSet();
    for (let block = 0; block < 50; block += 1)
      addPrunedSpans(spans, seconds(block * 1_024, (block + 1) * 1_024));
    expect(spans.ranges()).toEqual([[0, 51_199_000]]);
  });

  it("leaves gaps, within a block and between two", () => {
    const spans = new RangeSet();
    addPrunedSpans(spans, [...seconds(0, 500), ...seconds(4_000, 4_500)]);
    addPrunedSpans(spans, seconds(9_000, 9_500));
    expect(spans.ranges()).toEqual([
      [0, 499_000],
      [4_000_000, 4_499_000],
      [9_000_000, 9_499_000],
    ]);
  });
});
