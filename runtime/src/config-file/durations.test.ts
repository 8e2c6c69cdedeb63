import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatDuration, parseDuration, parseSize } from "./durations.js";

describe("durations and sizes", () => {
  it.each([
    ["500ms", 500],
    ["2s", 2_000],
    ["1.5m", 90_000],
    ["1 h", 3_600_000],
    ["7d", 604_800_000],
    ["0s", 0],
    ["5", undefined],
    ["5 min", undefined],
    ["-1s", undefined],
    ["1e3s", undefined],
    ["s", undefined],
  ])("reads %s", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each([
    ["512B", 512],
    ["64kB", 64_000],
    ["4MiB", 4_194_304],
    ["0.5 GiB", 536_870_912],
    ["4M", undefined],
  ])("reads %s", (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it("writes what people read", () => {
    expect([250, 2_000, 90_000, 7_200_000, 604_800_000].map(formatDuration)).toEqual([
      "250 ms",
      "2 s",
      "1.5 min",
      "2 h",
      "7 d",
    ]);
  });

  it("writes to within a hundredth of the unit", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2_000_000_000 }), (ms) => {
        const back = parseDuration(formatDuration(ms).replace("min", "m")) ?? Number.NaN;
        expect(Math.abs(back - ms)).toBeLessThanOrEqual(Math.max(0, ms * 0.005));
      }),
    );
  });
});
