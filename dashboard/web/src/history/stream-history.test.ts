import type { HistoryReadings } from "@fieldmesh/protocol";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../api.js";
import type { Range } from "../model/time-view.js";
import { StreamHistory } from "./stream-history.js";

const WIDTH = 2_000;
const HOUR = 3_600_000;
/** On a second, so that tiles are easy to name. */
const NOW = 1_763_640_000_000;

interface Request {
  range: Range;
  signal: AbortSignal;
  answer: (more?: Partial<HistoryReadings>) => Promise<void>;
  refuse: (error: unknown) => Promise<void>;
}

function world() {
  const requests: Request[] = [];
  const history = new StreamHistory(
    "env_a_b",
    (stream, { from, to }, _points, signal) =>
      new Promise<HistoryReadings>((resolve, reject) => {
        const settle = () => vi.advanceTimersByTimeAsync(0).then(() => undefined);
        requests.push({
          range: { from, to },
          signal,
          answer: (more) => {
            resolve({
              stream,
              from,
              to,
              level: "raw",
              stepMs: 0,
              unit: "Cel",
              valueType: "number",
              rows: 1,
              thinned: false,
              t: [from],
              v: [1],
              bad: 0,
              ...more,
            });
            return settle();
          },
          refuse: (error) => {
            reject(error);
            return settle();
          },
        });
        signal.addEventListener("abort", () => reject(signal.reason));
      }),
    () => Date.now(),
  );
  /** What was asked for since the last look. */
  const asked = (): Request[] => requests.splice(0);
  return { history, asked };
}

const settled = () => vi.advanceTimersByTimeAsync(200);
const hourBefore = (t: number): Range => ({ from: t - HOUR, to: t });
const away = () => new ApiError("away", { code: "historian_away", status: 503 });

