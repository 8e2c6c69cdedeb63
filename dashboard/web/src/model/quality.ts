import {
  type Measure,
  type ObjectiveReport,
  QUALITY_WINDOW_MS,
  type QualityReport,
  type QualityWindow,
  type WindowQuality,
} from "@fieldmesh/protocol";
import { durationText } from "./times.js";

/** How a share stands against what is promised, for its colour. `none`: nothing was measured, or nothing is promised. */
export type QualityTone = "good" | "tight" | "broken" | "none";

export const MEASURE_WORD: Record<Measure, string> = {
  availability: "Availability",
  completeness: "Completeness",
  validity: "Validity",
  timeliness: "Timeliness",
};

export const MEASURE_MEANING: Record<Measure, string> = {
  availability: "share of time in which a fresh reading was there",
  completeness: "share of the readings made that have come",
  validity: "share of readings within the declared unit, type and range",
  timeliness: "95 of 100 readings arrived within",
};

export const WINDOW_WORD: Record<QualityWindow, string> = {
  "1m": "1 min",
  "1h": "1 h",
  "24h": "24 h",
  "30d": "30 d",
};

/**
 * A share of 0 to 1 in percent: no more digits than matter, and never rounded up to 100 when something is missing:
 * `100 %`, `99.98 %`, `97.2 %`, `41 %`.
 */
export function shareText(share: number | null): string {
  if (share === null) return "–";
  const percent = share * 100;
  if (percent >= 100) return "100 %";
  const digits = percent >= 99 ? 2 : percent >= 90 ? 1 : 0;
  const scale = 10 ** digits;
  return `${(Math.floor(percent * scale) / scale).toFixed(digits)} %`;
}

export function objectiveOf(report: QualityReport, measure: Measure): ObjectiveReport | undefined {
  return report.objectives.find((objective) => objective.measure === measure);
}

/** What one window says of one measure, in a word. */
export function cellText(quality: WindowQuality, measure: Measure): string {
  if (measure !== "timeliness") return shareText(quality[measure]);
  return quality.timeliness === null ? "–" : durationText(quality.timeliness.p95);
}

/** From so much of a window on, what was watched of it counts as all of it. */
const WHOLE = 0.9;

/** How much of a window was watched, 0 to 1. */
export function watchedShare({ observedMs }: WindowQuality, window: QualityWindow): number {
  const share = observedMs / QUALITY_WINDOW_MS[window];
  return share >= WHOLE ? 1 : share;
}

/** `99.51 % so far`, `96.3 % of the 9 s watched`; undefined while nothing was measured. */
export function actualText({ actual, window }: ObjectiveReport, report: QualityReport): string | undefined {
  if (actual === null) return undefined;
  const quality = report.windows[window];
  return watchedShare(quality, window) === 1
    ? `${shareText(actual)} so far`
    : `${shareText(actual)} of the ${durationText(quality.observedMs)} watched`;
}

/** Against the promise where there is one; a share without a promise is only told. */
export function cellTone(
  quality: WindowQuality,
  measure: Measure,
  objective: ObjectiveReport | undefined,
  window: QualityWindow,
): QualityTone {
  if (objective === undefined) return "none";
  if (measure === "timeliness") {
    const { timeliness } = quality;
    if (timeliness === null || objective.withinMs === undefined) return "none";
    if (timeliness.p95 > objective.withinMs) return "broken";
    return timeliness.p95 > objective.withinMs / 2 ? "tight" : "good";
  }
  const share = quality[measure];
  if (share === null) return "none";
  // As the budget has it: what of the window was not watched counts as kept.
  const spent = ((1 - share) / (1 - objective.target)) * watchedShare(quality, window);
  // Counted in doubles: 0.99 of 1 must not miss a target of 0.99 by its last bit.
  if (spent > 1 + 1e-9) return "broken";
  return spent > 0.5 ? "tight" : "good";
}

/** Whether a promise is being broken, or is broken for its window. */
export function isInTrouble({ state }: Pick<ObjectiveReport, "state">): boolean {
  return state === "burning" || state === "exhausted";
}

/** What burns first, then the least budget; streams of which nothing was measured last. */
export function worstFirst(reports: readonly QualityReport[], measure?: Measure): QualityReport[] {
  const rank = (report: QualityReport): [number, number] => {
    const asked =
      measure === undefined ? report.objectives : report.objectives.filter((o) => o.measure === measure);
    const burning = asked.some(({ state }) => state === "burning") ? 0 : 1;
    const budgets = asked.flatMap(({ budgetLeft }) => (budgetLeft === null ? [] : [budgetLeft]));
    return [burning, budgets.length === 0 ? Number.POSITIVE_INFINITY : Math.min(...budgets)];
  };
  return reports
    .map((report) => ({ report, rank: rank(report) }))
    .sort(
      (a, b) =>
        a.rank[0] - b.rank[0] ||
        (a.rank[1] === b.rank[1] ? a.report.stream.localeCompare(b.report.stream) : a.rank[1] - b.rank[1]),
    )
    .map(({ report }) => report);
}

/** What is promised, in a sentence: `99 % of 24 h a reading not older than 6 s`. */
export function promiseText({ measure, target, withinMs, window }: ObjectiveReport): string {
  // As it was written: 99.9, and not 99.90.
  const share = `${Number((target * 100).toPrecision(12))} %`;
  const within = withinMs === undefined ? "" : durationText(withinMs);
  const of = WINDOW_WORD[window];
  switch (measure) {
    case "availability":
      return `${share} of ${of}: a reading not older than ${within}`;
    case "completeness":
      return `${share} of the readings of ${of} come`;
    case "validity":
      return `${share} of the readings of ${of} within unit, type and range`;
    case "timeliness":
      return `${share} of the readings of ${of} come within ${within}`;
  }
}

/** What became of an error budget, in the measure's own terms: `57 s spent, 13 min left`, `all 14 min left`. */
export function budgetText(objective: ObjectiveReport): string {
  const { budgetLeft, measure, target, window } = objective;
  if (budgetLeft === null) return "not measured yet";
  if (measure === "availability") {
    const allowedMs = (1 - target) * QUALITY_WINDOW_MS[window];
    const spentMs = (1 - budgetLeft) * allowedMs;
    if (budgetLeft < 0) return `${durationText(spentMs)} spent of ${durationText(allowedMs)}`;
    // A budget that is whole but for the rounding of its measurement.
    if (spentMs < 1) return `all ${durationText(allowedMs)} left`;
    return `${durationText(spentMs)} spent, ${durationText(allowedMs - spentMs)} left`;
  }
  if (budgetLeft < 0) return `spent ${Number((1 - budgetLeft).toPrecision(2))} times`;
  return budgetLeft > 1 - 1e-9 ? "all left" : `${percent(budgetLeft)} left`;
}

function percent(share: number): string {
  return `${Math.floor(share * 100)} %`;
}

/** How fast the budget goes, in words; undefined while it does not. */
export function burnText({ burn }: ObjectiveReport): string | undefined {
  const rate = burn.short === null || burn.long === null ? null : Math.min(burn.short, burn.long);
  if (rate === null || rate < 1) return undefined;
  return `${rate >= 10 ? Math.round(rate) : rate.toFixed(1)} times too fast`;
}
