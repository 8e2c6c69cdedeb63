import { type Measure, type ObjectiveReport, QUALITY_WINDOW_MS } from "@fieldmesh/protocol";
import type { Objective } from "../configuration/objectives-of.js";
import type { ObjectiveWindow } from "../configuration/schema.js";
import type { MeasureCounts } from "../measure/measurement.js";

/** Two windows that both have to burn: the long one says that it matters, the short one that it goes on. */
export interface BurnPair {
  longMs: number;
  shortMs: number;
  /** How many times too fast the budget burns at least. */
  factor: number;
  /** A fast burn calls somebody, a slow one is for the next working day. */
  speed: "fast" | "slow";
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

function pair(
  windowMs: number,
  longMs: number,
  shortMs: number,
  spent: number,
  speed: BurnPair["speed"],
): BurnPair {
  return { longMs, shortMs, factor: Number(((spent * windowMs) / longMs).toPrecision(6)), speed };
}

/**
 * Pairs for each window that a promise may have. A pair fires when within its long window that share of the whole
 * budget went. Those of 30 days are the ones recommended in "The Site Reliability Workbook" (Google, 2018),
 * chapter 5, "Alerting on SLOs", table 5-8: 2 % in an hour (14.4 times too fast), 5 % in 6 hours (6 times), 10 %
 * in 3 days (once), the short window a twelfth of the long one. The shorter windows have a smaller budget, of
 * which a share that is worth a call is larger.
 */
export const BURN_PAIRS: Readonly<Record<ObjectiveWindow, readonly BurnPair[]>> = {
  "30d": [
    pair(30 * DAY_MS, HOUR_MS, 5 * MINUTE_MS, 0.02, "fast"),
    pair(30 * DAY_MS, 6 * HOUR_MS, 30 * MINUTE_MS, 0.05, "fast"),
    pair(30 * DAY_MS, 3 * DAY_MS, 6 * HOUR_MS, 0.1, "slow"),
  ],
  "24h": [
    pair(DAY_MS, HOUR_MS, 5 * MINUTE_MS, 0.2, "fast"),
    pair(DAY_MS, 6 * HOUR_MS, 30 * MINUTE_MS, 0.5, "slow"),
  ],
  "1h": [
    pair(HOUR_MS, 5 * MINUTE_MS, MINUTE_MS, 0.2, "fast"),
    pair(HOUR_MS, 30 * MINUTE_MS, 5 * MINUTE_MS, 0.5, "slow"),
  ],
};

/** A window that was watched for this share of it counts as whole: measured ones are up to a bucket shorter. */
const WHOLE = 0.9;
/** The same for the shortest of them, of 5 buckets. */
const SHORT_WHOLE = 0.75;
/** Of measures that count readings: fewer than these say nothing about a share… */
const MIN_READINGS = 10;
/** …and fewer bad ones than these are an incident, whatever share of a slow stream they are. */
const MIN_BAD = 3;

export interface PairBurn {
  pair: BurnPair;
  /** Times too fast; `null` while there is too little to tell. */
  long: number | null;
  short: number | null;
  /** However fast it burns, nobody is called for so few readings. */
  few: boolean;
}

export interface Standing {
  /** Share that was kept over the window; `null` when nothing was measured. */
  actual: number | null;
  budgetLeft: number | null;
  /** How much of the window was watched, ms; `null` when it was all of it. */
  watchedMs: number | null;
  burns: PairBurn[];
}

/** How a promise stands by what was measured over the newest `lastMs`. Pure. */
export function standingOf(
  { measure, target, window }: Pick<Objective, "measure" | "target" | "window">,
  counts: (lastMs: number) => MeasureCounts,
): Standing {
  const windowMs = QUALITY_WINDOW_MS[window];
  const whole = errorsOf(measure, counts(windowMs));
  const spent = burnOf(whole, target, windowMs);
  return {
    actual: whole.total > 0 ? 1 - whole.bad / whole.total : null,
    budgetLeft: spent === null ? null : 1 - spent,
    watchedMs: whole.observedMs >= windowMs * WHOLE ? null : whole.observedMs,
    burns: BURN_PAIRS[window].map((pair) => {
      const long = errorsOf(measure, counts(pair.longMs));
      const short = errorsOf(measure, counts(pair.shortMs));
      const young = short.observedMs < pair.shortMs * SHORT_WHOLE;
      const enough = !young && (isTime(measure) || long.total >= MIN_READINGS);
      return {
        pair,
        long: enough ? burnOf(long, target, pair.longMs) : null,
        // What happens now is not judged by how long it was watched: it goes on or it does not.
        short: enough && short.total > 0 ? short.bad / short.total / (1 - target) : null,
        few: !isTime(measure) && long.bad < MIN_BAD,
      };
    }),
  };
}

/**
 * The pair that matters most: of those that burn, or come nearest to it, at `ease` of their factors (1 to raise,
 * less to stay raised).
 */
export function hottest(
  burns: readonly PairBurn[],
  ease: number,
): { burn: PairBurn; burning: boolean } | undefined {
  let hot: { burn: PairBurn; heat: number } | undefined;
  for (const burn of burns) {
    if (burn.long === null || burn.short === null) continue;
    const heat = heatOf(burn);
    if (hot === undefined || heat > hot.heat) hot = { burn, heat };
  }
  return hot === undefined ? undefined : { burn: hot.burn, burning: hot.heat > ease };
}

/** Above 1 both windows of a pair burn faster than it allows. */
function heatOf({ pair, long, short, few }: PairBurn): number {
  return few ? 0 : Math.min(long ?? 0, short ?? 0) / pair.factor;
}

/** The fastest of the pairs that burn at `ease` of their factors: what decides how severe it is. */
export function isFast(burns: readonly PairBurn[], ease: number): boolean {
  return burns.some((burn) => burn.pair.speed === "fast" && heatOf(burn) > ease);
}

export function burnView(burns: readonly PairBurn[]): ObjectiveReport["burn"] {
  const hot = hottest(burns, 1);
  return { short: hot?.burn.short ?? null, long: hot?.burn.long ?? null };
}

interface Errors {
  bad: number;
  total: number;
  observedMs: number;
}

function errorsOf(measure: Measure, counts: MeasureCounts): Errors {
  const { observedMs, freshMs, expected, received, valid, timely, timed } = counts;
  switch (measure) {
    case "availability":
      return { bad: observedMs - freshMs, total: observedMs, observedMs };
    case "completeness":
      return { bad: expected - received, total: expected, observedMs };
    case "validity":
      return { bad: received - valid, total: received, observedMs };
    case "timeliness":
      return { bad: timed - timely, total: timed, observedMs };
  }
}

function isTime(measure: Measure): boolean {
  return measure === "availability";
}

/**
 * Share of what the budget allows in a stretch that went: the error rate divided by (1 - target) when all of it
 * was watched. What was not watched counts as kept, so that a young stream is not condemned by its first minute.
 */
function burnOf({ bad, total, observedMs }: Errors, target: number, stretchMs: number): number | null {
  if (total <= 0) return null;
  const watched = observedMs >= stretchMs * WHOLE ? 1 : observedMs / stretchMs;
  return (bad / total / (1 - target)) * watched;
}
