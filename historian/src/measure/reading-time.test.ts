import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { delayInRetrospect, delayIsDoubtful, readingTime, type Told } from "./reading-time.js";

const NOON = 1_763_640_000_000;
const HOUR_MS = 3_600_000;
const told = (over: Partial<Told>): Told => ({
  timestamp: NOON - 20,
  offsetMs: 0,
  measured: true,
  arrivedAt: NOON,
  after: NOON - 1_000,
  before: Number.POSITIVE_INFINITY,
  backfill: false,
  ...over,
});

describe("the time of a reading", () => {
  it("is what the node says, its clock's error taken out", () => {
    const ahead = told({ timestamp: NOON - 20 + HOUR_MS, offsetMs: HOUR_MS });
    expect([readingTime(told({})), readingTime(ahead)]).toEqual([NOON - 20, NOON - 20]);
    expect(delayIsDoubtful(ahead, NOON - 20)).toBe(false);
  });

  it.each([HOUR_MS, -HOUR_MS])(
    "is that of its arrival until a clock that jumped by %d ms is measured",
    (jumpMs) => {
      const jumped = told({ timestamp: NOON - 20 + jumpMs });
      const at = readingTime(jumped);
      expect(at).toBe(NOON);
      expect(delayIsDoubtful(jumped, at)).toBe(true);
      expect(delayInRetrospect(jumped.timestamp - jumpMs, at, NOON)).toBe(20);
      expect(delayInRetrospect(jumped.timestamp, at, NOON)).toBe(undefined);
    },
  );

  it("of one that was held lies between its neighbours, whatever the clock did meanwhile", () => {
    const held = { backfill: true, after: NOON - 60_000, before: NOON - 58_000 };
    const at = (timestamp: number) => readingTime(told({ ...held, timestamp }));
    expect(at(NOON - 59_000)).toBe(NOON - 59_000);
    expect(at(NOON - 59_000 - HOUR_MS)).toBe(NOON - 60_000);
    expect(at(NOON - 59_000 + HOUR_MS)).toBe(NOON - 58_000);
  });

  it("of one that was sent at once and took long is believed, its delay once the clock is confirmed", () => {
    const slow = told({ timestamp: NOON - 30_000, after: NOON - 31_000 });
    expect(readingTime(slow)).toBe(NOON - 30_000);
    expect(delayIsDoubtful(slow, NOON - 30_000)).toBe(true);
    expect(delayInRetrospect(NOON - 30_000, NOON - 30_000, NOON)).toBe(30_000);
  });

  it("is never after its arrival nor, but for clocks that stray, outside its neighbours", () => {
    const any = fc.record({
      timestamp: fc.integer({ min: NOON - 2 * HOUR_MS, max: NOON + 2 * HOUR_MS }),
      offsetMs: fc.integer({ min: -2 * HOUR_MS, max: 2 * HOUR_MS }),
      measured: fc.boolean(),
      after: fc.oneof(
        fc.constant(Number.NEGATIVE_INFINITY),
        fc.integer({ min: NOON - 2 * HOUR_MS, max: NOON }),
      ),
      last: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.nat(HOUR_MS)),
      backfill: fc.boolean(),
    });
    fc.assert(
      fc.property(any, ({ last, ...rest }) => {
        const one = told({ ...rest, before: Math.max(rest.after, NOON - 2 * HOUR_MS) + last });
        const at = readingTime(one);
        expect(at).toBeLessThanOrEqual(NOON);
        expect(at).toBeLessThanOrEqual(one.before);
        if (one.after <= one.before) expect(at).toBeGreaterThanOrEqual(Math.min(one.after, one.before));
      }),
    );
  });
});
