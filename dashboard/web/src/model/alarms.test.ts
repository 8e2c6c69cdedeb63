import type { AlarmView } from "@fieldmesh/protocol";
import { describe, expect, it } from "vitest";
import {
  applyAlarms,
  EMPTY_BOOK,
  isAcknowledged,
  marksOf,
  newlyRaised,
  sortStanding,
  worstByStream,
} from "./alarms.js";

function alarm(
  rule: string,
  seq: number,
  more: Partial<AlarmView["event"]> = {},
  view: Partial<AlarmView> = {},
): AlarmView {
  return {
    key: `env_greenhouse_temperature/${rule}`,
    domain: "env",
    event: {
      node: "greenhouse",
      sensor: "temperature",
      rule,
      state: "raised",
      severity: "warning",
      value: 31,
      unit: "Cel",
      timestamp: seq * 1000,
      since: seq * 1000,
      boot: 1,
      seq,
      message: rule,
      ...more,
    },
    ...view,
  };
}
const standing = (...alarms: AlarmView[]) => Object.fromEntries(alarms.map((a) => [a.key, a]));

describe("the book of alarms", () => {
  it("adds, replaces and removes what stands", () => {
    const first = applyAlarms(EMPTY_BOOK, {
      full: true,
      standing: standing(alarm("hot", 1), alarm("cold", 1)),
      history: [],
    });
    const second = applyAlarms(first, {
      full: false,
      standing: { "env_greenhouse_temperature/hot": null },
      history: [alarm("hot", 2, { state: "cleared" })],
    });
    expect([...second.standing.keys()]).toEqual(["env_greenhouse_temperature/cold"]);
    expect(second.history).toHaveLength(1);
    expect(first.standing.size).toBe(2);
  });

  it("puts news in front and tells an entry that changed only once", () => {
    const before = applyAlarms(EMPTY_BOOK, {
      full: true,
      standing: {},
      history: [alarm("hot", 3), alarm("hot", 1)],
    });
    const after = applyAlarms(before, {
      full: false,
      standing: {},
      history: [alarm("hot", 4), alarm("hot", 3, {}, { endedAt: 3500 })],
    });
    expect(after.history.map((a) => a.event.seq)).toEqual([4, 3, 1]);
    expect(after.history[1]?.endedAt).toBe(3500);
  });

  it("knows what is new, so that a repeat is not announced", () => {
    const before = applyAlarms(EMPTY_BOOK, { full: true, standing: standing(alarm("hot", 1)), history: [] });
    const same = applyAlarms(before, {
      full: false,
      standing: standing(alarm("hot", 1, {}, { ack: { boot: 1, seq: 1, by: "a", at: 1 } })),
      history: [],
    });
    expect(newlyRaised(before, same)).toEqual([]);
    const again = applyAlarms(same, { full: false, standing: standing(alarm("hot", 3)), history: [] });
    expect(newlyRaised(same, again).map((a) => a.event.seq)).toEqual([3]);
  });

  it("takes an acknowledgement for exactly its raise", () => {
    const ack = { boot: 1, seq: 1, by: "anna", at: 5 };
    expect(isAcknowledged(alarm("hot", 1, {}, { ack }))).toBe(true);
    expect(isAcknowledged(alarm("hot", 3, {}, { ack }))).toBe(false);
  });

  it("sorts unacknowledged first, then by severity, then the newest", () => {
    const ack = { boot: 1, seq: 9, by: "anna", at: 5 };
    const sorted = sortStanding([
      alarm("acked", 9, { severity: "critical" }, { ack }),
      alarm("old", 1),
      alarm("new", 2),
      alarm("critical", 1, { severity: "critical" }),
    ]);
    expect(sorted.map((a) => a.event.rule)).toEqual(["critical", "new", "old", "acked"]);
  });

  it("shows the worst alarm of a stream on its tile", () => {
    const worst = worstByStream([alarm("a", 1), alarm("b", 1, { severity: "critical" })]);
    expect(worst.get("env_greenhouse_temperature")?.event.rule).toBe("b");
  });

  it("marks every raise and clear on the chart, each once", () => {
    const book = applyAlarms(EMPTY_BOOK, {
      full: true,
      standing: standing(alarm("hot", 5)),
      history: [
        alarm("hot", 5),
        alarm("hot", 2, { state: "cleared" }),
        alarm("hot", 1, {}, { endedAt: 2000 }),
      ],
    });
    expect(marksOf(book, "env_greenhouse_temperature").map((m) => [m.t, m.state])).toEqual([
      [1000, "raised"],
      [2000, "cleared"],
      [5000, "raised"],
    ]);
    expect(marksOf(book, "env_greenhouse_light")).toEqual([]);
  });

  it("marks what the historian knows too, at its time, and nothing twice", () => {
    const book = applyAlarms(EMPTY_BOOK, {
      full: true,
      standing: standing(alarm("hot", 9)),
      history: [],
    });
    const past = [alarm("hot", 9), alarm("hot", 2, { state: "cleared" })].map(({ event }) => ({
      id: `${event.seq}`,
      domain: "env",
      stream: "env_greenhouse_temperature",
      event,
      // The node's clock was 40 ms ahead.
      at: event.timestamp - 40,
      arrivedAt: event.timestamp,
    }));
    expect(marksOf(book, "env_greenhouse_temperature", past).map(({ t, state }) => [t, state])).toEqual([
      [1_960, "cleared"],
      [8_960, "raised"],
    ]);
  });
});
