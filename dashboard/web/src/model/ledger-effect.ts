import {
  type LossEntry,
  type ObjectiveReport,
  QUALITY_WINDOW_MS,
  type QualityReport,
} from "@fieldmesh/protocol";
import { objectiveOf, WINDOW_WORD } from "./quality.js";
import { durationText } from "./times.js";

/**
 * What an entry of the ledger did to the stream's promises, as far as it can be told from the entry itself: to
 * availability by how long no reading could have come, to completeness by how many never did. Undefined of what is
 * past the promise's window, and where nothing sure can be said. `now` in ms.
 */
export function effectText(entry: LossEntry, report: QualityReport, now: number): string | undefined {
  return availabilityText(entry, report, now) ?? completenessText(entry, report, now);
}

function availabilityText(entry: LossEntry, report: QualityReport, now: number): string | undefined {
  const objective = objectiveOf(report, "availability");
  if (objective?.withinMs === undefined) return undefined;
  const end = silentUntil(entry, now);
  if (end === undefined || !isCounted(end, objective, now)) return undefined;
  const staleMs = end - entry.fromAt - objective.withinMs;
  // A silence that is about as long as a reading may be old was noticed or was not.
  if (staleMs <= 0) return undefined;
  const budgetMs = (1 - objective.target) * QUALITY_WINDOW_MS[objective.window];
  const sofar = entry.toAt === null ? " so far" : "";
  const spent = spentText(staleMs / budgetMs, objective);
  return `no fresh reading for about ${durationText(roundedMs(staleMs))}${sofar}: ${spent}`;
}

/** The last readings of an outage are read while the first are coming: such a share of it is still one silence. */
const OVERLAP = 0.2;

/** Until when no reading of the stream can have come since the entry began, ms; undefined where that is not known. */
function silentUntil(entry: LossEntry, now: number): number | undefined {
  const { explanation, cause, fromAt, toAt, came, count, from, to } = entry;
  switch (explanation) {
    case "node-down":
      return toAt ?? now;
    case "unknown":
      return cause === "node-unreachable" ? (toAt ?? now) : undefined;
    case "late": {
      if (cause !== "broker-unreachable" || toAt === null || came === undefined) return undefined;
      const end = Math.min(toAt, came[0]);
      // One that goes on growing while readings come was more than one silence.
      return toAt - end <= (toAt - fromAt) * OVERLAP ? end : undefined;
    }
    case "recovered":
      return cause === "lost-at-broker" && count === to - from + 1 && toAt !== null ? toAt : undefined;
    case "dropped":
    case "held":
      // Whether others came meanwhile is not known of them.
      return undefined;
  }
}

function completenessText(entry: LossEntry, report: QualityReport, now: number): string | undefined {
  const objective = objectiveOf(report, "completeness");
  if (objective === undefined || entry.explanation !== "dropped" || entry.count === 0) return undefined;
  if (!isCounted(entry.toAt ?? now, objective, now)) return undefined;
  const { expected, observedMs } = report.windows[objective.window];
  if (expected === 0) return undefined;
  // What of the window was not watched counts as kept.
  const watched = Math.min(1, observedMs / QUALITY_WINDOW_MS[objective.window]);
  return spentText((entry.count / expected / (1 - objective.target)) * watched, objective);
}

function isCounted(at: number, { window }: ObjectiveReport, now: number): boolean {
  return at > now - QUALITY_WINDOW_MS[window];
}

/** `about 6 % of the 24 h error budget of availability` */
function spentText(share: number, { measure, window }: ObjectiveReport): string {
  const of = `the ${WINDOW_WORD[window]} error budget of ${measure}`;
  if (share > 1) return `more than ${of}`;
  return share < 0.01 ? `less than 1 % of ${of}` : `about ${Math.round(share * 100)} % of ${of}`;
}

/** To whole seconds: what is about a minute is not told to the millisecond. */
function roundedMs(ms: number): number {
  return Math.max(1_000, Math.round(ms / 1_000) * 1_000);
}
