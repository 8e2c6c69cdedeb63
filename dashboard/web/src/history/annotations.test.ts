import type { HistoryEvent, HistoryGaps } from "@fieldmesh/protocol";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../api.js";
import type { Range } from "../model/time-view.js";
import { Annotations } from "./annotations.js";

const NOW = 1_763_640_000_000;
const HOUR = 3_600_000;

function world() {
  const asked: Range[] = [];
  let wrong: Error | undefined;
  const answer = async <T>(value: T): Promise<T> => {
    if (wrong !== undefined) throw wrong;
    return value;
  };
  const annotations = new Annotations(
    "env_a_b",
    {
      events: (_stream, range) => {
        asked.push(range);
        return answer([{ id: "e" } as HistoryEvent]);
      },
      gaps: () => answer<HistoryGaps>({ stream: "env_a_b", entries: [], account: [] }),
    },
    () => Date.now(),
  );
  return {
    annotations,
    take: () => asked.splice(0),
    fail: (error: Error | undefined) => {
      wrong = error;
    },
  };
}

const settled = () => vi.advanceTimersByTimeAsync(300);

describe("events and gaps around a chart", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: NOW });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("are asked for once for a view that moves a little, and hold all of it", async () => {
    const { annotations, take } = world();
    const range = { from: NOW - 10 * HOUR, to: NOW - 9 * HOUR };
    annotations.want(range);
    await settled();
    const [asked] = take();
    expect(asked?.from).toBeLessThanOrEqual(range.from);
    expect(asked?.to).toBeGreaterThanOrEqual(range.to);
    expect(annotations.events).toHaveLength(1);
    annotations.want({ from: range.from + 1_000, to: range.to + 1_000 });
    await settled();
    expect(take()).toEqual([]);
  });

  it("are asked for again while now is in sight, so that an outage shows soon after it", async () => {
    const { annotations, take } = world();
    const look = (): void => annotations.want({ from: Date.now() - 300_000, to: Date.now() });
    look();
    await settled();
    expect(take()).toHaveLength(1);
    for (let i = 0; i < 12; i++) {
      await vi.advanceTimersByTimeAsync(1_000);
      look();
    }
    await settled();
    expect(take()).toHaveLength(1);
  });

  it("stay while the historian is away, and go when it knows nothing of the stream", async () => {
    const { annotations, take, fail } = world();
    const look = (): void => annotations.want({ from: NOW - 10 * HOUR, to: NOW - 9 * HOUR });
    look();
    await settled();
    fail(new ApiError("away", { code: "store_away", status: 503 }));
    await vi.advanceTimersByTimeAsync(6 * 60_000);
    look();
    await settled();
    expect(annotations.events).toHaveLength(1);
    fail(new ApiError("unknown", { code: "stream_unknown", status: 404 }));
    await vi.advanceTimersByTimeAsync(6 * 60_000);
    look();
    await settled();
    expect(take()).toHaveLength(3);
    expect(annotations.events).toEqual([]);
  });
});
