import type { Check, RuleOf } from "./check.js";

/** Violated past the limit, clear at `clear` (default: the limit) or under it. */
export function above({ limit, clear = limit }: Pick<RuleOf<"above">, "limit" | "clear">): Check {
  return {
    judge(value) {
      if (typeof value !== "number") return "unjudged";
      return value > limit ? "violated" : value <= clear ? "clear" : "between";
    },
  };
}
