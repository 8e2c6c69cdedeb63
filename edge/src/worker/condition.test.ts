import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { condition } from "./condition.js";

const plain = { valueType: "number", scale: 1, offset: 0 } as const;

describe("condition", () => {
  it("takes a good value as it is", () => {
    expect(condition({ value: 21.5 }, plain)).toEqual({ value: 21.5 });
    expect(condition({ value: true }, { ...plain, valueType: "boolean" })).toEqual({ value: true });
  });

  it("scales, then offsets, without the dust of binary fractions", () => {
    expect(condition({ value: 0.1 }, { ...plain, scale: 3 })).toEqual({ value: 0.3 });
    expect(condition({ value: 25 }, { ...plain, scale: 1.8, offset: 32 })).toEqual({ value: 77 });
  });

  it("never gives a good reading of what is no number, or is out of range", () => {
    const range = { min: -10, max: 10 };
    fc.assert(
      fc.property(
        fc.oneof(fc.double(), fc.boolean(), fc.constant(null)),
        fc.double(),
        fc.double(),
        (value, scale, offset) => {
          const result = condition({ value }, { valueType: "number", scale, offset, range });
          if (result.quality === undefined) {
            expect(result.value).toBeTypeOf("number");
            expect(Math.abs(Number(result.value))).toBeLessThanOrEqual(10);
          } else expect(result.reason).not.toBe("");
          // Every reading can be written as JSON and read back.
          expect(JSON.parse(JSON.stringify(result))).toEqual(result);
        },
      ),
    );
  });

  it("keeps a value that is out of range beside the reason, and the bounds are within", () => {
    const sensor = { ...plain, range: { min: 0, max: 100 } };
    expect(condition({ value: 101 }, sensor)).toEqual({
      value: 101,
      quality: "bad",
      reason: "out of range: above 100",
    });
    expect(condition({ value: -1 }, sensor)).toMatchObject({ reason: "out of range: below 0" });
    expect(condition({ value: 100 }, sensor)).toEqual({ value: 100 });
    expect(condition({ value: 0 }, sensor)).toEqual({ value: 0 });
  });

  it("keeps what the driver says of the quality", () => {
    expect(condition({ value: 5, quality: "uncertain", reason: "retained" }, plain)).toEqual({
      value: 5,
      quality: "uncertain",
      reason: "retained",
    });
    expect(condition({ value: null, quality: "bad", reason: "no answer" }, plain)).toEqual({
      value: null,
      quality: "bad",
      reason: "no answer",
    });
  });
});
