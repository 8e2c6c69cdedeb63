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
  if (objective?.withinMs === undefined || !keptAway(entry)) return undefined;
  const end = entry.toAt ?? now;
  if (!isCounted(end, objective, now)) return undefined;
  const lengthMs = end - entry.fromAt;
  const staleMs = lengthMs - objective.withinMs;
  // A stretch that is about as long as the promise may have been noticed or not.
  if (staleMs <= 0) return undefined;
  const budgetMs = (1 - objective.target) * QUALITY_WINDOW_MS[objective.window];
  const sofar = entry.toAt === null ? " so far" : "";
  const spent = spentText(staleMs / budgetMs, objective);
  return `no fresh reading for about ${durationText(roundedMs(staleMs))}${sofar}: ${spent}`;
}

/** Whether no reading of the stream can have come from the entry's beginning to its end. */
function keptAway({ explanation, cause, fromAt, toAt, came, count, from, to }: LossEntry): boolean {
  switch (explanation) {
    case "node-down":
      return true;
    case "unknown":
      return cause === "node-unreachable";
    case "late":
      // One that goes on growing while readings come was no silence.
      return cause === "broker-unreachable" && toAt !== null && came !== undefined && came[0] >= toAt;
    case "recovered":
      return cause === "lost-at-broker" && count === to - from + 1 && toAt !== null && toAt > fromAt;
    default:
      return false;
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
