export {
  type Attestation,
  all,
  evaluateRule,
  type Facts,
  type Finding,
  type Measurement,
  type Verdict,
} from "./rules/evaluate.js";
export { implies, type Loosening, loosenings } from "./rules/implies.js";
export { measurementsOfReport } from "./rules/measured.js";
export { MAX_RULE_LENGTH, type ParsedRule, parseRule, type RuleFault } from "./rules/parse.js";
export { printRule } from "./rules/print.js";
export { type MeasuredUnit, metricName } from "./rules/quantity.js";
export type { Comparison, MetricRule, Rule, Unit } from "./rules/rule.js";
