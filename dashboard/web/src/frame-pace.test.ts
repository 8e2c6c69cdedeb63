import type { Frame } from "@fieldmesh/protocol";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { FramePace } from "./frame-pace.js";

const part = { n: 0, t: [], v: [], boot: [], seq: [], q: [], oldest: 0, cut: false };
const frame = (reset = false): Frame => ({ at: 0, streams: { a: { ...part, reset } } });

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Times at which frames are put on the page when each next one comes `delayMs` after that. */
function applied(pace: FramePace, delayMs: number, count: number): number[] {
  const times: number[] = [];
  const next = (): void => {
    pace.take(frame(), () => {
      times.push(performance.now());
      if (times.length < count) setTimeout(next, delayMs);
    });
  };
  next();
  vi.runAllTimers();
  return times.map((t) => Math.round(t - (times[0] ?? 0)));
}

it("takes every frame at once while one stream is shown", () => {
  expect(applied(new FramePace(() => 1), 50, 4)).toEqual([0, 50, 100, 150]);
});

it("keeps an even beat with many streams, whatever the server's rhythm", () => {
  expect(applied(new FramePace(() => 10), 50, 4)).toEqual([0, 220, 440, 660]);
  expect(applied(new FramePace(() => 10), 90, 3)).toEqual([0, 220, 440]);
  expect(applied(new FramePace(() => 10), 500, 3)).toEqual([0, 500, 1000]);
});

it("does not let a new stream wait", () => {
  const pace = new FramePace(() => 10);
  const apply = vi.fn();
  pace.take(frame(), apply);
  pace.take(frame(true), apply);
  expect(apply).toHaveBeenCalledTimes(2);
});
