import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { facts, ruleOf, rules } from "../testing/arbitrary-rules.js";
import { evaluateRule } from "./evaluate.js";
import { implies, loosenings } from "./implies.js";
import { COMPARISONS, type Rule } from "./rule.js";

const follows = (stronger: string, weaker: string) => implies(ruleOf(stronger), ruleOf(weaker));

describe("a rule that implies another", () => {
  it.each([
    ["completeness >= 99%", "completeness >= 95%", true],
    ["completeness >= 95%", "completeness >= 95%", true],
    ["completeness > 95%", "completeness >= 95%", true],
    ["completeness >= 95%", "completeness > 95%", false],
    ["completeness >= 90%", "completeness >= 95%", false],
    ["timeliness <= 90m", "timeliness_hours <= 2", true],
    ["timeliness_seconds < 7200", "timeliness <= 2h", true],
    ["rows == 5", "rows > 4 and rows != 6", true],
    ["not rows < 5", "rows >= 4", true],
    ["completeness >= 99%", "completeness >= 95", false], // not comparable: of what?
    ["completeness >= 99%", "accuracy >= 95%", false],
    ["has(owner) and tagged(pii)", "has(owner)", true],
    ["has(owner)", "has(owner) or tagged(pii)", true],
    ["has(owner) or tagged(pii)", "has(owner)", false],
    ["not has(owner)", "not (has(owner) and tagged(pii))", true],
  ])("%s ⇒ %s: %s", (stronger, weaker, expected) => {
    expect(follows(stronger, weaker)).toBe(expected);
  });

  it("never passes where the other does not", () => {
    fc.assert(
      fc.property(rules, rules, facts, (a, b, given) => {
        for (const [stronger, weaker] of [
          [a, b],
          [{ kind: "and", rules: [a, b] }, b],
          [a, { kind: "or", rules: [b, a] }],
        ] satisfies [Rule, Rule][]) {
          if (implies(stronger, weaker) && evaluateRule(stronger, given).verdict === "pass") {
            expect(evaluateRule(weaker, given).verdict).toBe("pass");
          }
        }
        expect(implies({ kind: "and", rules: [a, b] }, a)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it("is found for every two comparisons of one metric that are so", () => {
    const limit = fc.integer({ min: 0, max: 4 });
    const op = fc.constantFrom(...COMPARISONS);
    fc.assert(
      fc.property(op, limit, op, limit, (opA, a, opB, b) => {
        const [stronger, weaker] = [ruleOf(`x ${opA} ${a}`), ruleOf(`x ${opB} ${b}`)];
        const passes = (rule: Rule, value: number) =>
          evaluateRule(rule, {
            measurements: [{ metric: "x", value, at: 0, source: "test" }],
            fields: {},
            tags: [],
            attestations: [],
          }).verdict === "pass";
        const values = [...Array(29).keys()].map((n) => (n - 8) / 2);
        expect(implies(stronger, weaker)).toBe(
          values.every((v) => !passes(stronger, v) || passes(weaker, v)),
        );
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("a domain's rules beside mandatory ones", () => {
  const found = (mandatory: string[], proposed: string[]) =>
    loosenings(mandatory.map(ruleOf), proposed.map(ruleOf)).map(({ why, reason }) => `${why}: ${reason}`);

  it("may ask for more and for other things", () => {
    expect(
      found(
        ["completeness >= 95%", "timeliness <= 24h"],
        [
          "completeness >= 99%",
          "timeliness <= 1h",
          "accuracy >= 1%",
          "completeness >= 95%",
          "completeness <= 100%",
        ],
      ),
    ).toEqual([]);
  });

  it("may not ask for less, or for the contrary", () => {
    expect(found(["completeness >= 95%", "has(owner)"], ["completeness >= 90%", "not has(owner)"])).toEqual([
      'weaker: "completeness >= 90%" asks for less than the mandatory "completeness >= 95%": tighten it or leave it out',
      'contrary: "not has(owner)" and the mandatory "has(owner)" can never both pass',
    ]);
    expect(found(["encrypted"], ["encrypted or has(owner)"])).toHaveLength(1);
    expect(found(["completeness >= 95%"], ["completeness < 50%"])).toEqual([
      'contrary: "completeness < 50%" and the mandatory "completeness >= 95%" can never both pass',
    ]);
  });
});
