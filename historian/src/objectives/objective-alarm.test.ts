import type { Severity } from "@fieldmesh/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AlarmState, CLEAR_FOR_MS, calm, look, RAISE_FOR_MS } from "./objective-alarm.js";

/** Looks once a second; answers what changed, with the second. */
function changes(burning: readonly (Severity | undefined)[], state: AlarmState = calm()): string[] {
  return burning.flatMap((severity, second) => {
    const change = look(state, severity, second * 1_000);
    return change === undefined ? [] : [`${second} ${change}`];
  });
}
const times = <T>(n: number, what: T): T[] => Array.from({ length: n }, () => what);

describe("the alarm of a promise", () => {
  it("is raised once and cleared once, however it flaps", () => {
    const flapping = times(100, ["warning", undefined] as const).flat();
    expect(changes([...times(20, "warning" as const), ...flapping, ...times(70, undefined)])).toEqual([
      "10 raised",
      "279 cleared",
    ]);
  });

  it("says nothing of what is over before it began", () => {
    expect(changes([...times(RAISE_FOR_MS / 1_000, "critical" as const), ...times(100, undefined)])).toEqual(
      [],
    );
  });

  it("is raised once more when it gets worse, and not when it gets better", () => {
    expect(
      changes([
        ...times(12, "warning" as const),
        ...times(5, "critical" as const),
        ...times(20, "warning" as const),
        ...times(5, "critical" as const),
      ]),
    ).toEqual(["10 raised", "12 worse"]);
  });

  it("waits no longer when the clock is set back meanwhile", () => {
    const state = calm();
    expect(look(state, "critical", 3_600_000)).toBeUndefined();
    expect(look(state, "critical", 5_000)).toBeUndefined();
    expect(look(state, "critical", 5_000 + RAISE_FOR_MS)).toBe("raised");
    expect(look(state, undefined, 3_600_000)).toBeUndefined();
    expect(look(state, undefined, 20_000)).toBeUndefined();
    expect(look(state, undefined, 20_000 + CLEAR_FOR_MS)).toBe("cleared");
  });

  it("alternates between raised and cleared, whatever comes", () => {
    const step = fc.tuple(
      fc.constantFrom<Severity | undefined>(undefined, "info", "warning", "critical"),
      fc.nat(90),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const told = changes(steps.flatMap(([severity, n]) => times(n, severity))).map(
          (one) => one.split(" ")[1],
        );
        let raised = false;
        for (const change of told) {
          if (change === "raised") expect(raised).toBe(false);
          else expect(raised).toBe(true);
          raised = change !== "cleared";
        }
      }),
    );
    expect(CLEAR_FOR_MS).toBeGreaterThan(RAISE_FOR_MS);
  });
});
