import type { Check, RuleOf } from "./check.js";

/** Violated out of [low, high], clear within [clearLow, clearHigh] (default: the limits). */
export function outside({
  low,
  high,
  clearLow = low,
  clearHigh = high,
}: Pick<RuleOf<"outside">, "low" | "high" | "clearLow" | "clearHigh">): Check {
  return {
    judge(value) {
      if (typeof value !== "number") return "unjudged";
      if (value < low || value > high) return "violated";
      return value >= clearLow && value <= clearHigh ? "clear" : "between";
    },
  };
}
