import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fixedView, LONGEST_MS, liveView, SHORTEST_MS, type TimeView } from "./time-view.js";
import { compareSearch, readStreams, readView, spanText, writeView } from "./view-address.js";

const views: fc.Arbitrary<TimeView> = fc.oneof(
  fc.integer({ min: SHORTEST_MS, max: LONGEST_MS }).map(liveView),
  fc
    .tuple(fc.integer({ min: 0, max: 4e12 }), fc.integer({ min: SHORTEST_MS, max: LONGEST_MS }))
    .map(([from, spanMs]) => fixedView({ from, to: from + spanMs })),
);

describe("an address", () => {
  it("gives back exactly the view that was put into it", () => {
    fc.assert(
      fc.property(views, (view) => {
        const query = new URLSearchParams();
        writeView(query, view);
        expect(readView(new URLSearchParams(query.toString()))).toEqual(view);
      }),
    );
  });

  it("gives back the streams that were put into it", () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}_[a-z]{1,5}_[a-z]{1,5}$/);
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 8 }), views, (names, view) => {
        const query = new URLSearchParams(compareSearch(names, view));
        expect(readStreams(query)).toEqual(names);
        expect(readView(query)).toEqual(view);
      }),
    );
  });

  it.each([
    [900_000, "15m"],
    [86_400_000, "1d"],
    [5_400_000, "90m"],
    [90_000, "90s"],
    [1_234, "1234ms"],
  ])("writes %d ms as %s", (ms, text) => {
    expect(spanText(ms)).toBe(text);
  });

  it.each([
    "",
    "span=0s",
    "span=15",
    "span=99999d",
    "span=-5m",
    "from=5&to=5",
    "from=9000&to=1000",
    "from=yesterday&to=today",
    "from=1000",
    "to=1000",
    "from=NaN&to=Infinity",
  ])("names no view with %j", (text) => {
    expect(readView(new URLSearchParams(text))).toBeUndefined();
  });

  it("understands times as people write them", () => {
    expect(readView(new URLSearchParams("from=2026-01-02T03:04:05Z&to=2026-01-02T03:05:05Z"))).toEqual({
      kind: "fixed",
      from: Date.UTC(2026, 0, 2, 3, 4, 5),
      to: Date.UTC(2026, 0, 2, 3, 5, 5),
    });
  });

  it("takes each stream once, and no more than can be told apart", () => {
    const names = Array.from({ length: 12 }, (_, i) => `env_node_s${i}`);
    expect(readStreams(new URLSearchParams(compareSearch(["a", "a", ...names])))).toHaveLength(8);
  });
});
