import type { StreamFrame } from "@fieldmesh/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nearest, StreamWindow, summarise } from "./window.js";

interface Entry {
  t: number;
  v: number | null;
  boot: number;
  seq: number;
}

function frame(n: number, entries: Entry[], more: Partial<StreamFrame> = {}): StreamFrame {
  return {
    n,
    t: entries.map((e) => e.t),
    v: entries.map((e) => e.v),
    boot: entries.map((e) => e.boot),
    seq: entries.map((e) => e.seq),
    q: [],
    reset: false,
    oldest: 0,
    cut: false,
    ...more,
  };
}

const entry = (t: number, seq: number, v: number | null = t): Entry => ({ t, v, boot: 1, seq });

describe("StreamWindow", () => {
  it("puts a backfilled reading at its place in time and keeps the order of arrival apart", () => {
    const window = new StreamWindow();
    window.apply(frame(0, [entry(10, 1), entry(30, 3), entry(20, 2)]));
    expect(window.t).toEqual([10, 20, 30]);
    expect(window.charted().map((e) => e.seq)).toEqual([1, 3, 2]);
  });

  it("ignores what it already holds and takes what is behind it", () => {
    const window = new StreamWindow();
    window.apply(frame(0, [entry(1, 1), entry(2, 2)]));
    window.apply(frame(1, [entry(2, 2), entry(3, 3)]));
    expect(window.charted().map((e) => e.seq)).toEqual([1, 2, 3]);
    expect(window.newest).toBe(2);
  });

  it("forgets everything on reset", () => {
    const window = new StreamWindow();
    window.apply(frame(0, [entry(1, 1)]));
    window.apply(frame(0, [entry(5, 9)], { reset: true }));
    expect(window.charted()).toEqual([{ boot: 1, seq: 9 }]);
  });

  it("drops old entries hidden behind a backfilled one that is older in time but newer in arrival", () => {
    const window = new StreamWindow();
    window.apply(frame(0, [entry(10, 2), entry(20, 3), entry(5, 1)]));
    window.apply(frame(3, [], { oldest: 2 }));
    expect(window.charted().map((e) => e.seq)).toEqual([1]);
  });

  it("keeps why a reading is not good, and forgets it with the reading", () => {
    const window = new StreamWindow();
    window.apply(frame(0, [entry(1, 1), entry(2, 2, null)], { q: [[1, "bad", "checksum"]] }));
    expect(window.v[1]).toBeNaN();
    expect(window.flags.get(1)).toEqual({ quality: "bad", reason: "checksum" });
    window.apply(frame(2, [entry(3, 3)], { oldest: 2 }));
    expect(window.flags.size).toBe(0);
  });

  it("always equals the server's window, whatever comes late, twice or is dropped", () => {
    const arrivals = fc.array(
      fc.record({ t: fc.integer({ min: 0, max: 500 }), v: fc.integer({ min: -5, max: 5 }) }),
      { maxLength: 200 },
    );
    const cuts = fc.array(fc.tuple(fc.nat(30), fc.nat(20), fc.nat(5), fc.boolean()), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(arrivals, cuts, (all, steps) => {
        const server = all.map((reading, i) => ({ ...reading, boot: 7, seq: i + 1 }));
        const window = new StreamWindow();
        let sent = 0;
        let oldest = 0;
        for (const [take, drop, again, reset] of steps) {
          const end = Math.min(server.length, sent + take);
          oldest = Math.min(end, oldest + drop);
          const from = reset ? oldest : Math.max(oldest, sent - again);
          window.apply(frame(from, server.slice(from, end), { oldest, reset }));
          sent = end;
          expect(window.charted()).toEqual(server.slice(oldest, end).map(({ boot, seq }) => ({ boot, seq })));
          const times = window.t.slice(window.head);
          expect(times).toEqual([...times].sort((a, b) => a - b));
        }
      }),
    );
  });

  it("stays small over a long time", () => {
    const window = new StreamWindow();
    for (let n = 0; n < 20_000; n++)
      window.apply(frame(n, [entry(n, n + 1)], { oldest: Math.max(0, n - 99) }));
    expect(window.size).toBe(100);
    expect(window.t.length).toBeLessThan(700);
  });
});

describe("summarise and nearest", () => {
  it("counts only good values between the edges", () => {
    const window = new StreamWindow();
    window.apply(
      frame(0, [entry(1, 1, 99), entry(2, 2, 4), entry(3, 3, null), entry(4, 4, 8)], {
        q: [[2, "bad", "x"]],
      }),
    );
    expect(summarise(window, 2, 4)).toEqual({ min: 4, max: 8, mean: 6, count: 2, flagged: 1, changedAt: 4 });
    expect(summarise(window, 5, 9)).toBeUndefined();
  });

  it("finds the reading under the pointer", () => {
    const window = new StreamWindow();
    expect(nearest(window, 3)).toBe(-1);
    window.apply(frame(0, [entry(10, 1), entry(20, 2)]));
    expect([0, 14, 16, 99].map((t) => nearest(window, t))).toEqual([0, 0, 1, 1]);
  });
});
