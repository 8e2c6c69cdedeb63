import { describe, expect, it } from "vitest";
import { showValue, valueText } from "./units.js";

/** With plain spaces, as the other one cannot be told apart here. */
const text = (...args: Parameters<typeof valueText>): string => valueText(...args).replaceAll("\u00a0", " ");
const of = (unit: string, type = "x") => ({ unit, type });

describe("valueText", () => {
  it.each([
    [23.412, "Cel", "23.4 °C"],
    [-0.02, "Cel", "-0.020 °C"],
    [-0.0001, "lx", "0.00 lx"],
    [54.28, "%RH", "54.3 %"],
    [0.5, "/", "50.0 %"],
    [812.4, "lx", "812 lx"],
    [1012, "ppm", "1,012 ppm"],
    [0, "B", "0 B"],
    [999, "B", "999 B"],
    [999_600, "B", "1.00 MB"],
    [4_210_000_000, "B", "4.21 GB"],
    [182_340, "B/s", "182 kB/s"],
    [42, "1", "42"],
    [0.03125, "1", "0.0313"],
    [7.5, "furlong", "7.50 furlong"],
  ])("writes %d %s as people do", (value, unit, expected) => {
    expect(text(value, of(unit))).toBe(expected);
  });

  it("writes limits without zeros at the end and statistics one digit finer", () => {
    expect(text(30, of("Cel"), "round")).toBe("30 °C");
    expect(text(30.25, of("Cel"), "round")).toBe("30.25 °C");
    expect(text(7_600_000_000, of("B"), "round")).toBe("7.6 GB");
    expect(text(23.412, of("Cel"), "fine")).toBe("23.41 °C");
  });

  it("has words for what is only on or off", () => {
    expect(text(1, { type: "door", unit: "1", valueType: "boolean" })).toBe("open");
    expect(text(false, of("1", "pump"))).toBe("off");
    expect(text(null, of("Cel"))).toBe("no value");
  });

  it("keeps number and unit apart for large figures", () => {
    expect(showValue(2_400_000, "B/s")).toEqual({ value: "2.40", unit: "MB/s" });
  });
});
