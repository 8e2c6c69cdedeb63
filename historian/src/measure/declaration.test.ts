import { describe, expect, it } from "vitest";
import {
  breaks,
  type Declaration,
  declarationOf,
  defaultPromiseMs,
  type Terms,
  termsOf,
} from "./declaration.js";

const SENSOR = { id: "temperature", type: "temperature", driver: "simulated", rules: [] };
const declared = declarationOf({
  ...SENSOR,
  valueType: "number",
  unit: "Cel",
  range: { min: -40, max: 85 },
  intervalMs: 1_000,
});

function terms(declaration: Declaration, validity = {}): Terms {
  const found = termsOf(declaration, validity);
  if (found === undefined) throw new Error("a birth says something");
  return found;
}

describe("a declaration", () => {
  it("is broken by another unit, another type, or a value out of range, the first of them", () => {
    expect(breaks(terms(declared), { value: 20, unit: "Cel" })).toBe(undefined);
    expect(breaks(terms(declared), { value: 200, unit: "K" })).toBe("unit");
    expect(breaks(terms(declared), { value: true, unit: "Cel" })).toBe("type");
    expect(breaks(terms(declared), { value: 85.1, unit: "Cel" })).toBe("range");
    expect(breaks(terms(declared), { value: -40, unit: "Cel" })).toBe(undefined);
  });

  it("is not broken by a reading without a value, unless by its unit", () => {
    expect(breaks(terms(declared), { value: null, unit: "Cel" })).toBe(undefined);
    expect(breaks(terms(declared), { value: null, unit: "1" })).toBe("unit");
  });

  it("that says no type or range judges none", () => {
    const open = declarationOf({ ...SENSOR, unit: "1", intervalMs: 1_000 });
    expect([
      breaks(terms(open), { value: true, unit: "1" }),
      breaks(terms(open), { value: 1e9, unit: "1" }),
    ]).toEqual([undefined, undefined]);
  });

  it("promises three times the greater of interval and maximum silence", () => {
    expect(defaultPromiseMs(declared)).toBe(3_000);
    expect(defaultPromiseMs({ ...declared, maxSilenceMs: 300_000 })).toBe(900_000);
  });
});

describe("a contract", () => {
  it("has its word before the birth, field by field", () => {
    const held = terms(declared, { units: ["Cel", "K"], max: 30 });
    expect(held).toEqual({ units: ["Cel", "K"], valueType: "number", min: -40, max: 30 });
    expect(breaks(held, { value: 30.5, unit: "K" })).toBe("range");
    expect(breaks(held, { value: 20, unit: "F" })).toBe("unit");
    expect(breaks(held, { value: -41, unit: "Cel" })).toBe("range");
  });

  it("holds without a birth, and judges only what it says", () => {
    const held = termsOf(undefined, { min: 0 });
    expect(held).toEqual({ units: null, valueType: null, min: 0, max: null });
    expect(termsOf(undefined, {})).toBeUndefined();
  });
});
