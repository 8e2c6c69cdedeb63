import { clockCorrectionMs } from "@fieldmesh/runtime";

/** By how much a clock that was measured may still be wrong, ms; a node that is further off is marked. */
export const CLOCK_OFF_MS = 2_000;
/** A reading that was sent at once does not take longer, ms, unless the network stood or a clock was set. */
const PROMPT_MS = 10_000;

/** What is known of when a reading was read. */
export interface Told {
  /** By the node's clock, ms. */
  timestamp: number;
  /** Node clock minus ours, as measured; 0 where it was not. */
  offsetMs: number;
  /** Whether it was. */
  measured: boolean;
  arrivedAt: number;
  /** Times of its neighbours by sequence number, between which it was read; -Infinity and Infinity if unknown. */
  after: number;
  before: number;
  /** It was held, or sent again: a long delay is no wonder. */
  backfill: boolean;
}

/**
 * When a reading was read, by our clock, ms: what the node says with its clock's error taken out (as it is stored), but never after
 * it came, and between the readings that were numbered before and after it. Between a jump of the node's clock and
 * the next measurement of it, what it says is wrong by as much as it jumped; a reading sent at once is then taken
 * to be of its arrival, one that was held as near to what it says as its neighbours allow.
 */
export function readingTime(told: Told): number {
  const { arrivedAt, after, backfill } = told;
  const latest = Math.min(arrivedAt, told.before);
  const at = told.timestamp - clockCorrectionMs(told.offsetMs);
  if (at > latest) return latest;
  const strayed = at < after - CLOCK_OFF_MS || (!told.measured && arrivedAt - at > PROMPT_MS);
  if (strayed && !backfill) return latest;
  return Math.min(latest, Math.max(at, after));
}

/**
 * Whether the delay of a reading cannot be told yet: its node's clock was never measured, it says another time
 * than it can have been read at, or it took long though it was sent at once. Such delays are told once the
 * clock has been measured (again).
 */
export function delayIsDoubtful(told: Told, at: number): boolean {
  if (!told.measured) return true;
  if (told.backfill) return false;
  const said = told.timestamp - told.offsetMs;
  return Math.abs(said - at) > CLOCK_OFF_MS || told.arrivedAt - said > PROMPT_MS;
}

/**
 * The delay, in ms, of a reading whose clock has been measured since; `undefined` when that does not fit either.
 * @param said when it was read, by the node's clock with the offset known now
 * @param at what was taken for it when it came
 */
export function delayInRetrospect(said: number, at: number, arrivedAt: number): number | undefined {
  const delayMs = arrivedAt - said;
  const most = Math.max(PROMPT_MS, arrivedAt - at + CLOCK_OFF_MS);
  return delayMs < -CLOCK_OFF_MS || delayMs > most ? undefined : Math.max(0, delayMs);
}
