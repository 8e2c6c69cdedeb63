import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { DEFAULT_LIMITS } from "../limits.js";
import type { Port } from "./port.js";
import { Pressure } from "./pressure.js";

const MIB = 1024 * 1024;
const port = (mib: number): Port =>
  ({
    outward: { bytes: mib * MIB, lastProgressMs: performance.now(), whenBelow },
    overSinceMs: 0,
    shedding: false,
    dropped: 0,
  }) as unknown as Port;
const set = (reader: Port, mib: number): void => {
  reader.outward.bytes = mib * MIB;
};
const moves = (reader: Port): void => {
  reader.outward.lastProgressMs = performance.now();
};

const whenBelow = vi.fn<(bytes: number, call: () => void) => void>();
const onStalled = vi.fn<(reader: Port, reason: string) => void>();
let pressure: Pressure;
beforeEach(() => {
  vi.useFakeTimers();
  onStalled.mockReset();
  whenBelow.mockReset();
  pressure = new Pressure(DEFAULT_LIMITS, { onStalled });
});
afterEach(() => {
  pressure.close();
  vi.useRealTimers();
});

test("below the soft mark nobody waits", () => {
  expect(pressure.mustWait([port(0), port(0.9)])).toBe(false);
});

test("publishers wait while a reader over its mark moves, and a second when another starves for it", () => {
  const [slow, quick] = [port(2), port(0)];
  expect(pressure.mustWait([slow, quick])).toBe(true);
  vi.advanceTimersByTime(900);
  moves(slow);
  expect(pressure.mustWait([slow, quick])).toBe(true);
  vi.advanceTimersByTime(200);
  moves(slow);
  expect(pressure.mustWait([slow, quick])).toBe(false);
  expect(pressure.sheds(slow)).toBe(true);
  expect(pressure.sheds(quick)).toBe(false);
  set(slow, 0.5);
  expect(pressure.sheds(slow)).toBe(false);
});

test("waiting ports are asked again as soon as a reader has caught up, before the timer", () => {
  const [reader, retry] = [port(2), vi.fn()];
  expect(pressure.mustWait([reader])).toBe(true);
  expect(pressure.mustWait([reader])).toBe(true);
  pressure.wait({ retry } as unknown as Port);
  expect(whenBelow).toHaveBeenCalledExactlyOnceWith(MIB / 2, expect.any(Function));
  set(reader, 0.4);
  whenBelow.mock.calls[0]?.[1]();
  vi.advanceTimersByTime(0);
  expect(retry).toHaveBeenCalledOnce();
});

test("readers that are equally slow hold the publishers back for as long as they move", () => {
  const all = [port(1.2), port(0.8), port(1.1)];
  for (let i = 0; i < 100; i++) {
    vi.advanceTimersByTime(90);
    for (const each of all) moves(each);
    expect(pressure.mustWait(all)).toBe(true);
  }
  expect(onStalled).not.toHaveBeenCalled();
});

test("a reader that does not move is passed over after 100 ms, and given up after a second", () => {
  const [stalled, quick] = [port(2), port(0.5)];
  expect(pressure.mustWait([stalled, quick])).toBe(true);
  vi.advanceTimersByTime(120);
  expect(pressure.mustWait([stalled, quick])).toBe(false);
  expect(pressure.sheds(stalled)).toBe(true);
  vi.advanceTimersByTime(1_000);
  expect(onStalled).toHaveBeenCalledWith(stalled, expect.stringContaining("nothing"));
});

test("when it is the only reader, its publishers wait that second out", () => {
  const only = port(2);
  vi.advanceTimersByTime(900);
  expect(pressure.mustWait([only])).toBe(true);
  vi.advanceTimersByTime(200);
  expect(pressure.mustWait([only])).toBe(false);
});

test("waiting ports are asked again, each once for each time it waits, and not when they are gone", () => {
  const retry = vi.fn();
  const waiting = { retry: () => retry("a") } as unknown as Port;
  const again: Port = { retry: () => pressure.wait(again) } as unknown as Port;
  const gone = { retry: () => retry("gone") } as unknown as Port;
  for (const each of [waiting, again, gone]) pressure.wait(each);
  pressure.forget(gone);
  vi.advanceTimersByTime(50);
  expect(retry.mock.calls).toEqual([["a"]]);
});
