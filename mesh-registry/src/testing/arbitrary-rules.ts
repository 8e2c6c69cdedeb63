import fc from "fast-check";
import type { Facts } from "../rules/evaluate.js";
import { parseRule } from "../rules/parse.js";
import { COMPARISONS, type Rule, UNITS } from "../rules/rule.js";

/** The rule that a text is; a test's own texts are rules. */
export function ruleOf(text: string): Rule {
  const parsed = parseRule(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.fault.message}`);
  return parsed.rule;
}

const metric = fc.constantFrom("completeness", "rows", "age", "age_seconds");
const number = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0),
);
const field = fc.constantFrom("owner", "description", "metadata.format");

const comparison = fc
  .record({
    kind: fc.constant("metric" as const),
    metric,
    op: fc.constantFrom(...COMPARISONS),
    value: number,
    unit: fc.option(fc.constantFrom(...UNITS), { nil: undefined }),
  })
  .map(({ unit, ...rule }): Rule => {
    if (unit === undefined) return rule;
    return { ...rule, unit: rule.metric === "age_seconds" && unit === "%" ? "s" : unit };
  });

const leaf: fc.Arbitrary<Rule> = fc.oneof(
  { weight: 3, arbitrary: comparison },
  fc.record({ kind: fc.constant("has" as const), field }),
  fc.record({
    kind: fc.constant("matches" as const),
    field,
    pattern: fc.constantFrom("a", "^b\\d", 'say "x"', "\\\\", "[^'\"]\n"),
  }),
  fc.record({
    kind: fc.constant("tagged" as const),
    tag: fc.oneof(fc.constantFrom("pii", "and", "not"), fc.string({ unit: "binary", maxLength: 6 })),
  }),
  fc.record({
    kind: fc.constant("attested" as const),
    claim: fc.constantFrom("encrypted", "has", "backed-up"),
  }),
);

/** Any rule that can be written: its print is read as the same one. */
export const rules: fc.Arbitrary<Rule> = fc.letrec<{ rule: Rule }>((tie) => ({
  rule: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc.record({
      kind: fc.constantFrom("and" as const, "or" as const),
      rules: fc.array(tie("rule"), { minLength: 2, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant("not" as const), rule: tie("rule") }),
  ),
})).rule;

/** Facts about the same few things, each of them there or not. */
export const facts: fc.Arbitrary<Facts> = fc.record({
  measurements: fc.array(
    fc.record({
      metric,
      value: number,
      at: fc.nat(5),
      source: fc.constant("test"),
    }),
    { maxLength: 4 },
  ),
  fields: fc.record(
    { owner: fc.constantFrom("a", ""), description: fc.constantFrom("b1", "\\", 'say "x"') },
    { requiredKeys: [] },
  ),
  tags: fc.subarray(["pii", "and"]),
  attestations: fc.subarray([
    { claim: "encrypted", by: "a", at: 1 },
    { claim: "has", by: "a", at: 1 },
  ]),
});
