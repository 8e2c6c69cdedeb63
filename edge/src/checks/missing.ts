import type { Verdict } from "../worker-messages.js";
import type { RuleOf } from "./check.js";

/** What was heard of a sensor, on the node's monotonic clock. */
export interface Heard {
  /** When this boot began to listen. */
  startedMs: number;
  /** The last good or uncertain reading of this boot, suppressed ones included. */
  lastGoodMs?: number;
}

/**
 * Violated when no good reading came for `afterMs`. Before the first one of a boot nothing is known until that
 * time has passed: a restart does not clear a standing alarm.
 */
export function missing(rule: Pick<RuleOf<"missing">, "afterMs">, heard: Heard, nowMs: number): Verdict {
  if (nowMs - (heard.lastGoodMs ?? heard.startedMs) > rule.afterMs) return "violated";
  return heard.lastGoodMs === undefined ? "unjudged" : "clear";
}
