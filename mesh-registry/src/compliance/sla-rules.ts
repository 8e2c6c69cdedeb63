import type { Product } from "../resources/product.js";
import type { Rule } from "../rules/rule.js";
import { readDuration } from "./duration.js";

const read = new WeakMap<Product["sla"], readonly Rule[]>();

/** What a product promises of itself, as rules: of one SLA the same ones each time. */
export function slaRules({ sla }: Pick<Product, "sla">): readonly Rule[] {
  const known = read.get(sla);
  if (known !== undefined) return known;
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
  read.set(sla, rules);
  return rules;
}
