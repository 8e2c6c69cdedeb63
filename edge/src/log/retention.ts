import type { Segment, StreamSpan } from "./segment.js";
import type { BootState, LogState } from "./state.js";

export interface RetentionLimits {
  heldBytes: number;
  heldMs: number;
  replayBytes: number;
  replayMs: number;
}

/** Why held readings were given up: the log was too large, or they were too old. */
export type RetentionCause = "full" | "expired";

export interface DroppedRange {
  kind: "reading" | "event";
  key: string;
  boot: number;
  from: number;
  to: number;
  cause: RetentionCause;
}

export interface RetentionPlan {
  dropped: DroppedRange[];
  /** Nothing in them is needed any more. */
  remove: Segment[];
  /** Only their held events are needed. */
  compact: Segment[];
}

/** A day: for so long stats tell of an earlier boot. */
const PREVIOUS_BOOT_MS = 24 * 3_600_000;
/** A node that starts over and over must not make its stats grow without end. */
const MAX_PREVIOUS_BOOTS = 64;

export function spanHolds(state: LogState, span: StreamSpan): boolean {
  const held = state.find(span.kind, span.key, span.boot)?.held;
  return held !== undefined && held.countWithin(span.from, span.to) > 0;
}

export function holds(state: LogState, segment: Segment, kind?: "reading" | "event"): boolean {
  for (const span of segment.spans.values()) {
    if ((kind === undefined || span.kind === kind) && spanHolds(state, span)) return true;
  }
  return false;
}

/**
 * Decides what the log gives up now. `segments` are in order and the last is still being written; `tailBytes`
 * wait in memory. Behind the first segment that holds something lies the replay ring, from it on the outbox.
 */
export function planRetention(
  state: LogState,
  segments: readonly Segment[],
  tailBytes: number,
  now: number,
  limits: RetentionLimits,
): RetentionPlan {
  const plan: RetentionPlan = { dropped: [], remove: [], compact: [] };
  const sealed = segments.slice(0, -1);
  let cursor = sealed.findIndex((segment) => holds(state, segment));
  if (cursor === -1) cursor = sealed.length;

  // Behind the cursor: newest first, as long as there is room and they are young enough.
  let replayBytes = 0;
  for (const segment of sealed.slice(0, cursor).reverse()) {
    replayBytes += segment.bytes;
    if (replayBytes > limits.replayBytes || now - segment.endedAt > limits.replayMs)
      plan.remove.push(segment);
  }

  // Ahead of it: the oldest readings go first, events only when no readings are left.
  const ahead = sealed.slice(cursor);
  let bytes = tailBytes + segments.slice(cursor).reduce((sum, segment) => sum + segment.bytes, 0);
  for (const segment of ahead) {
    const expired = now - segment.endedAt > limits.heldMs;
    if (!expired && bytes <= limits.heldBytes) break;
    bytes -= giveUp(state, segment, expired ? "expired" : "full", plan);
  }
  for (const segment of ahead) {
    if (bytes <= limits.heldBytes) break;
    if (plan.remove.includes(segment)) continue;
    dropSpans(state, segment, "event", "full", plan);
    plan.compact = plan.compact.filter((other) => other !== segment);
    plan.remove.push(segment);
    bytes -= segment.bytes;
  }
  return plan;
}

/** Gives up the readings of a segment, and its events too when they are past their time. Returns bytes freed. */
function giveUp(state: LogState, segment: Segment, cause: RetentionCause, plan: RetentionPlan): number {
  dropSpans(state, segment, "reading", cause, plan);
  if (cause === "expired") dropSpans(state, segment, "event", cause, plan);
  const keepsEvents = cause !== "expired" && holds(state, segment, "event");
  if (!keepsEvents) {
    plan.remove.push(segment);
    return segment.bytes;
  }
  if (hasOnlyEvents(segment)) return 0; // it has been rewritten before
  plan.compact.push(segment);
  return segment.bytes;
}

export function hasOnlyEvents(segment: Segment): boolean {
  return [...segment.spans.values()].every((span) => span.kind === "event");
}

function dropSpans(
  state: LogState,
  segment: Segment,
  kind: "reading" | "event",
  cause: RetentionCause,
  plan: RetentionPlan,
): void {
  for (const span of segment.spans.values()) {
    if (span.kind !== kind) continue;
    const stream = state.find(kind, span.key, span.boot);
    if (stream === undefined) continue;
    for (const [from, to] of stream.held.clip(span.from, span.to).ranges()) {
      stream.drop(from, to, cause);
      plan.dropped.push({ kind, key: span.key, boot: span.boot, from, to, cause });
    }
  }
}

/** Forgets boots that ended more than a day ago, or are too many, and hold nothing. */
export function pruneBoots(state: LogState, now: number): void {
  const boots = [...state.boots.values()].sort((a, b) => a.boot - b.boot);
  boots.slice(0, -1).forEach((boot, index) => {
    const endedAt = boots[index + 1]?.startedAt ?? now;
    const tooMany = boots.length - 1 - index > MAX_PREVIOUS_BOOTS;
    if ((now - endedAt > PREVIOUS_BOOT_MS || tooMany) && !holdsAnything(boot)) state.boots.delete(boot.boot);
  });
}

function holdsAnything(boot: BootState): boolean {
  for (const streams of [boot.readings, boot.events]) {
    for (const stream of streams.values()) if (stream.held.count > 0) return true;
  }
  return false;
}
