import type { Rule } from "@fieldmesh/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Verdict } from "../worker-messages.js";
import { type AlarmChange, createAlarm, delaysOf, dueAt, elapse, judge, ruleChanged } from "./alarm.js";

const DELAYS = { forMs: 2_000, clearForMs: 1_000, leadMs: 0 };
const EPOCH = 1_763_640_000_000;

type Step = { verdict: Verdict; gapMs: number };

/** Runs verdicts through an alarm as the node does: its timer fires when it is due, also between readings. */
function run(
  steps: readonly Step[],
  { delays = DELAYS, timers = true, raised = false, clockStepMs = 0 } = {},
): (AlarmChange & { atMs: number })[] {
  let alarm = createAlarm(raised);
  let atMs = 0;
  const changes: (AlarmChange & { atMs: number })[] = [];
  const note = (change: AlarmChange | undefined): void => {
    if (change !== undefined) changes.push({ ...change, atMs });
  };
  for (const [i, { verdict, gapMs }] of steps.entries()) {
    const due = dueAt(alarm, delays);
    const next = atMs + gapMs;
    if (timers && due !== undefined && due < next) {
      atMs = due;
      const passed = elapse(alarm, delays, due);
      alarm = passed.alarm;
      note(passed.change);
    }
    atMs = next;
    // The wall clock steps in the middle of it all; the monotonic one does not.
    const timestamp = EPOCH + atMs + (i > steps.length / 2 ? clockStepMs : 0);
    const judged = judge(alarm, delays, { verdict, value: i, timestamp, elapsedMs: atMs });
    alarm = judged.alarm;
    note(judged.change);
  }
  return changes;
}

const steps = fc.array(
  fc.record({
    verdict: fc.constantFrom<Verdict>("violated", "clear", "between", "unjudged"),
    gapMs: fc.integer({ min: 1, max: 1_500 }),
  }),
  { maxLength: 80 },
);

