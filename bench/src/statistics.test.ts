import fc from "fast-check";
import { expect, test } from "vitest";
import { median, percentile, spread } from "./statistics.js";

test("the median of known samples", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(median([])).toBeNaN();
});

test("a percentile lies among the samples and grows with p", () => {
  const samples = fc.array(fc.integer({ min: -1_000_000, max: 1_000_000 }), { minLength: 1 });
  fc.assert(
    fc.property(samples, fc.nat(100), fc.nat(100), (values, a, b) => {
      const [low, high] = [Math.min(a, b), Math.max(a, b)];
      expect(percentile(values, 0)).toBe(Math.min(...values));
      expect(percentile(values, 100)).toBe(Math.max(...values));
      expect(percentile(values, low)).toBeLessThanOrEqual(percentile(values, high) + 1e-6);
    }),
  );
});

test("a spread shows the median and its bounds", () => {
  expect(spread([1, 2, 6], 1)).toBe("2.0 (1.0–6.0)");
  expect(spread([1], 0)).toBe("1");
});
