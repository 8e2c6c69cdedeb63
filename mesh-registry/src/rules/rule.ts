/** What a governance rule says, as a tree. Its text is read by `parseRule` and written by `printRule`. */
export type Rule =
  /** `completeness >= 95%`: compares what was measured. */
  | { kind: "metric"; metric: string; op: Comparison; value: number; unit?: Unit }
  /** `has(owner)`: a declared field is there and not empty. `field` may be a path, as `metadata.format`. */
  | { kind: "has"; field: string }
  /** `matches(description, "…")`: some part of a declared field fits the pattern (see `pattern.ts`). */
  | { kind: "matches"; field: string; pattern: string }
  /** `tagged(pii)`. */
  | { kind: "tagged"; tag: string }
  /** A bare word, as `encryption_at_rest`: the owner attests it; nobody measures it. */
  | { kind: "attested"; claim: string }
  /** At least two of them. */
  | { kind: "and" | "or"; rules: readonly Rule[] }
  | { kind: "not"; rule: Rule };

export type MetricRule = Extract<Rule, { kind: "metric" }>;

export const COMPARISONS = [">=", "<=", "==", "!=", ">", "<"] as const;
export type Comparison = (typeof COMPARISONS)[number];

export const UNITS = ["%", "ms", "s", "m", "h", "d"] as const;
export type Unit = (typeof UNITS)[number];

/** The same as `not`: De Morgan's rules, down to the comparisons. They hold in three values as well. */
export function negated(rule: Rule): Rule {
  switch (rule.kind) {
    case "metric":
      return { ...rule, op: OPPOSITE[rule.op] };
    case "and":
      return { kind: "or", rules: rule.rules.map(negated) };
    case "or":
      return { kind: "and", rules: rule.rules.map(negated) };
    case "not":
      return positive(rule.rule);
    case "has":
    case "matches":
    case "tagged":
    case "attested":
      return { kind: "not", rule };
  }
}

/** The same rule with `not` only before what has no opposite of its own (`has`, `matches`, `tagged`, a claim). */
export function positive(rule: Rule): Rule {
  switch (rule.kind) {
    case "and":
    case "or":
      return { kind: rule.kind, rules: rule.rules.map(positive) };
    case "not":
      return negated(rule.rule);
    case "metric":
    case "has":
    case "matches":
    case "tagged":
    case "attested":
      return rule;
  }
}

const OPPOSITE: Readonly<Record<Comparison, Comparison>> = {
  ">=": "<",
  "<": ">=",
  "<=": ">",
  ">": "<=",
  "==": "!=",
  "!=": "==",
};
