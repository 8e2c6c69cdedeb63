import type { ObjectiveReport } from "@fieldmesh/protocol";
import type { Finding, Verdict } from "../rules/evaluate.js";
import { printRule } from "../rules/print.js";
import { quantity } from "../rules/quantity.js";
import type { Rule } from "../rules/rule.js";
import type { SourcedMeasurement, StreamFacts } from "./facts.js";

/** A target of 100 % has no error budget: the historian holds a stream to a little less. */
const CLOSE = 2e-5;

const VERDICTS: Readonly<Record<ObjectiveReport["state"], Verdict>> = {
  ok: "pass",
  burning: "pass",
  exhausted: "fail",
  unknown: "unknown",
};

/**
 * How a promise of a product's own SLA stands by what the historian says of it: kept as long as its error budget over
 * the whole window is not spent, so that a young stream does not break a day's promise by a minute. Undefined where
 * the historian does not hold the stream to this promise.
 */
export function promiseFinding(
  rule: Rule,
  { stream, objectives, at, until }: StreamFacts,
): Finding | undefined {
  if (rule.kind !== "metric") return undefined;
  const held = objectives.find((objective) => isOf(objective, rule));
  if (held === undefined) return undefined;
  const { measure, window, actual, budgetLeft, state, target, withinMs } = held;
  const common = { rule: printRule(rule), verdict: VERDICTS[state] };
  if (actual === null) return { ...common, verdict: "unknown", reason: `${measure} was not measured` };
  const measured: SourcedMeasurement = {
    metric: measure,
    value: actual,
    unit: "share",
    at,
    source: `historian, promise over ${window} of ${stream}`,
    from: "measured",
    stream,
    until,
  };
  const kept = `${percent(actual)} ${measure === "timeliness" ? `came within ${withinMs} ms` : ""}`.trim();
  const what = measure === "timeliness" ? kept : `${measure} is ${kept}`;
  const budget = `${percent(Math.max(0, budgetLeft ?? 0))} of the error budget of ${window} is left (${percent(target)})`;
  const reason = state === "unknown" ? `${what}: too little was measured yet` : `${what}: ${budget}`;
  return { ...common, reason, measured };
}

function isOf({ measure, target, withinMs }: ObjectiveReport, rule: Rule & { kind: "metric" }): boolean {
  if (measure !== rule.metric) return false;
  const { dimension, base } = quantity(rule.value, rule.unit);
  if (measure === "timeliness") return dimension === "time" && withinMs === base;
  return dimension === "share" && Math.abs(target - base) < CLOSE;
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(3))}%`;
}
