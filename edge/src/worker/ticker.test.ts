import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Ticker } from "./ticker.js";

const clock = { monotonic: () => performance.now() };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("Ticker", () => {
  it("ticks at once and then at multiples of the interval, whatever a tick costs", async () => {
    const began = performance.now();
    const at: number[] = [];
    const ticker = new Ticker(() => {
      at.push(performance.now() - began);
      vi.setSystemTime(Date.now()); // the wall clock has no part in it
      vi.advanceTimersByTime(30); // the tick itself takes 30 ms
    }, clock);
    ticker.start(100);
    await vi.advanceTimersByTimeAsync(1_000);
    ticker.stop();
    expect(at.slice(0, 8)).toEqual([0, 100, 200, 300, 400, 500, 600, 700]);
    expect(ticker.skipped).toBe(0);
  });

  it("leaves out and counts what it could not keep, and does not make up for it", async () => {
    const began = performance.now();
    const at: number[] = [];
    const ticker = new Ticker(() => at.push(performance.now() - began), {
      // A thread that is busy: time goes by while no timer fires.
      monotonic: () => performance.now() + (at.length >= 2 ? 350 : 0),
    });
    ticker.start(100);
    await vi.advanceTimersByTimeAsync(400);
    ticker.stop();
    expect(ticker.skipped).toBe(3);
    expect(at.length).toBeLessThan(6);
  });

  it("goes over to a new interval from the last tick on, in either direction", async () => {
    const began = performance.now();
    const at: number[] = [];
    const ticker = new Ticker(() => at.push(performance.now() - began), clock);
    ticker.start(60_000);
    await vi.advanceTimersByTimeAsync(500);
    ticker.setInterval(1_000);
    await vi.advanceTimersByTimeAsync(1_600);
    ticker.setInterval(5_000);
    await vi.advanceTimersByTimeAsync(5_000);
    ticker.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(at).toEqual([0, 1_000, 2_000, 7_000]);
  });

  it("ticks at once when the new interval has passed already", async () => {
    const began = performance.now();
    const at: number[] = [];
    const ticker = new Ticker(() => at.push(performance.now() - began), clock);
    ticker.start(60_000);
    await vi.advanceTimersByTimeAsync(10_000);
    ticker.setInterval(1_000);
    await vi.advanceTimersByTimeAsync(1_500);
    ticker.stop();
    expect(at).toEqual([0, 10_000, 11_000]);
  });
});
