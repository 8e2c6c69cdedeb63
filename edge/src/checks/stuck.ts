import type { Check, RuleOf } from "./check.js";

/**
 * Violated once the value has stayed within `tolerance` of where it last moved to for `forMs`, clear from a move
 * on. Before either is seen it is unjudged, so that a worker that starts anew does not end a standing alarm.
 */
export function stuck({ forMs, tolerance = 0 }: Pick<RuleOf<"stuck">, "forMs" | "tolerance">): Check {
  let rest: { value: number | boolean; sinceMs: number } | undefined;
  let hasMoved = false;
  return {
    judge(value, atMs) {
      if (rest === undefined || isMove(rest.value, value, tolerance)) {
        hasMoved = rest !== undefined;
        rest = { value, sinceMs: atMs };
      }
      if (atMs - rest.sinceMs >= forMs) return "violated";
      return hasMoved ? "clear" : "unjudged";
    },
  };
}

function isMove(from: number | boolean, to: number | boolean, tolerance: number): boolean {
  if (typeof from !== "number" || typeof to !== "number") return from !== to;
  return Math.abs(to - from) > tolerance;
}
