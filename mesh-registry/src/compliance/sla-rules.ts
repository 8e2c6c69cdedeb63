import type { Product } from "../resources/product.js";
import type { Rule } from "../rules/rule.js";
import { readDuration } from "./duration.js";

/** What a product promises of itself, as rules. */
export function slaRules({ sla }: Pick<Product, "sla">): Rule[] {
  const rules: Rule[] = [];
  for (const metric of ["availability", "completeness", "validity"] as const) {
    const { [metric]: value } = sla;
    if (value !== undefined) rules.push({ kind: "metric", metric, op: ">=", value, unit: "%" });
  }
  for (const metric of ["freshness", "timeliness"] as const) {
    const { [metric]: promised } = sla;
    if (promised === undefined) continue;
    const { value, unit } = readDuration(promised);
    rules.push({ kind: "metric", metric, op: "<=", value, unit });
  }
  return rules;
}
