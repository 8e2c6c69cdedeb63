import type { QualityReport } from "@fieldmesh/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { facts, ruleOf, rules } from "../testing/arbitrary-rules.js";
import { evaluateRule, type Facts, type Measurement } from "./evaluate.js";
import { measurementsOfReport } from "./measured.js";
import { isKeyword, MAX_RULE_LENGTH, parseRule } from "./parse.js";
import { printRule } from "./print.js";
import { metricName } from "./quantity.js";
import { negated, positive, type Rule } from "./rule.js";

const NOTHING: Facts = { measurements: [], fields: {}, tags: [], attestations: [] };

function fault(text: string) {
  const parsed = parseRule(text);
  if (parsed.ok) throw new Error(`${text} is a rule`);
  return parsed.fault;
}

const measured = (metric: string, value: number, more: Partial<Measurement> = {}): Facts => ({
  ...NOTHING,
  measurements: [{ metric, value, at: 1_000, source: "test", ...more }],
});
const verdict = (text: string, given: Facts) => evaluateRule(ruleOf(text), given).verdict;

describe("a rule's text", () => {
  it("is read as what it says", () => {
    expect(ruleOf("completeness >= 95%")).toEqual({
      kind: "metric",
      metric: "completeness",
      op: ">=",
      value: 95,
      unit: "%",
    });
    expect(ruleOf(" timeliness<=24 h ")).toMatchObject({ op: "<=", value: 24, unit: "h" });
    expect(ruleOf("row_count != -1.5e3")).toEqual({
      kind: "metric",
      metric: "row_count",
      op: "!=",
      value: -1500,
    });
    expect(ruleOf("encryption_at_rest")).toEqual({ kind: "attested", claim: "encryption_at_rest" });
    expect(ruleOf("not has(metadata.format) or tagged('a b') and tagged(pii)")).toEqual({
      kind: "or",
      rules: [
        { kind: "not", rule: { kind: "has", field: "metadata.format" } },
        {
          kind: "and",
          rules: [
            { kind: "tagged", tag: "a b" },
            { kind: "tagged", tag: "pii" },
          ],
        },
      ],
    });
    expect(ruleOf('matches(description, "^\\d+ \\"x\\" \\\\.$")')).toEqual({
      kind: "matches",
      field: "description",
      pattern: '^\\d+ "x" \\.$',
    });
  });

  it.each([
    ["", 1, 1, "the end of the rule", "a metric"],
    ["completeness >=", 1, 16, "the end of the rule", "a number"],
    ["completeness >= 95 percent", 1, 20, '"percent"', "a unit (% ms s m h d)"],
    ["timeliness <= 24h extra", 1, 19, '"extra"', "end of the rule"],
    ["has(owner", 1, 10, "the end of the rule", ")"],
    ["has owner", 1, 5, '"owner"', "end of the rule"],
    ["owns(it)", 1, 1, '"owns("', "has(…)"],
    ["(a and\n  and b)", 2, 3, '"and"', "a metric"],
    ["a &", 1, 3, '"&"', "end of the rule"],
    ['matches(description, "abc)', 1, 22, "a text without its closing quote", "a pattern in quotes"],
    ['matches(description, "a(b")', 1, 22, '"\\"a(b\\""', 'a pattern: ")"'],
    ["rows > 1e999", 1, 8, "a number too large", "a number"],
    ["timeliness_hours <= 95%", 1, 23, '"%"', "a unit that agrees with the name timeliness_hours"],
    [`${"not ".repeat(60)}a`, 1, 201, '"not"', 'at most 50 levels of parentheses and "not"'],
    ["a".repeat(MAX_RULE_LENGTH + 1), 1, 2001, "2001 characters", "a rule of at most 2000 characters"],
  ])("that is none is refused where it goes wrong: %j", (text, line, column, found, expected) => {
    const refused = fault(text);
    expect(refused).toMatchObject({ line, column, found });
    expect(refused.expected.join(" or ")).toContain(expected);
    expect(refused.message).toContain(`line ${line}, column ${column}: found ${found}, expected `);
    expect(
      text
        .split("\n")
        .slice(0, line - 1)
        .join("\n").length +
        (line > 1 ? 1 : 0) +
        column -
        1,
    ).toBe(refused.offset);
  });

  it("comes back from its print", () => {
    fc.assert(
      fc.property(rules, (rule) => {
        expect(parseRule(printRule(rule))).toEqual({ ok: true, rule });
      }),
      { numRuns: 500 },
    );
  });

  it("never throws, and points into the text, whatever it is", () => {
    const pieces = fc.constantFrom(
      ..."has( matches( tagged( ) and or not , >= < == 95 % h \" ' \\ a -1 \n _".split(" "),
    );
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 60 }),
      fc.array(pieces, { maxLength: 20 }).map((p) => p.join(" ")),
      rules.map(printRule).chain((t) => fc.nat(t.length).map((n) => t.slice(0, n) + t.slice(n + 1))),
    );
    fc.assert(
      fc.property(text, (t) => {
        const parsed = parseRule(t);
        if (parsed.ok) {
          expect(parseRule(printRule(parsed.rule))).toEqual(parsed);
          return;
        }
        const { offset, line, column } = parsed.fault;
        expect(offset).toBeLessThanOrEqual(t.length);
        const before = t.slice(0, offset);
        expect(line).toBe(before.split("\n").length);
        expect(column).toBe(offset - before.lastIndexOf("\n"));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("a judged rule", () => {
  it("is unknown, not passed, where nothing was measured", () => {
    for (const text of [
      "completeness >= 95%",
      "not completeness >= 95%",
      "rows != 0",
      "encrypted",
      "not encrypted",
    ]) {
      expect(verdict(text, NOTHING)).toBe("unknown");
    }
  });

  it("answers what was measured, when and by whom, for each part", () => {
    const given: Facts = {
      measurements: [
        { metric: "completeness", value: 0.9, unit: "share", at: 1_000, source: "historian" },
        { metric: "completeness", value: 0.57, unit: "share", at: 2_000, source: "historian" },
        { metric: "timeliness_hours", value: 2.5, at: 3_000, source: "posted by alice" },
      ],
      fields: { owner: "alice" },
      tags: ["PII"],
      attestations: [{ claim: "encryption_at_rest", by: "alice", at: 5 }],
    };
    expect(
      evaluateRule(
        ruleOf("completeness >= 57% and timeliness <= 24h and encryption_at_rest and tagged(pii)"),
        given,
      ),
    ).toEqual({
      rule: "completeness >= 57% and timeliness <= 24h and encryption_at_rest and tagged(pii)",
      verdict: "pass",
      reason:
        "completeness is 57%; timeliness is 2.5h; attested by alice, not measured; the tag pii is there",
      parts: [
        {
          rule: "completeness >= 57%",
          verdict: "pass",
          reason: "completeness is 57%",
          measured: given.measurements[1],
        },
        {
          rule: "timeliness <= 24h",
          verdict: "pass",
          reason: "timeliness is 2.5h",
          measured: given.measurements[2],
        },
        {
          rule: "encryption_at_rest",
          verdict: "pass",
          reason: "attested by alice, not measured",
          attested: given.attestations[0],
        },
        { rule: "tagged(pii)", verdict: "pass", reason: "the tag pii is there" },
      ],
    });
  });

  it("reads units, also in names, and compares nothing that is not alike", () => {
    expect(verdict("timeliness_hours <= 2", measured("timeliness", 7_200_000, { unit: "ms" }))).toBe("pass");
    expect(verdict("timeliness_hours <= 2", measured("timeliness", 7_200_001, { unit: "ms" }))).toBe("fail");
    expect(
      verdict("timelinessMs <= 100 and age == 1.1s", {
        ...NOTHING,
        measurements: [
          { metric: "timeliness_seconds", value: 0.1, at: 1, source: "test" },
          { metric: "age", value: 1_100, unit: "ms", at: 1, source: "test" },
        ],
      }),
    ).toBe("pass");
    expect(verdict("completeness >= 95%", measured("completeness", 98.5))).toBe("pass");
    expect(verdict("completeness >= 95%", measured("completeness", 0.985))).toBe("fail"); // 0.985 %, as posted
    expect(verdict("completeness >= 95%", measured("completeness", 0.985, { unit: "share" }))).toBe("pass");
    expect(verdict("timeliness <= 24h", measured("timeliness", 2.5))).toBe("unknown"); // 2.5 of what?
    expect(verdict("completeness >= 95", measured("completeness", 98, { unit: "%" }))).toBe("unknown");
    expect(verdict("completeness >= 95", measured("completeness", Number.NaN))).toBe("unknown");
  });

  it("does not take what is too old", () => {
    const finding = evaluateRule(ruleOf("rows > 0"), { ...measured("rows", 5), notBefore: 1_001 });
    expect(finding).toMatchObject({ verdict: "unknown", measured: { value: 5, at: 1_000 } });
  });

  it("looks at declared fields only where they are the product's own and not empty", () => {
    const given = {
      ...NOTHING,
      fields: { owner: " ", team: [], sla: { quality: 95 }, description: "Nightly totals" },
    };
    expect(verdict("has(description) and has(sla.quality)", given)).toBe("pass");
    for (const field of ["owner", "team", "missing", "sla.toString", "constructor", "__proto__"]) {
      expect(verdict(`has(${field})`, given)).toBe("fail");
    }
    expect(verdict('matches(description, "^N.*[a-z]$")', given)).toBe("pass");
    expect(verdict('matches(description, "^n")', given)).toBe("fail");
    expect(verdict('not matches(missing, "TODO")', given)).toBe("pass");
    expect(
      verdict('matches(description, "x")', { ...given, fields: { description: "y".repeat(10_001) } }),
    ).toBe("unknown");
  });

  it("follows Kleene's logic: De Morgan, double not, and unknown parts that decide nothing", () => {
    fc.assert(
      fc.property(rules, rules, facts, (a, b, given) => {
        const of = (rule: Rule) => evaluateRule(rule, given).verdict;
        expect(of({ kind: "not", rule: { kind: "and", rules: [a, b] } })).toBe(
          of({
            kind: "or",
            rules: [
              { kind: "not", rule: a },
              { kind: "not", rule: b },
            ],
          }),
        );
        expect(of({ kind: "not", rule: { kind: "not", rule: a } })).toBe(of(a));
        expect(of(positive(a))).toBe(of(a));
        expect(of(negated(a))).toBe(of({ kind: "not", rule: a }));
        const verdicts = [of(a), of(b)];
        expect(of({ kind: "and", rules: [a, b] }) === "pass").toBe(verdicts.every((v) => v === "pass"));
        expect(of({ kind: "or", rules: [a, b] }) === "fail").toBe(verdicts.every((v) => v === "fail"));
      }),
      { numRuns: 500 },
    );
  });

  it("keeps its verdict when more becomes known: unknown may become pass or fail, never one the other", () => {
    fc.assert(
      fc.property(rules, facts, (rule, given) => {
        const before = evaluateRule(rule, { ...given, measurements: [], attestations: [] }).verdict;
        if (before !== "unknown") expect(evaluateRule(rule, given).verdict).toBe(before);
      }),
      { numRuns: 500 },
    );
  });
});

describe("names and reports", () => {
  it("gives the unit in a metric's name", () => {
    expect(metricName("timeliness_hours")).toEqual({ metric: "timeliness", unit: "h" });
    expect(metricName("null_pct")).toEqual({ metric: "null", unit: "%" });
    expect(metricName("row_count")).toEqual({ metric: "row_count" });
    expect(metricName("_hours")).toEqual({ metric: "_hours" });
    expect(isKeyword("Not")).toBe(true);
  });

  it("takes from the historian's report what it measured, and nothing that it could not", () => {
    const window = {
      observedMs: 1,
      expected: 10,
      received: 9,
      completeness: 0.9,
      validity: null,
      invalidBy: {},
      availability: 1,
      timeliness: { p50: 1, p95: 20, p99: 30 },
      rate: null,
      duplicates: 0,
      outOfOrder: 0,
      bad: 0,
      badBy: {},
    };
    const report: QualityReport = {
      stream: "env_desk_temperature",
      timestamp: 7,
      freshness: { at: null, ageMs: null, withinMs: 1, fresh: false },
      clock: null,
      windows: { "1m": window, "1h": window, "24h": window, "30d": window },
      objectives: [],
      configuration: 1,
    };
    const common = { at: 7, source: "historian, 24h of env_desk_temperature" };
    const measurements = measurementsOfReport(report);
    expect(measurements).toEqual([
      { metric: "completeness", value: 0.9, unit: "share", ...common },
      { metric: "availability", value: 1, unit: "share", ...common },
      { metric: "timeliness", value: 20, unit: "ms", ...common },
    ]);
    expect(verdict("completeness >= 90% and timeliness < 1s", { ...NOTHING, measurements })).toBe("pass");
    expect(verdict("validity >= 0% or freshness <= 1d", { ...NOTHING, measurements })).toBe("unknown");
  });
});
