import type { Check, RuleOf } from "./check.js";

/** Violated under the limit, clear at `clear` (default: the limit) or past it. */
export function below({ limit, clear = limit }: Pick<RuleOf<"below">, "limit" | "clear">): Check {
  return {
    judge(value) {
      if (typeof value !== "number") return "unjudged";
      return value < limit ? "violated" : value >= clear ? "clear" : "between";
    },
  };
}