describe("the history of a stream", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: NOW });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("asks for what a view needs once it rests, and for nothing twice", async () => {
    const { history, asked } = world();
    const range = hourBefore(NOW - 10 * HOUR);
    history.want(range, WIDTH, Number.POSITIVE_INFINITY);
    expect(asked()).toEqual([]);
    await settled();
    const first = asked();
    expect(first.length).toBeGreaterThan(0);
    expect(history.loading.value).toBe(true);
    for (const request of first) await request.answer();
    expect(history.loading.value).toBe(false);
    expect(history.state.value).toBe("here");
    // Away and back again: everything is there already.
    history.want({ from: range.from + 60_000, to: range.to }, WIDTH, Number.POSITIVE_INFINITY);
    history.want(range, WIDTH, Number.POSITIVE_INFINITY);
    await settled();
    expect(asked()).toEqual([]);
    expect(history.pieces().length).toBe(first.length);
  });

  it("asks only for what is left of the live window", async () => {
    const { history, asked } = world();
    history.want(hourBefore(NOW), WIDTH, NOW - 50 * 60_000);
    await settled();
    for (const { range } of asked()) expect(range.from).toBeLessThan(NOW - 50 * 60_000);
    history.want(hourBefore(NOW), WIDTH, NOW - 2 * HOUR);
    await settled();
    expect(asked()).toEqual([]);
  });

  it("gives up what a view that has moved on does not need, and never asks while it moves", async () => {
    const { history, asked } = world();
    history.want(hourBefore(NOW - 10 * HOUR), WIDTH, Number.POSITIVE_INFINITY);
    await settled();
    const overtaken = asked();
    for (let i = 20; i < 30; i++) {
      history.want(hourBefore(NOW - i * HOUR), WIDTH, Number.POSITIVE_INFINITY);
      await vi.advanceTimersByTimeAsync(50);
    }
    expect(overtaken.every(({ signal }) => signal.aborted)).toBe(true);
    expect(asked()).toEqual([]);
    await settled();
    const now = asked();
    expect(now.every(({ range }) => range.from <= NOW - 29 * HOUR)).toBe(true);
    expect(history.state.value).toBe("unasked");
  });

  it("lets a coarser tile stand in while the finer ones are on their way", async () => {
    const { history, asked } = world();
    history.want(hourBefore(NOW - 10 * HOUR), WIDTH, Number.POSITIVE_INFINITY);
    await settled();
    for (const { range, answer } of asked()) await answer({ t: [range.from, range.to - 1], v: [1, 2] });
    const middle = NOW - 10.5 * HOUR;
    history.want({ from: middle - 300_000, to: middle + 300_000 }, WIDTH, Number.POSITIVE_INFINITY);
    const pieces = history.pieces();
    expect(pieces.length).toBeGreaterThan(0);
    for (const { from, rows } of pieces) expect(rows.t[0]).toBeLessThanOrEqual(from);
  });

  it("asks for the newest tile again, so that what came late shows, and for old ones much later", async () => {
    const { history, asked } = world();
    const want = (): void => history.want(hourBefore(NOW), WIDTH, NOW - 300_000);
    want();
    await settled();
    for (const { answer } of asked()) await answer();
    await vi.advanceTimersByTimeAsync(31_000);
    want();
    await settled();
    const again = asked();
    expect(again.length).toBe(1);
    expect(again[0]?.range.to).toBeGreaterThan(NOW - 600_000);
    await again[0]?.answer();
    await vi.advanceTimersByTimeAsync(11 * 60_000);
    want();
    await settled();
    expect(asked().length).toBeGreaterThan(1);
  });

  it("says that the historian is away, keeps what it has, and asks again by itself", async () => {
    const { history, asked } = world();
    history.want(hourBefore(NOW - 10 * HOUR), WIDTH, Number.POSITIVE_INFINITY);
    await settled();
    const [first, ...others] = asked();
    await first?.answer();
    for (const { refuse } of others) await refuse(away());
    expect(history.state.value).toBe("away");
    expect(history.pieces().length).toBe(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked()).toEqual([]);
    await vi.advanceTimersByTimeAsync(30_000);
    for (const { answer } of asked()) await answer();
    expect(history.state.value).toBe("here");
  });

  it("takes a stream that is unknown for one without readings", async () => {
    const { history, asked } = world();
    history.want(hourBefore(NOW - 10 * HOUR), WIDTH, Number.POSITIVE_INFINITY);
    await settled();
    for (const { refuse } of asked()) await refuse(new ApiError("no", { code: "no_stream", status: 404 }));
    expect(history.state.value).toBe("here");
    expect(history.pieces().every(({ rows }) => rows.t.length === 0)).toBe(true);
  });

  it("knows a dashboard without a historian from one whose historian is away", async () => {
    const { history, asked } = world();
    history.want(hourBefore(NOW - 10 * HOUR), WIDTH, Number.POSITIVE_INFINITY);
    await settled();
    const error = new ApiError("none", { code: "no_historian", status: 404 });
    for (const { refuse } of asked()) await refuse(error);
    expect(history.state.value).toBe("none");
  });

  it("keeps a bounded number of tiles, and always those on the screen", async () => {
    const { history, asked } = world();
    for (let i = 1; i < 60; i++) {
      history.want(hourBefore(NOW - i * 10 * HOUR), WIDTH, Number.POSITIVE_INFINITY);
      await settled();
      for (const { answer } of asked()) await answer();
      expect(history.pieces().length).toBeGreaterThan(0);
    }
    history.want(hourBefore(NOW - 10 * HOUR), WIDTH, Number.POSITIVE_INFINITY);
    await settled();
    expect(asked().length).toBeGreaterThan(0);
  });

  it("ends what is under way when nobody shows the stream any more", async () => {
    const { history, asked } = world();
    history.want(hourBefore(NOW - 10 * HOUR), WIDTH, Number.POSITIVE_INFINITY);
    await settled();
    const under = asked();
    history.rest();
    expect(under.every(({ signal }) => signal.aborted)).toBe(true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked()).toEqual([]);
  });
});
