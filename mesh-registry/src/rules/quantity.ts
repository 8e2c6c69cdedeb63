import type { Unit } from "./rule.js";

/** What a number counts: a share of a whole (0 to 1), a time (ms), or something without a unit. */
export type Dimension = "share" | "time" | "plain";

/** Unit of a measurement: as in a rule, or `share` for 0 to 1. */
export type MeasuredUnit = Unit | "share";

/** A number in the base unit of its dimension. */
export interface Quantity {
  dimension: Dimension;
  base: number;
}

const MS: Readonly<Record<Exclude<Unit, "%">, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Puts a number into its base unit: `%` and shares into a share, times into ms (to a millionth of one). */
export function quantity(value: number, unit: MeasuredUnit | undefined): Quantity {
  if (unit === undefined) return { dimension: "plain", base: value };
  if (unit === "share") return { dimension: "share", base: value };
  if (unit === "%") return { dimension: "share", base: value / 100 };
  // 1.1 s and 1100 ms are the same time, though not the same product in binary.
  const ms = Math.round(value * MS[unit] * 1e6) / 1e6;
  return { dimension: "time", base: Number.isFinite(ms) ? ms : value * MS[unit] };
}

export function dimensionOf(unit: MeasuredUnit | undefined): Dimension {
  return quantity(0, unit).dimension;
}

const ENDINGS: readonly (readonly [unit: Unit, ending: RegExp])[] = [
  ["%", /(?:_(?:percent|pct)|Percent|Pct)$/],
  ["ms", /(?:_(?:ms|millis|milliseconds)|Ms|Millis|Milliseconds)$/],
  ["s", /(?:_(?:secs?|seconds?)|Seconds?)$/],
  ["m", /(?:_(?:mins?|minutes?)|Minutes?)$/],
  ["h", /(?:_(?:hrs?|hours?)|Hours?)$/],
  ["d", /(?:_days?|Days?)$/],
];

/** Takes a unit out of a metric's name: `timeliness_hours` is `timeliness` in hours, `ageMs` is `age` in ms. */
export function metricName(name: string): Readonly<{ metric: string; unit?: Unit }> {
  const known = names.get(name);
  if (known !== undefined) return known;
  if (names.size >= MAX_NAMES) names.clear();
  const read = readName(name);
  names.set(name, read);
  return read;
}

/** Every measurement is asked for its name by every rule: a few names, again and again. */
const names = new Map<string, Readonly<{ metric: string; unit?: Unit }>>();
const MAX_NAMES = 1_000;

function readName(name: string): { metric: string; unit?: Unit } {
  for (const [unit, ending] of ENDINGS) {
    const metric = name.replace(ending, "");
    if (metric !== name && metric !== "") return { metric, unit };
  }
  return { metric: name };
}
