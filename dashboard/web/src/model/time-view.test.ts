import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  fixedView,
  LONGEST_MS,
  liveView,
  panned,
  rangeOf,
  SHORTEST_MS,
  spanOf,
  type TimeView,
  zoomed,
} from "./time-view.js";

const NOW = 1_763_640_000_000;
const spans = fc.integer({ min: SHORTEST_MS, max: 30 * 86_400_000 });
const views: fc.Arbitrary<TimeView> = fc.oneof(
  spans.map((spanMs) => liveView(spanMs)),
  fc
    .tuple(fc.integer({ min: NOW - 300 * 86_400_000, max: NOW - 31 * 86_400_000 }), spans)
    .map(([from, spanMs]) => fixedView({ from, to: from + spanMs })),
);

describe("panned", () => {
  it("keeps the length, and never shows what has not happened", () => {
    fc.assert(
      fc.property(views, fc.integer({ min: -40 * 86_400_000, max: 400 * 86_400_000 }), (view, by) => {
        const after = panned(view, NOW, by);
        expect(spanOf(after)).toBe(spanOf(view));
        expect(rangeOf(after, NOW).to).toBeLessThanOrEqual(NOW);
      }),
    );
  });

  it("comes back to the same place", () => {
    fc.assert(
      fc.property(views, fc.integer({ min: 1, max: 86_400_000 }), (view, by) => {
        const there = panned(view, NOW, -by);
        expect(there.kind).toBe("fixed");
        expect(rangeOf(panned(there, NOW, by), NOW)).toEqual(rangeOf(view, NOW));
      }),
    );
  });

  it("is live again where it reaches now", () => {
    const past = fixedView({ from: NOW - 20_000, to: NOW - 10_000 });
    expect(panned(past, NOW, 9_000)).toEqual({ kind: "fixed", from: NOW - 11_000, to: NOW - 1_000 });
    expect(panned(past, NOW, 10_000)).toEqual({ kind: "live", spanMs: 10_000 });
    expect(panned(past, NOW, 60_000)).toEqual({ kind: "live", spanMs: 10_000 });
  });

  it("ends where time begins", () => {
    const early = fixedView({ from: 5_000, to: 15_000 });
    expect(panned(early, NOW, -60_000)).toEqual({ kind: "fixed", from: 0, to: 10_000 });
  });
});

describe("zoomed", () => {
  it("keeps the moment under the pointer where it is, unless that would show the future", () => {
    fc.assert(
      fc.property(
        views,
        fc.double({ min: 0.5, max: 2, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (view, factor, share) => {
          const { from, to } = rangeOf(view, NOW);
          const at = from + share * (to - from);
          const after = zoomed(view, NOW, factor, at);
          const now = rangeOf(after, NOW);
          expect(now.to).toBeLessThanOrEqual(NOW);
          if (after.kind === "live") return;
          const spanMs = now.to - now.from;
          expect(Math.abs((at - now.from) / spanMs - share)).toBeLessThan(2 / spanMs + 1e-9);
        },
      ),
    );
  });

  it("stays live when it shows more, or looks closer at what is newest", () => {
    const view = liveView(60_000);
    expect(zoomed(view, NOW, 4, NOW - 50_000)).toEqual({ kind: "live", spanMs: 240_000 });
    expect(zoomed(view, NOW, 0.5, NOW - 10_000)).toEqual({ kind: "live", spanMs: 30_000 });
    expect(zoomed(view, NOW, 0.5, NOW - 30_000)).toEqual({
      kind: "fixed",
      from: NOW - 45_000,
      to: NOW - 15_000,
    });
  });

  it("has ends", () => {
    expect(spanOf(zoomed(liveView(3_000), NOW, 0.01, NOW))).toBe(SHORTEST_MS);
    expect(spanOf(zoomed(liveView(LONGEST_MS), NOW, 9, NOW))).toBe(LONGEST_MS);
  });
});

it("keeps the middle of a stretch that is too short to be shown", () => {
  expect(fixedView({ from: 10_000, to: 10_100 })).toEqual({ kind: "fixed", from: 9_050, to: 11_050 });
});