describe("alarm", () => {
  it("raises and clears in turn, whatever comes", () => {
    fc.assert(
      fc.property(steps, fc.boolean(), fc.boolean(), (verdicts, raised, timers) => {
        const states = run(verdicts, { raised, timers }).map((change) => change.state);
        const expected = states.map((_, i) => (i % 2 === (raised ? 1 : 0) ? "raised" : "cleared"));
        expect(states).toEqual(expected);
      }),
    );
  });

  it("agrees with a naive model that looks at the whole past", () => {
    fc.assert(
      fc.property(steps, (verdicts) => {
        // Without timers: a change comes with a judged reading that completes an unbroken run.
        const model: { state: string; atMs: number }[] = [];
        let raised = false;
        let atMs = 0;
        const past: { verdict: Verdict; atMs: number }[] = [];
        for (const { verdict, gapMs } of verdicts) {
          atMs += gapMs;
          past.push({ verdict, atMs });
          const wanted: Verdict = raised ? "clear" : "violated";
          if (verdict !== wanted) continue;
          const judged = past.filter((entry) => entry.verdict !== "unjudged");
          const broken = judged.findLastIndex((entry) => entry.verdict !== wanted);
          const since = judged[broken + 1]?.atMs ?? atMs;
          if (atMs - since >= (raised ? DELAYS.clearForMs : DELAYS.forMs)) {
            raised = !raised;
            model.push({ state: raised ? "raised" : "cleared", atMs });
            past.length = 0;
          }
        }
        const changes = run(verdicts, { timers: false });
        expect(changes.map(({ state, atMs: at }) => ({ state, atMs: at }))).toEqual(model);
      }),
    );
  });

  it("raises once and clears once however the signal flaps within an excursion", () => {
    const flapping: Step[] = Array.from({ length: 50 }, (_, i) => ({
      verdict: i % 2 === 0 ? "violated" : "clear",
      gapMs: 300,
    }));
    const excursion: Step[] = [
      ...Array.from({ length: 10 }, (): Step => ({ verdict: "violated", gapMs: 300 })),
      ...flapping,
      ...Array.from({ length: 10 }, (): Step => ({ verdict: "clear", gapMs: 300 })),
    ];
    expect(run(excursion).map((change) => change.state)).toEqual(["raised", "cleared"]);
  });

  it("is not moved by a wall clock that steps", () => {
    fc.assert(
      fc.property(steps, fc.constantFrom(-3_600_000, 3_600_000), (verdicts, clockStepMs) => {
        const stepped = run(verdicts, { clockStepMs });
        const steady = run(verdicts);
        expect(stepped.map(({ state, atMs }) => ({ state, atMs }))).toEqual(
          steady.map(({ state, atMs }) => ({ state, atMs })),
        );
        for (const change of stepped) expect(change.since).toBeLessThanOrEqual(change.timestamp);
      }),
    );
  });

  it("raises by time alone: a door that stands open reports once", () => {
    const alarm = judge(createAlarm(), DELAYS, {
      verdict: "violated",
      value: true,
      timestamp: EPOCH,
      elapsedMs: 10,
    }).alarm;
    expect(dueAt(alarm, DELAYS)).toBe(2_010);
    expect(elapse(alarm, DELAYS, 2_009).change).toBeUndefined();
    const { alarm: raised, change } = elapse(alarm, DELAYS, 2_010);
    expect(change).toEqual({ state: "raised", value: true, timestamp: EPOCH + 2_000, since: EPOCH });
    expect(dueAt(raised, DELAYS)).toBeUndefined();
  });

  it("does not raise by time while the newest reading is bad, and does by the next good one", () => {
    const first = judge(createAlarm(), DELAYS, {
      verdict: "violated",
      value: 31,
      timestamp: EPOCH,
      elapsedMs: 0,
    });
    const bad = judge(first.alarm, DELAYS, {
      verdict: "unjudged",
      value: null,
      timestamp: EPOCH + 1_000,
      elapsedMs: 1_000,
    });
    expect(dueAt(bad.alarm, DELAYS)).toBeUndefined();
    expect(elapse(bad.alarm, DELAYS, 9_000).change).toBeUndefined();
    const good = judge(bad.alarm, DELAYS, {
      verdict: "violated",
      value: 32,
      timestamp: EPOCH + 3_000,
      elapsedMs: 3_000,
    });
    expect(good.change).toMatchObject({ state: "raised", value: 32, since: EPOCH });
  });

  it("does not raise an alarm again that a former boot left standing", () => {
    const standing = run(
      [
        { verdict: "violated", gapMs: 1 },
        { verdict: "violated", gapMs: 9_000 },
      ],
      {
        raised: true,
      },
    );
    expect(standing).toEqual([]);
    const over = run(
      [
        { verdict: "clear", gapMs: 1 },
        { verdict: "clear", gapMs: 1_000 },
      ],
      { raised: true },
    );
    expect(over.map((change) => change.state)).toEqual(["cleared"]);
  });

  it("begins anew what was pending under a changed rule, and leaves what stands", () => {
    const pending = judge(createAlarm(), DELAYS, {
      verdict: "violated",
      value: 31,
      timestamp: EPOCH,
      elapsedMs: 0,
    }).alarm;
    expect(dueAt(ruleChanged(pending), DELAYS)).toBeUndefined();
    const standing = ruleChanged(createAlarm(true));
    const still = judge(standing, DELAYS, { verdict: "between", value: 29, timestamp: EPOCH, elapsedMs: 5 });
    expect(still).toEqual({ alarm: { raised: true, pending: null, live: true } });
  });

  it("counts what stuck and missing have waited for into since, and waits for it once", () => {
    const rule: Rule = { id: "frozen", kind: "stuck", severity: "info", forMs: 60_000 };
    const delays = delaysOf(rule);
    const { change } = judge(createAlarm(), delays, {
      verdict: "violated",
      value: 5,
      timestamp: EPOCH,
      elapsedMs: 70_000,
    });
    expect(change).toEqual({ state: "raised", value: 5, timestamp: EPOCH, since: EPOCH - 60_000 });
  });
});
