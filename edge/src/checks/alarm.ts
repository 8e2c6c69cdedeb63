import type { AlarmState, Rule } from "@fieldmesh/protocol";
import type { Verdict } from "../worker-messages.js";

/** How long a condition must hold, and be gone, before the alarm follows it. In ms. */
export interface AlarmDelays {
  forMs: number;
  clearForMs: number;
  /** How long the condition had held already when it is first seen: it is part of `since`. */
  leadMs: number;
}

/** The delays of a rule. What `stuck` and `missing` wait for they have seen themselves: it is not waited twice. */
export function delaysOf(rule: Rule): AlarmDelays {
  const clearForMs = rule.clearForMs ?? 0;
  if (rule.kind === "stuck") return { forMs: 0, clearForMs, leadMs: rule.forMs };
  return { forMs: rule.forMs ?? 0, clearForMs, leadMs: rule.kind === "missing" ? rule.afterMs : 0 };
}

/** One verdict as it reaches the alarm. */
export interface Judgement {
  verdict: Verdict;
  value: number | boolean | null;
  /** Of the reading, ms since the epoch; it may step. Events are stamped from it. */
  timestamp: number;
  /** The node's monotonic clock; delays are measured by it. */
  elapsedMs: number;
}

/** A change of the alarm: what becomes an event. */
export interface AlarmChange {
  state: AlarmState;
  value: number | boolean | null;
  timestamp: number;
  /** Since when the condition, or its absence, has held without a break. */
  since: number;
}

/** An alarm between two judgements. Plain data; the functions below return the next one. */
export interface Alarm {
  raised: boolean;
  /** On the way to the other state: since when, and with what value last. */
  pending: { timestamp: number; elapsedMs: number; value: number | boolean | null } | null;
  /** The newest reading was judged. While it is not, time alone changes nothing. */
  live: boolean;
}

/** What stands before the first judgement: nothing, or the alarm that a former boot left standing. */
export function createAlarm(raised = false): Alarm {
  return { raised, pending: null, live: false };
}

/**
 * Takes a verdict in. An alarm is raised once the condition has held for `forMs` and cleared once it has been
 * gone for `clearForMs`; the hysteresis band breaks off both. A reading that is not judged neither breaks off
 * nor completes anything: a sensor with dropouts still raises, by a good reading.
 */
export function judge(
  alarm: Alarm,
  delays: AlarmDelays,
  { verdict, value, timestamp, elapsedMs }: Judgement,
): { alarm: Alarm; change?: AlarmChange } {
  if (verdict === "unjudged") return { alarm: { ...alarm, live: false } };
  const turning = verdict === (alarm.raised ? "clear" : "violated");
  if (!turning) return { alarm: { raised: alarm.raised, pending: null, live: true } };
  const begun = alarm.pending ?? { timestamp, elapsedMs };
  return complete(
    { raised: alarm.raised, pending: { ...begun, value }, live: true },
    delays,
    elapsedMs,
    timestamp,
  );
}

/** Lets time pass without a reading: a door that stands open says so once. To be called at {@link dueAt}. */
export function elapse(
  alarm: Alarm,
  delays: AlarmDelays,
  elapsedMs: number,
): { alarm: Alarm; change?: AlarmChange } {
  if (!alarm.live || alarm.pending === null) return { alarm };
  // In the readings' own time, which need not be that of this machine.
  const timestamp = alarm.pending.timestamp + Math.round(elapsedMs - alarm.pending.elapsedMs);
  return complete(alarm, delays, elapsedMs, timestamp);
}

/** When, on the monotonic clock, {@link elapse} has something to do; `undefined` when it has not. */
export function dueAt(alarm: Alarm, delays: AlarmDelays): number | undefined {
  if (!alarm.live || alarm.pending === null) return undefined;
  return alarm.pending.elapsedMs + (alarm.raised ? delays.clearForMs : delays.forMs);
}

/** Another limit is another condition: what was pending under the old one begins anew. What stands, stands. */
export function ruleChanged(alarm: Alarm): Alarm {
  return createAlarm(alarm.raised);
}

function complete(
  alarm: Alarm,
  delays: AlarmDelays,
  elapsedMs: number,
  timestamp: number,
): { alarm: Alarm; change?: AlarmChange } {
  const due = dueAt(alarm, delays);
  if (alarm.pending === null || due === undefined || elapsedMs < due) return { alarm };
  const { value } = alarm.pending;
  const leadMs = alarm.raised ? 0 : delays.leadMs;
  // Wall time may have stepped back in between: a beginning never lies after what it began.
  const since = Math.min(alarm.pending.timestamp, timestamp) - leadMs;
  const raised = !alarm.raised;
  return {
    alarm: { raised, pending: null, live: true },
    change: { state: raised ? "raised" : "cleared", value, timestamp, since },
  };
}
