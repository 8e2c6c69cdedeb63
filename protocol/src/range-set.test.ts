import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RangeSet } from "./range-set.js";

const span = fc
  .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 12 }))
  .map(([from, length]): [number, number] => [from, from + length]);
const step = fc.record({ op: fc.constantFrom("add", "remove"), span });

function modelled(steps: readonly { op: string; span: [number, number] }[]) {
  const set = new RangeSet();
  const model = new Set<number>();
  for (const {
    op,
    span: [from, to],
  } of steps) {
    const before = model.size;
    for (let n = from; n <= to; n++) {
      if (op === "add") model.add(n);
      else model.delete(n);
    }
    const changed = op === "add" ? set.add(from, to) : set.remove(from, to);
    expect(changed).toBe(Math.abs(model.size - before));
  }
  return { set, model };
}

const members = (set: RangeSet) =>
  set.ranges().flatMap(([a, b]) => [...Array(b - a + 1).keys()].map((i) => a + i));

describe("a set of ranges", () => {
  it("holds the same numbers as a plain set, in as few ranges as possible", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { set, model } = modelled(steps);
        expect(members(set)).toEqual([...model].sort((a, b) => a - b));
        expect(set.count).toBe(model.size);
        for (let n = 0; n < 80; n++) expect(set.has(n)).toBe(model.has(n));
        const ranges = set.ranges();
        expect(set.size).toBe(ranges.length);
        ranges.forEach(([from], i) => {
          const before = ranges[i - 1];
          if (before !== undefined) expect(from).toBeGreaterThan(before[1] + 1);
        });
      }),
    );
  });

  it("cuts, counts and finds what is missing like a plain set", () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 20 }),
        fc.array(span, { maxLength: 10 }),
        span,
        (steps, others, [from, to]) => {
          const { set, model } = modelled(steps);
          const other = RangeSet.of(others);
          const within = [...model].filter((n) => n >= from && n <= to).sort((a, b) => a - b);
          expect(set.countWithin(from, to)).toBe(within.length);
          expect(members(set.clip(from, to))).toEqual(within);
          expect(RangeSet.of(set.missing(from, to)).count).toBe(to - from + 1 - within.length);
          expect(members(set.subtract(other))).toEqual(
            [...model].filter((n) => !other.has(n)).sort((a, b) => a - b),
          );
        },
      ),
    );
  });

  it("stays one range while numbers come in order", () => {
    const set = new RangeSet();
    for (let n = 1; n <= 1_000; n++) set.add(n);
    expect(set.ranges()).toEqual([[1, 1_000]]);
    expect([set.min, set.max]).toEqual([1, 1_000]);
  });
});
