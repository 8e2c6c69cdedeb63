import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FreshTime } from "./fresh-time.js";

const START = 1_763_640_000_000;

/** Adds up what a {@link FreshTime} tells. */
class Told {
  observed = 0;
  fresh = 0;
  readonly sink = (kind: "observed" | "fresh", from: number, to: number) => {
    this[kind] += to - from;
  };
}

const steps = fc.array(
  fc.record({
    passedMs: fc.nat(9_000),
    step: fc.oneof(
      { weight: 6, arbitrary: fc.record({ kind: fc.constant("good" as const), ageMs: fc.nat(12_000) }) },
      fc.record({ kind: fc.constant("promise" as const), withinMs: fc.integer({ min: 1, max: 15_000 }) }),
      fc.record({ kind: fc.constant("settle" as const) }),
      fc.record({ kind: fc.constant("away" as const), forMs: fc.nat(20_000) }),
      fc.record({ kind: fc.constant("restart" as const), forMs: fc.nat(20_000) }),
    ),
  }),
  { maxLength: 60 },
);

describe("fresh time", () => {
  it("equals asking at every moment whether the newest good reading was young enough", () => {
    fc.assert(
      fc.property(steps, (taken) => {
        const told = new Told();
        let fresh = new FreshTime(told.sink);
        let now = START;
        fresh.promise(5_000, now);
        let withinMs = 5_000;
        let newestAt = Number.NEGATIVE_INFINITY;
        let observedMs = 0;
        let freshMs = 0;
        for (const { passedMs, step } of taken) {
          // Between two changes freshness ends at most once: what is left of the promise is what was fresh.
          freshMs += Math.max(0, Math.min(passedMs, newestAt + withinMs - now));
          observedMs += passedMs;
          now += passedMs;
          switch (step.kind) {
            case "good":
              fresh.good(now - step.ageMs, now);
              newestAt = Math.max(newestAt, now - step.ageMs);
              break;
            case "promise":
              fresh.promise(step.withinMs, now);
              withinMs = step.withinMs;
              break;
            case "settle":
              fresh.settle(now);
              break;
            case "away":
              fresh.settle(now);
              now += step.forMs;
              fresh.skip(now);
              break;
            case "restart": {
              const kept = fresh.toJSON();
              fresh = new FreshTime(told.sink);
              fresh.restore(kept);
              fresh.settle(now);
              now += step.forMs;
              fresh.skip(now);
              break;
            }
          }
          expect(fresh.fresh(now)).toBe(now < newestAt + withinMs);
        }
        fresh.settle(now);
        expect(told).toMatchObject({ observed: observedMs, fresh: freshMs });
      }),
    );
  });

  it("is not made in the past by a reading that comes late", () => {
    const told = new Told();
    const fresh = new FreshTime(told.sink);
    fresh.promise(3_000, START);
    fresh.good(START + 1_000, START + 10_000);
    fresh.good(START + 9_500, START + 11_000);
    fresh.settle(START + 20_000);
    expect(told).toMatchObject({ observed: 20_000, fresh: 1_500 });
  });

  it("is not watched where nothing is promised", () => {
    const told = new Told();
    const fresh = new FreshTime(told.sink);
    fresh.good(START, START);
    fresh.settle(START + 5_000);
    expect(told).toMatchObject({ observed: 0, fresh: 0 });
    expect(fresh.fresh(START)).toBe(false);
    fresh.promise(8_000, START + 5_000);
    fresh.settle(START + 10_000);
    expect(told).toMatchObject({ observed: 5_000, fresh: 3_000 });
  });
});
