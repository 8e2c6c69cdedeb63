import { holds } from "./evaluate.js";
import { printRule } from "./print.js";
import { metricName, quantity } from "./quantity.js";
import { type MetricRule, negated, positive, type Rule } from "./rule.js";

/**
 * Whether what passes `stronger` must pass `weaker`. Sound, not complete: `true` is certain, `false` is "no, or
 * not to be seen from the rules". Comparisons are judged by their numbers, everything else by being the same.
 */
export function implies(stronger: Rule, weaker: Rule): boolean {
  return follows(positive(stronger), positive(weaker));
}

/** A proposed rule that takes back what a mandatory one asks. */
export interface Loosening {
  mandatory: Rule;
  proposed: Rule;
  /** `weaker`: less is asked of the same thing. `contrary`: both can never pass. */
  why: "weaker" | "contrary";
  /** One sentence for people. */
  reason: string;
}

/**
 * What of the proposed rules (a domain's, say) loosens the mandatory ones. They may ask for more and for other
 * things; a rule as strict as the mandatory one is none.
 */
export function loosenings(mandatory: readonly Rule[], proposed: readonly Rule[]): Loosening[] {
  const found: Loosening[] = [];
  for (const global of mandatory) {
    for (const rule of proposed) {
      if (implies(rule, global)) continue;
      const [a, b] = [printRule(rule), printRule(global)];
      if (implies(global, rule)) {
        const reason = `"${a}" asks for less than the mandatory "${b}": tighten it or leave it out`;
        found.push({ mandatory: global, proposed: rule, why: "weaker", reason });
      } else if (implies(rule, negated(global))) {
        const reason = `"${a}" and the mandatory "${b}" can never both pass`;
        found.push({ mandatory: global, proposed: rule, why: "contrary", reason });
      }
    }
  }
  return found;
}

function follows(stronger: Rule, weaker: Rule): boolean {
  if (weaker.kind === "and") return weaker.rules.every((part) => follows(stronger, part));
  if (stronger.kind === "or") return stronger.rules.every((part) => follows(part, weaker));
  if (weaker.kind === "or" && weaker.rules.some((part) => follows(stronger, part))) return true;
  if (stronger.kind === "and") return stronger.rules.some((part) => follows(part, weaker));
  if (stronger.kind === "metric" && weaker.kind === "metric") return within(stronger, weaker);
  return printRule(stronger) === printRule(weaker);
}

/** Whether every number that `inner` takes is one that `outer` takes, of the same metric and dimension. */
function within(inner: MetricRule, outer: MetricRule): boolean {
  const [a, b] = [bound(inner), bound(outer)];
  if (a.metric !== b.metric || a.dimension !== b.dimension) return false;
  switch (inner.op) {
    case "==":
      return holds(a.base, outer.op, b.base);
    case "!=":
      return outer.op === "!=" && a.base === b.base;
    case ">":
    case ">=":
      if (outer.op === ">" || outer.op === "!=")
        return a.base > b.base || (inner.op === ">" && a.base === b.base);
      return outer.op === ">=" && a.base >= b.base;
    case "<":
    case "<=":
      if (outer.op === "<" || outer.op === "!=")
        return a.base < b.base || (inner.op === "<" && a.base === b.base);
      return outer.op === "<=" && a.base <= b.base;
  }
}

function bound(rule: MetricRule) {
  const { metric, unit } = metricName(rule.metric);
  return { metric, ...quantity(rule.value, rule.unit ?? unit) };
}
