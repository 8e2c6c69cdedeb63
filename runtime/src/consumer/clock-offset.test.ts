import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clockCorrectionMs, OffsetFilter } from "./clock-offset.js";

const exchange = (offsetMs: number, thereMs: number, backMs: number, askedAt = 1_000_000) => {
  const receivedAt = askedAt + thereMs + offsetMs;
  return { askedAt, receivedAt, sentAt: receivedAt + 3, answeredAt: askedAt + thereMs + 3 + backMs };
};

describe("a node's clock offset", () => {
  it("is exact when the way there and back take as long, and never wrong by more than half the delay", () => {
    const ms = fc.integer({ min: 0, max: 5_000 });
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), ms, ms, (offset, there, back) => {
        const measured = new OffsetFilter().add(exchange(offset, there, back));
        expect(measured.delayMs).toBe(there + back);
        expect(Math.abs(measured.offsetMs - offset)).toBeLessThanOrEqual((there + back) / 2);
        if (there === back) expect(measured.offsetMs).toBe(offset);
      }),
    );
  });

  it("is that of the quickest exchange, so that a busy network does not move it", () => {
    const filter = new OffsetFilter();
    filter.add(exchange(500, 2, 2));
    expect(filter.add(exchange(500, 900, 10)).offsetMs).toBe(500);
  });

  it("follows a clock that was set at once", () => {
    const filter = new OffsetFilter();
    filter.add(exchange(0, 2, 2));
    expect(filter.add(exchange(3_600_000, 20, 20)).offsetMs).toBe(3_600_000);
  });

  it("follows drift when the old samples have gone", () => {
    const filter = new OffsetFilter();
    for (let n = 0; n < 8; n++) filter.add(exchange(n * 10, 5, 5));
    filter.add(exchange(80, 5, 5));
    expect(filter.best?.offsetMs).toBe(80);
  });
});

describe("what is taken off a node's time", () => {
  it("is nothing while the clock is as right as can be told, and whole ms otherwise", () => {
    expect([0, 0.4, -12.7, 49.9].map(clockCorrectionMs)).toEqual([0, 0, 0, 0]);
    expect(clockCorrectionMs(3_600_000.4)).toBe(3_600_000);
    expect(clockCorrectionMs(-2_000.6)).toBe(-2_001);
  });
});
