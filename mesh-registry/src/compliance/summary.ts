import type { ComplianceReport, ComplianceSummary, RuleCompliance } from "../resources/compliance.js";
import type { Product } from "../resources/product.js";
import { all, type Verdict } from "../rules/evaluate.js";
import type { Judgement } from "./judge.js";

const MAX_VIOLATIONS = 20;

/** How a product stands, without its rules; since when is to be looked up. */
export function summarize(
  { id, domain, owner }: Product,
  { report }: Judgement,
  now: number,
): ComplianceSummary {
  const { version, state, reason, rules } = report;
  const count = (of: ComplianceReport["state"]): number =>
    rules.filter(({ verdict }) => verdict === of).length;
  return {
    product: id,
    version,
    domain,
    owner,
    state,
    reason,
    judgedAt: now,
    since: null,
    policies: byPolicy(rules),
    passed: count("pass"),
    failed: count("fail"),
    unknown: count("unknown"),
    violations: rules
      .filter(({ verdict }) => verdict === "fail")
      .slice(0, MAX_VIOLATIONS)
      .map(({ policy, rule, reason: why }) => ({ policy, rule, reason: why })),
  };
}

/** What the rules of each policy are together. */
function byPolicy(rules: readonly RuleCompliance[]): ComplianceSummary["policies"] {
  const found = new Map<string, { enforcement: RuleCompliance["enforcement"]; verdicts: Verdict[] }>();
  for (const { policy, enforcement, verdict, overruled } of rules) {
    const its = found.get(policy) ?? { enforcement, verdicts: [] };
    if (overruled === undefined) its.verdicts.push(verdict);
    found.set(policy, its);
  }
  return [...found].map(([policy, { enforcement, verdicts }]) => ({
    policy,
    enforcement,
    state: verdicts.length === 0 ? "unknown" : all(verdicts),
  }));
}
