import { describe, expect, it } from "vitest";
import { breaks, declarationOf, defaultPromiseMs } from "./declaration.js";

const SENSOR = { id: "temperature", type: "temperature", driver: "simulated", rules: [] };
const declared = declarationOf({
  ...SENSOR,
  valueType: "number",
  unit: "Cel",
  range: { min: -40, max: 85 },
  intervalMs: 1_000,
});

describe("a declaration", () => {
  it("is broken by another unit, another type, or a value out of range, the first of them", () => {
    expect(breaks(declared, { value: 20, unit: "Cel" })).toBe(undefined);
    expect(breaks(declared, { value: 200, unit: "K" })).toBe("unit");
    expect(breaks(declared, { value: true, unit: "Cel" })).toBe("type");
    expect(breaks(declared, { value: 85.1, unit: "Cel" })).toBe("range");
    expect(breaks(declared, { value: -40, unit: "Cel" })).toBe(undefined);
  });

  it("is not broken by a reading without a value, unless by its unit", () => {
    expect(breaks(declared, { value: null, unit: "Cel" })).toBe(undefined);
    expect(breaks(declared, { value: null, unit: "1" })).toBe("unit");
  });

  it("that says no type or range judges none", () => {
    const open = declarationOf({ ...SENSOR, unit: "1", intervalMs: 1_000 });
    expect([breaks(open, { value: true, unit: "1" }), breaks(open, { value: 1e9, unit: "1" })]).toEqual([
      undefined,
      undefined,
    ]);
  });

  it("promises three times the greater of interval and maximum silence", () => {
    expect(defaultPromiseMs(declared)).toBe(3_000);
    expect(defaultPromiseMs({ ...declared, maxSilenceMs: 300_000 })).toBe(900_000);
  });
});
