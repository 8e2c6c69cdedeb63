import { describe, expect, it } from "vitest";
import { duration, qos, wholeNumber } from "./options.js";

describe("option values", () => {
  it.each([
    ["5", 5_000],
    ["0.5", 500],
    ["250ms", 250],
    ["60s", 60_000],
    ["5m", 300_000],
    ["1h", 3_600_000],
    ["1d", 86_400_000],
  ])("reads %s as %i ms", (text, ms) => {
    expect(duration(text)).toBe(ms);
  });

  it.each(["", "0", "-1", "1.2.3", "25d", "1e3", "s", "NaN"])("refuses %j as a time", (text) => {
    expect(() => duration(text)).toThrow("Expected a time");
  });

  it("bounds whole numbers", () => {
    const count = wholeNumber(1, 10);
    expect(count("10")).toBe(10);
    for (const text of ["0", "11", "1.5", "x", "", "0x2", "-1"])
      expect(() => count(text)).toThrow("from 1 to 10");
  });

  it("knows three levels of QoS", () => {
    expect([qos("0"), qos("1"), qos("2")]).toEqual([0, 1, 2]);
    for (const text of ["3", "", "01"]) expect(() => qos(text)).toThrow("0, 1 or 2");
  });
});
