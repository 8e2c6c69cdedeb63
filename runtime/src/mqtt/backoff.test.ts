import { describe, expect, it } from "vitest";
import { backoffMs } from "./backoff.js";

describe("backoffMs", () => {
  it("doubles from a quarter of a second to 15 s, of which a random half may be taken off", () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7, 1_000].map((failures) => backoffMs(failures, () => 1))).toEqual([
      250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000,
    ]);
    expect(backoffMs(0, () => 0)).toBe(125);
    expect(backoffMs(1_000, () => 0)).toBe(7_500);
  });
});
