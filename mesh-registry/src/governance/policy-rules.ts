import type { GovernancePolicy } from "../resources/governance-policy.js";
import { alternatives, parseRule } from "../rules/parse.js";
import type { Rule } from "../rules/rule.js";
import { type Fault, RegistryError } from "../store/registry-error.js";

/** One rule of a policy. */
export interface PolicyRule {
  policy: GovernancePolicy;
  /** In the policy's list, from 0. */
  index: number;
  /** As it was written. */
  text: string;
  rule: Rule;
}

/**
 * Reads the rules of a policy.
 * @throws RegistryError invalid_rule, with the place in each rule that is none and what was expected there
 */
export function readRules(texts: readonly string[]): Rule[] {
  const rules: Rule[] = [];
  const faults: Fault[] = [];
  for (const [index, text] of texts.entries()) {
    const parsed = parseRule(text);
    if (parsed.ok) rules.push(parsed.rule);
    else {
      const { message, line, column, offset, expected } = parsed.fault;
      faults.push({
        pointer: `/rules/${index}`,
        value: text,
        detail: `rules[${index}]: ${message}`,
        expected: alternatives(expected),
        position: { line, column, offset },
      });
    }
  }
  const [first] = faults;
  if (first !== undefined) {
    throw new RegistryError("invalid_rule", first.detail ?? "rules: expected rules", faults);
  }
  return rules;
}

const read = new WeakMap<GovernancePolicy, readonly PolicyRule[]>();

/** The rules of a policy that is kept; read once. */
export function rulesOf(policy: GovernancePolicy): readonly PolicyRule[] {
  let rules = read.get(policy);
  if (rules === undefined) {
    const parsed = readRules(policy.rules);
    rules = parsed.map((rule, index) => ({ policy, index, text: policy.rules[index] ?? "", rule }));
    read.set(policy, rules);
  }
  return rules;
}
