import type { Show, StreamFrame } from "@fieldmesh/protocol";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Streams } from "./streams.js";

function part(n: number, values: (number | null)[], more: Partial<StreamFrame> = {}): StreamFrame {
  return {
    n,
    t: values.map((_, i) => (n + i) * 1000),
    v: values,
    boot: values.map(() => 1),
    seq: values.map((_, i) => n + i + 1),
    q: [],
    reset: false,
    oldest: 0,
    cut: false,
    ...more,
  };
}

describe("Streams", () => {
  let sent: Show[];
  beforeEach(() => {
    vi.useFakeTimers();
    sent = [];
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("tells many changes at once, and a stream shown twice until both are gone", () => {
    const streams = new Streams();
    streams.connect((show) => sent.push(show));
    const first = streams.show("a");
    const second = streams.show("a");
    streams.show("b");
    vi.runAllTimers();
    first();
    vi.runAllTimers();
    second();
    vi.runAllTimers();
    expect(sent.slice(1).map((show) => show.streams.map((s) => s.name))).toEqual([
      ["a", "b"],
      ["a", "b"],
      ["b"],
    ]);
  });

  it("continues after a reconnect from the newest entry it holds, and from nothing in another epoch", () => {
    const streams = new Streams();
    streams.store("a");
    streams.show("a");
    streams.apply({ at: 0, streams: { a: part(40, [1, 2, 3]) } });
    streams.disconnect();
    streams.connect((show) => sent.push(show));
    expect(sent.at(-1)).toEqual({ streams: [{ name: "a", n: 42 }] });
    streams.forgetIndices();
    streams.connect((show) => sent.push(show));
    expect(sent.at(-1)).toEqual({ streams: [{ name: "a" }] });
    expect(streams.find("a")?.window.size).toBe(3);
  });

  it("keeps the newest good value while readings are bad, and says that they are", () => {
    const streams = new Streams();
    const { latest } = streams.store("a");
    streams.apply({ at: 0, streams: { a: part(0, [5, null], { q: [[1, "bad", "no answer"]] }) } });
    expect(latest.value).toEqual({ v: 5, t: 0, quality: "bad", reason: "no answer" });
    streams.apply({ at: 0, streams: { a: part(2, [6]) } });
    expect(latest.value).toEqual({ v: 6, t: 2000 });
  });

  it("keeps a bounded number of windows that are not shown", () => {
    const streams = new Streams();
    streams.show("shown");
    streams.store("shown");
    for (let i = 0; i < 200; i++) streams.store(`hidden-${i}`);
    streams.connect((show) => sent.push(show));
    expect(streams.find("shown")).toBeDefined();
    expect(streams.find("hidden-0")).toBeUndefined();
    expect(streams.find("hidden-199")).toBeDefined();
  });

  it("ignores frames of streams it never asked for", () => {
    const streams = new Streams();
    streams.apply({ at: 0, streams: { stranger: part(0, [1]) } });
    expect(streams.find("stranger")).toBeUndefined();
  });
});
