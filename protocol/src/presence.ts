import type { NodePresence } from "./frames.js";
import type { Birth, BirthSensor, Stats, Status } from "./messages.js";

/**
 * A node tells of itself at least every 10 s (its stats). Three of them and the 5 s of a slow network may pass
 * before it counts as silent, ms. Longer than the 22.5 s after which a broker sends a dead node's will.
 */
export const SILENT_AFTER_MS = 35_000;

export interface PresenceInput {
  birth: Birth | null;
  status: Status | null;
  stats: Stats | null;
  /** When that status arrived here, ms. */
  statusAt: number | null;
  /** When anything that was not retained last came from the node, ms. */
  lastHeardAt: number | null;
  /** Since when this consumer hears the broker without a break, ms; `null` while it does not. */
  listeningSince: number | null;
  now: number;
}

export interface Presence {
  presence: NodePresence;
  /** Since when, by this consumer's clock, ms. */
  since: number;
  reason?: string;
}

/**
 * Whether a node is there. Nobody publishes that a node is offline or silent: every consumer derives it from
 * the node's own words by this function. While the consumer itself hears nothing it accuses nobody of silence.
 */
export function presence(input: PresenceInput): Presence {
  const { status, statusAt, lastHeardAt, listeningSince, now } = input;
  const told = statusAt ?? now;
  if (status?.state === "offline") {
    const reason = status.reason;
    return { presence: "offline", since: told, ...(reason === undefined ? {} : { reason }) };
  }
  if (status === null && input.birth === null && input.stats === null) {
    return { presence: "unknown", since: lastHeardAt ?? now };
  }
  // What was retained says nothing about now: silence is measured from when this consumer began to listen.
  const heardAt = Math.max(lastHeardAt ?? 0, listeningSince ?? 0);
  if (listeningSince !== null && now - heardAt > SILENT_AFTER_MS) {
    const seconds = Math.round((now - heardAt) / 1_000);
    return { presence: "silent", since: heardAt, reason: `nothing heard for ${seconds} s` };
  }
  return { presence: "online", since: told };
}

/** Sensors may be late by two intervals, and by 5 s of a slow network or a busy machine. */
const LATE_INTERVALS = 3;
const MIN_STALE_MS = 5_000;
/** A publisher without a birth tells no interval: at least a minute is waited. */
const MIN_UNDECLARED_STALE_MS = 60_000;

export interface StaleInput {
  /** What the birth says of the sensor; absent for publishers without one. */
  declared?: Pick<BirthSensor, "intervalMs" | "maxSilenceMs">;
  /** For those: their own median interval, from {@link medianInterval}. */
  medianIntervalMs?: number;
  /** When its newest reading arrived, ms; `null` when none did since `listeningSince`. */
  lastAt: number | null;
  listeningSince: number | null;
  now: number;
}

/** Whether nothing came from a sensor for longer than its interval and maximum silence allow. */
export function sensorStale({
  declared,
  medianIntervalMs,
  lastAt,
  listeningSince,
  now,
}: StaleInput): boolean {
  const since = Math.max(lastAt ?? 0, listeningSince ?? 0);
  if (since === 0 || listeningSince === null) return lastAt === null;
  const allowedMs =
    declared === undefined
      ? Math.max(LATE_INTERVALS * (medianIntervalMs ?? 0), MIN_UNDECLARED_STALE_MS)
      : Math.max(LATE_INTERVALS * Math.max(declared.intervalMs, declared.maxSilenceMs ?? 0), MIN_STALE_MS);
  return now - since > allowedMs;
}

/** Median of the times between arrivals, ms; `undefined` with fewer than two. */
export function medianInterval(arrivals: readonly number[]): number | undefined {
  const intervals = arrivals.slice(1).map((at, index) => at - (arrivals[index] ?? at));
  intervals.sort((a, b) => a - b);
  return intervals[intervals.length >>> 1];
}
