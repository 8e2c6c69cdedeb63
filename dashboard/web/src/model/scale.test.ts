import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { axisFor } from "./scale.js";

describe("axisFor", () => {
  it("always holds the data, whatever the limits", () => {
    const value = fc.double({ min: -1e9, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(value, value, fc.array(value, { maxLength: 4 }), (a, b, limits) => {
        const data = { min: Math.min(a, b), max: Math.max(a, b) };
        const axis = axisFor(data, limits);
        const slack = Math.abs(axis.max - axis.min) * 1e-9;
        expect(axis.min - slack).toBeLessThanOrEqual(data.min);
        expect(axis.max + slack).toBeGreaterThanOrEqual(data.max);
        expect(axis.max).toBeGreaterThan(axis.min);
      }),
    );
  });

  it("shows limits that leave the data room, and not those far away", () => {
    expect(axisFor({ min: 22, max: 26 }, [30]).max).toBeGreaterThanOrEqual(30);
    expect(axisFor({ min: 22, max: 26 }, [9000]).max).toBeLessThan(60);
    expect(axisFor({ min: 25, max: 26 }, [30], {}, "data").max).toBeLessThan(29);
  });

  it("does not blow up noise, nor promise values below zero percent", () => {
    const axis = axisFor({ min: 1000, max: 1000.01 }, []);
    expect(axis.max - axis.min).toBeGreaterThan(15);
    expect(axisFor({ min: 1, max: 60 }, [], { min: 0, max: 100 }).min).toBe(0);
  });

  it("stands still while data moves a little", () => {
    expect(axisFor({ min: 20.1, max: 24.9 }, [])).toEqual(axisFor({ min: 20.2, max: 24.8 }, []));
  });

  it("has something to show without data", () => {
    expect(axisFor({ min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY }, [])).toEqual({
      min: 0,
      max: 1,
      step: 1,
    });
  });
});
