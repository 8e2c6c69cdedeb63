import type { Check, RuleOf } from "./check.js";

/** What a window holds at most; past it the oldest are forgotten. Only a long steady climb comes near it. */
const MAX_WINDOW = 4_096;

interface Point {
  value: number;
  atMs: number;
}

/**
 * Violated when the value is more than `limit` away from one that it had within the last `perMs`. When the
 * reading before lies further back than that, it is held against it in proportion: `limit` for each `perMs`.
 * The first value has nothing to be held against and is unjudged.
 */
export function rate({ limit, perMs }: Pick<RuleOf<"rate">, "limit" | "perMs">): Check {
  // The candidates for the window's lowest and highest: each newer one is higher, or lower, than those before.
  const lowest: Point[] = [];
  const highest: Point[] = [];
  let last: Point | undefined;
  return {
    judge(value, atMs) {
      if (typeof value !== "number") return "unjudged";
      const before = last;
      last = { value, atMs };
      for (const window of [lowest, highest]) {
        let old = 0;
        for (const point of window) {
          if (point.atMs >= atMs - perMs && window.length - old < MAX_WINDOW) break;
          old += 1;
        }
        window.splice(0, old);
      }
      const fall = (highest[0]?.value ?? value) - value;
      const rise = value - (lowest[0]?.value ?? value);
      while ((lowest.at(-1)?.value ?? -Infinity) >= value) lowest.pop();
      while ((highest.at(-1)?.value ?? Infinity) <= value) highest.pop();
      lowest.push(last);
      highest.push(last);
      if (before === undefined) return "unjudged";
      if (rise > limit || fall > limit) return "violated";
      const allowed = limit * Math.max(1, (atMs - before.atMs) / perMs);
      return Math.abs(value - before.value) > allowed ? "violated" : "clear";
    },
  };
}
