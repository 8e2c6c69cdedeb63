import type { Frame } from "@fieldmesh/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Windows } from "../window/windows.js";
import { RangeEncoder } from "./encoder.js";
import { DEFAULT_FEED, Feed } from "./feed.js";

const STREAMS = ["env_a_x", "env_a_y", "env_b_z"];

/** What the browser's app holds: applies frames as `frames.ts` says. */
class Browser {
  readonly held = new Map<string, Map<number, number>>();
  frames = 0;

  apply(frame: Frame): void {
    this.frames += 1;
    for (const [stream, part] of Object.entries(frame.streams)) {
      const held = part.reset
        ? new Map<number, number>()
        : (this.held.get(stream) ?? new Map<number, number>());
      for (const [i, seq] of part.seq.entries()) {
        if (held.has(part.n + i)) throw new Error(`entry ${part.n + i} of ${stream} was sent twice`);
        held.set(part.n + i, seq);
      }
      for (const n of held.keys()) if (n < part.oldest) held.delete(n);
      this.held.set(stream, held);
    }
  }

  seqs(stream: string): number[] {
    return [...(this.held.get(stream) ?? [])].sort(([a], [b]) => a - b).map(([, seq]) => seq);
  }
}

function seqsOf(windows: Windows, stream: string): number[] {
  const ring = windows.get(stream);
  return ring === undefined ? [] : ring.columns(ring.oldest, ring.next).seq;
}

type Step =
  | { do: "push"; stream: number; count: number }
  | { do: "wait"; ms: number }
  | { do: "frame" }
  | { do: "ack" }
  | { do: "remove"; stream: number }
  | { do: "shift"; stream: number }
  | { do: "show"; streams: number[] };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("push" as const),
      stream: fc.integer({ min: 0, max: 2 }),
      count: fc.integer({ min: 1, max: 30 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 700 }) }),
  },
  { weight: 6, arbitrary: fc.constant({ do: "frame" as const }) },
  { weight: 4, arbitrary: fc.constant({ do: "ack" as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("remove" as const), stream: fc.integer({ min: 0, max: 2 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("shift" as const), stream: fc.integer({ min: 0, max: 2 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("show" as const),
      streams: fc.uniqueArray(fc.integer({ min: 0, max: 2 }), { minLength: 1 }),
    }),
  },
);

describe("what a browser is sent", () => {
  test("a browser that acknowledges when it likes ends with exactly the window's sequence numbers", () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 150 }),
        fc.constantFrom(200, 1_000_000),
        (steps, maxFrameChars) => {
          const windows = new Windows({
            windowMs: 2_000,
            maxReadings: 40,
            maxStreams: 10,
            maxTotalReadings: 10_000,
          });
          const feed = new Feed(windows, { ...DEFAULT_FEED, maxFrameChars, evictionMs: 100 });
          const encoder = new RangeEncoder();
          const browser = new Browser();
          let shown = STREAMS;
          feed.show(shown.map((name) => ({ name })));
          let now = 10_000;
          let seq = 0;
          const frame = (): boolean => {
            windows.evict(now);
            encoder.begin(now);
            const text = feed.next(now, encoder);
            if (text === undefined) return false;
            browser.apply(JSON.parse(text) as Frame);
            return true;
          };
          for (const one of steps) {
            const stream = "stream" in one ? (STREAMS[one.stream] ?? "") : "";
            if (one.do === "wait") now += one.ms;
            else if (one.do === "frame") frame();
            else if (one.do === "ack") feed.acknowledge();
            else if (one.do === "remove") windows.remove(stream);
            else if (one.do === "shift") windows.get(stream)?.shift(500, 0);
            else if (one.do === "show") {
              shown = one.streams.map((index) => STREAMS[index] ?? "");
              feed.show(shown.map((name) => ({ name })));
            } else {
              for (let i = 0; i < one.count; i += 1) {
                seq += 1;
                windows.open(stream)?.push({ arrival: now, t: now + 400, v: seq, boot: 1, seq });
              }
            }
          }
          // It catches up: after the last acknowledgement a few frames are enough.
          now += 150;
          for (let i = 0; i < 20; i += 1) {
            feed.acknowledge();
            frame();
          }
          for (const name of shown) {
            if (windows.get(name) !== undefined) expect(browser.seqs(name)).toEqual(seqsOf(windows, name));
          }
          feed.acknowledge();
          expect(frame()).toBe(false);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("a slow browser gets one larger frame, and nothing was kept for it", () => {
    const windows = new Windows({
      windowMs: 60_000,
      maxReadings: 3_000,
      maxStreams: 10,
      maxTotalReadings: 10_000,
    });
    const feed = new Feed(windows);
    const encoder = new RangeEncoder();
    feed.show([{ name: "env_a_x" }]);
    const ring = windows.open("env_a_x");
    ring?.push({ arrival: 1, t: 1, v: 1, boot: 1, seq: 1 });
    encoder.begin(1);
    expect(feed.next(1, encoder)).toBeDefined();
    for (let seq = 2; seq <= 1_000; seq += 1) {
      ring?.push({ arrival: seq, t: seq, v: seq, boot: 1, seq });
      encoder.begin(seq);
      expect(feed.next(seq, encoder)).toBeUndefined();
    }
    feed.acknowledge();
    encoder.begin(1_001);
    const frame = JSON.parse(feed.next(1_001, encoder) ?? "{}") as Frame;
    expect(frame.streams["env_a_x"]).toMatchObject({ n: 1, reset: false });
    expect(frame.streams["env_a_x"]?.seq).toHaveLength(999);
  });

  test("browsers at the same place share one encoding", () => {
    const windows = new Windows();
    const encoder = new RangeEncoder();
    const feeds = Array.from({ length: 50 }, () => new Feed(windows));
    for (const feed of feeds) feed.show([{ name: "env_a_x" }]);
    windows.open("env_a_x")?.push({ arrival: 1, t: 1, v: 1, boot: 1, seq: 1 });
    encoder.begin(1);
    for (const feed of feeds) expect(feed.next(1, encoder)).toBeDefined();
    expect(encoder.encoded).toBe(1);
  });

  test("continues from an index that the browser holds, and starts anew from one that is not there", () => {
    const windows = new Windows();
    const encoder = new RangeEncoder();
    for (let seq = 1; seq <= 10; seq += 1) {
      windows.open("env_a_x")?.push({ arrival: 1, t: 1, v: 1, boot: 1, seq });
    }
    const frameFrom = (n: number): Frame["streams"][string] | undefined => {
      const feed = new Feed(windows);
      feed.show([{ name: "env_a_x", n }]);
      encoder.begin(2);
      return (JSON.parse(feed.next(2, encoder) ?? '{"streams":{}}') as Frame).streams["env_a_x"];
    };
    expect(frameFrom(7)).toMatchObject({ reset: false, n: 7, seq: [8, 9, 10] });
    expect(frameFrom(11)).toMatchObject({ reset: true, n: 0 });
  });
});
