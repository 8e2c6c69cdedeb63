import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Budget, SMALLEST_RING, type WindowEntry, WindowRing } from "./ring.js";
import { Windows } from "./windows.js";

const PLENTY: Budget = { take: () => true, give: () => {} };

function entry(arrival: number, seq: number, more: Partial<WindowEntry> = {}): WindowEntry {
  return { arrival, t: arrival, v: seq, boot: 1, seq, ...more };
}

describe("the window of a stream", () => {
  test("holds exactly what is young enough and not too many, whatever comes when", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ wait: fc.integer({ min: 0, max: 400 }), bad: fc.boolean() }), {
          maxLength: 400,
        }),
        fc.integer({ min: 1, max: 100 }),
        (steps, maxReadings) => {
          const windowMs = 2_000;
          const ring = new WindowRing({ windowMs, maxReadings }, PLENTY);
          const all: WindowEntry[] = [];
          let now = 1_000;
          for (const [index, { wait, bad }] of steps.entries()) {
            now += wait;
            const one = entry(now, index + 1, bad ? { v: null, quality: "bad", reason: `r${index}` } : {});
            all.push(one);
            ring.push(one);
          }
          const young = all.filter(({ arrival }) => arrival > now - windowMs);
          const expected = young.slice(-maxReadings);
          expect(ring.size).toBe(expected.length);
          expect(ring.next).toBe(all.length);
          for (const [index, one] of expected.entries()) expect(ring.at(ring.oldest + index)).toEqual(one);
          expect(ring.at(ring.oldest - 1)).toBeUndefined();
          expect(ring.at(ring.next)).toBeUndefined();
          const columns = ring.columns(ring.oldest, ring.next);
          expect(columns.seq).toEqual(expected.map(({ seq }) => seq));
          expect(columns.v).toEqual(expected.map(({ v }) => v));
          expect(columns.q).toEqual(
            expected.flatMap((one, i) => (one.quality === undefined ? [] : [[i, "bad", one.reason]])),
          );
          if (young.length > maxReadings) expect(ring.cut(now)).toBe(true);
          else if (all.length <= maxReadings) expect(ring.cut(now)).toBe(false);
        },
      ),
    );
  });

  test("says that the count cut it for as long as a reading of the window's time is missing", () => {
    const ring = new WindowRing({ windowMs: 1_000, maxReadings: 2 }, PLENTY);
    for (const arrival of [0, 10, 20]) ring.push(entry(arrival, arrival));
    expect(ring.cut(20)).toBe(true);
    ring.evict(1_000);
    expect(ring.cut(1_000)).toBe(false);
  });

  test("gives its room back when it is empty, and the budget bounds it before the count does", () => {
    const windows = new Windows({
      windowMs: 1_000,
      maxReadings: 1_000,
      maxStreams: 2,
      maxTotalReadings: 192,
    });
    const one = windows.open("env_a_x");
    const other = windows.open("env_b_x");
    for (let seq = 1; seq <= 500; seq += 1) one?.push(entry(10, seq));
    for (let seq = 1; seq <= 500; seq += 1) other?.push(entry(10, seq));
    expect(windows.reserved).toBeLessThanOrEqual(192);
    expect(one?.size).toBe(128);
    expect(other?.size).toBe(64);
    expect(other?.cut(10)).toBe(true);
    expect(other?.at(other.next - 1)?.seq).toBe(500);
    windows.evict(2_000);
    expect(windows.reserved).toBe(0);
  });

  test("a stream too many is refused and counted, until another falls silent or is removed", () => {
    const windows = new Windows({
      windowMs: 1_000,
      maxReadings: 1_000,
      maxStreams: 2,
      maxTotalReadings: 192,
    });
    windows.open("env_a_x")?.push(entry(10, 1));
    windows.open("env_b_x")?.push(entry(800, 1));
    expect(windows.open("env_c_x")).toBeUndefined();
    expect(windows.refused).toBe(1);
    windows.evict(1_500);
    expect(windows.get("env_a_x")).toBeUndefined();
    expect(windows.open("env_c_x")).toBeDefined();
    expect(windows.reserved).toBe(2 * SMALLEST_RING);
    windows.remove("env_b_x");
    expect(windows.open("env_d_x")).toBeDefined();
  });

  test("a clock that is found to be off moves what came since, and only what comes nearer by it", () => {
    const ring = new WindowRing({ windowMs: 60_000, maxReadings: 100 }, PLENTY);
    ring.push(entry(1_000, 1, { t: 1_000 })); // before the clock was set
    ring.push(entry(2_000, 2, { t: 3_602_000 })); // after it was set an hour ahead
    ring.push(entry(2_500, 3, { t: 3_602_400 }));
    ring.shift(3_600_000, 0);
    expect(ring.columns(ring.oldest, ring.next).t).toEqual([1_000, 2_000, 2_400]);
    expect(ring.revision).toBe(1);
    ring.shift(3_600_000, 0);
    expect(ring.revision).toBe(1);
  });

  test("this machine's clock that is set moves all, and lets nothing go", () => {
    const windows = new Windows({ windowMs: 60_000, maxReadings: 100, maxStreams: 2, maxTotalReadings: 200 });
    const ring = windows.open("env_a_x");
    ring?.push(entry(1_000, 1, { t: 900 }));
    windows.stepped(3_600_000);
    windows.evict(3_601_000);
    expect(ring?.at(0)).toMatchObject({ arrival: 3_601_000, t: 3_600_900 });
    windows.stepped(-3_600_000);
    expect(ring?.at(0)).toMatchObject({ arrival: 1_000, t: 900 });
    expect(ring?.revision).toBe(2);
  });
});
