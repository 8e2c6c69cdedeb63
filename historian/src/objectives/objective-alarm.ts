import type { Severity } from "@fieldmesh/protocol";

/** So long it burns before anybody is called: what a node held is missing for the second until it has come. */
export const RAISE_FOR_MS = 10_000;
/** So long it does not burn before that is over. */
export const CLEAR_FOR_MS = 60_000;
/** A raised one stays raised down to this share of the factors. */
export const STAY_SHARE = 0.8;

const RANK: Readonly<Record<Severity, number>> = { info: 0, warning: 1, critical: 2 };

/** What became of an alarm by one look. */
export type AlarmChange = "raised" | "worse" | "cleared" | undefined;

export interface AlarmState {
  /** Raised, as severe as this; `undefined` while it is not. */
  severity: Severity | undefined;
  /** Since when the condition holds without a break, ms; `undefined` while it does not. */
  burningSince: number | undefined;
  /** Since when it is gone, ms. */
  calmSince: number | undefined;
}

export function calm(): AlarmState {
  return { severity: undefined, burningSince: undefined, calmSince: undefined };
}

/**
 * One raise and one clear for each excursion, however the burn flaps; between them it is raised once more should
 * it get worse.
 * @param severity of what burns now; `undefined` when nothing does (of a raised alarm: by {@link STAY_SHARE})
 */
export function look(state: AlarmState, severity: Severity | undefined, now: number): AlarmChange {
  if (severity === undefined) {
    state.burningSince = undefined;
    if (state.severity === undefined) return undefined;
    state.calmSince = Math.min(state.calmSince ?? now, now); // the clock may be set back
    if (now - state.calmSince < CLEAR_FOR_MS) return undefined;
    state.severity = undefined;
    state.calmSince = undefined;
    return "cleared";
  }
  state.calmSince = undefined;
  state.burningSince = Math.min(state.burningSince ?? now, now);
  if (state.severity === undefined) {
    if (now - state.burningSince < RAISE_FOR_MS) return undefined;
    state.severity = severity;
    return "raised";
  }
  if (RANK[severity] <= RANK[state.severity]) return undefined;
  state.severity = severity;
  return "worse";
}

/** The lesser of two. */
export function atMost(severity: Severity, limit: Severity): Severity {
  return RANK[severity] <= RANK[limit] ? severity : limit;
}
