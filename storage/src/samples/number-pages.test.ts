import { RangeSet, type SeqRange } from "@fieldmesh/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { joinRanges, NUMBERS_PER_PAGE, pageOf } from "./number-pages.js";

describe("stored numbers in pages", () => {
  it("join to the ranges that they were before they were cut into pages", () => {
    const range = fc
      .tuple(fc.nat({ max: 400_000 }), fc.nat({ max: 200_000 }))
      .map(([from, more]): SeqRange => [from, from + more]);
    fc.assert(
      fc.property(fc.array(range, { maxLength: 20 }), (ranges) => {
        const whole = RangeSet.of(ranges);
        const cut: SeqRange[] = [];
        for (let page = 0; page <= pageOf(whole.max ?? 0); page += 1) {
          const start = page * NUMBERS_PER_PAGE;
          cut.push(...whole.clip(start, start + NUMBERS_PER_PAGE - 1).ranges());
        }
        expect(joinRanges(cut)).toEqual(whole.ranges());
      }),
    );
  });
});
