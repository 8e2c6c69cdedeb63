import { describe, expect, it } from "vitest";
import { backoffMs, failuresAfter } from "./backoff.js";

describe("backoffMs", () => {
  it("doubles from a quarter of a second to 8 s, of which a random half may be taken off", () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7, 1_000].map((failures) => backoffMs(failures, () => 1))).toEqual([
      250, 500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000, 8_000,
    ]);
    expect(backoffMs(0, () => 0)).toBe(125);
    expect(backoffMs(1_000, () => 0)).toBe(4_000);
  });
});

describe("failuresAfter", () => {
  it("begins anew after a connection that held, and counts one that did not as a failure", () => {
    expect(failuresAfter(3, undefined)).toBe(4);
    expect(failuresAfter(3, 1_999)).toBe(4);
    expect(failuresAfter(3, 2_000)).toBe(0);
  });
});
