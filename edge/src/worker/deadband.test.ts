import { describe, expect, it } from "vitest";
import { Deadband } from "./deadband.js";

const CLEAR = { hot: "clear" } as const;

describe("Deadband", () => {
  it("keeps nothing back without a width", () => {
    const deadband = new Deadband(undefined, 1_000);
    expect(deadband.suppresses({ value: 1 }, CLEAR, 0)).toBe(false);
    expect(deadband.suppresses({ value: 1 }, CLEAR, 1)).toBe(false);
  });

  it("holds readings against the last one sent, so that a slow drift is sent, too", () => {
    const deadband = new Deadband(0.5, 60_000);
    const sent = [20, 20.3, 20.5, 20.6, 20.9, 21.1, 21.2].filter(
      (value, i) => !deadband.suppresses({ value }, CLEAR, i),
    );
    expect(sent).toEqual([20, 20.6, 21.2]);
  });

  it("sends at least once in the maximum silence", () => {
    const deadband = new Deadband(1, 1_000);
    const sent = Array.from({ length: 31 }, (_, i) => i * 100).filter(
      (atMs) => !deadband.suppresses({ value: 5 }, CLEAR, atMs),
    );
    expect(sent).toEqual([0, 1_000, 2_000, 3_000]);
  });

  it("never keeps back what changes a verdict, the quality or its reason, or was asked for", () => {
    const deadband = new Deadband(10, 60_000);
    deadband.suppresses({ value: 1 }, CLEAR, 0);
    expect(deadband.suppresses({ value: 1 }, { hot: "violated" }, 1)).toBe(false);
    expect(deadband.suppresses({ value: 1, quality: "uncertain" }, { hot: "violated" }, 2)).toBe(false);
    expect(deadband.suppresses({ value: null, quality: "bad", reason: "a" }, { hot: "unjudged" }, 3)).toBe(
      false,
    );
    expect(deadband.suppresses({ value: null, quality: "bad", reason: "a" }, { hot: "unjudged" }, 4)).toBe(
      true,
    );
    expect(deadband.suppresses({ value: null, quality: "bad", reason: "b" }, { hot: "unjudged" }, 5)).toBe(
      false,
    );
    expect(
      deadband.suppresses({ value: null, quality: "bad", reason: "b" }, { hot: "unjudged" }, 6, true),
    ).toBe(false);
  });

  it("sends each change of a state", () => {
    const deadband = new Deadband(0, 60_000);
    const values = [true, true, false, false, true];
    expect(values.map((value, i) => deadband.suppresses({ value }, {}, i))).toEqual([
      false,
      true,
      false,
      true,
      false,
    ]);
  });
});
