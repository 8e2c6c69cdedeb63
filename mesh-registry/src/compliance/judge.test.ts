import type { QualityReport } from "@fieldmesh/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PolicyBook } from "../governance/policy-book.js";
import { checkTightens } from "../governance/tightening.js";
import type { GovernancePolicy } from "../resources/governance-policy.js";
import { type Product, product as productSchema } from "../resources/product.js";
import type { Posted } from "../store/governance-collections.js";
import { RegistryError } from "../store/registry-error.js";
import { qualityReport } from "../testing/quality.js";
import { type FactSources, gatherFacts } from "./facts.js";
import { type Judgement, judge } from "./judge.js";

const NOW = 1_763_640_000_000;
const [A, B] = ["env_desk_a", "env_desk_b"];

function product(more: object = {}): Product {
  const made = {
    id: "p",
    domain: "env",
    owner: "alice",
    createdAt: NOW - 90_000,
    updatedAt: NOW - 5,
    ...more,
  };
  return productSchema.parse(made);
}

function policy(rules: string[], more: Partial<GovernancePolicy> = {}): GovernancePolicy {
  const made = { name: "p", type: "quality", scope: { kind: "global" }, enforcement: "mandatory" } as const;
  return { id: "q", ...made, rules, description: "", createdAt: NOW, updatedAt: NOW, ...more };
}

interface Known {
  reports?: QualityReport[];
  streams?: string[];
  posted?: Posted[];
  claims?: string[];
}

function sources({ reports = [], posted = [], claims = [], ...known }: Known): FactSources {
  const streams = known.streams ?? reports.map(({ stream }) => stream);
  return {
    latest: (stream) => reports.find((report) => report.stream === stream),
    streamsOf: () => streams,
    postedOf: () => posted,
    attestationsOf: () => claims.map((claim) => ({ claim, by: "alice", at: NOW - 7 })),
    versionOf: () => "1.0.0",
  };
}

function judged(rules: string[], known: Known, its: object = {}, now = NOW): Judgement {
  const policies = rules.length === 0 ? [] : [policy(rules)];
  const one = product(its);
  return judge(gatherFacts(one, sources(known), now), new PolicyBook(() => policies).of(one));
}

const verdicts = ({ report }: Judgement): string[] =>
  report.rules.map(({ rule, verdict, reason }) => `${rule} → ${verdict}: ${reason}`);

const posted = (name: string, value: number, at = NOW - 60_000): Posted => ({ name, value, at, by: "alice" });

describe("what the historian measured", () => {
  test("is shown with value, unit, time, stream and source", () => {
    const { report, until } = judged(
      ["completeness >= 95%", "timeliness <= 1s", "freshness < 5s", "rate > 0"],
      {
        reports: [qualityReport(A, NOW - 2_000, { completeness: 0.973 })],
      },
    );
    expect(report).toMatchObject({
      product: "p",
      version: "1.0.0",
      state: "pass",
      reason: "all 4 rules pass",
    });
    const common = { at: NOW - 2_000, by: `historian, 24h of ${A}`, source: "measured", stream: A };
    expect(report.rules).toMatchObject([
      { ...common, measured: 97.3, unit: "%", reason: "completeness is 97.3%" },
      { ...common, measured: 9, unit: "ms" },
      { ...common, measured: 1_000, unit: "ms" },
      { ...common, measured: 1 },
    ]);
    expect(until).toBe(NOW - 2_000 + 300_000);
  });

  test("too long ago, or by a clock that is far ahead, is unknown and never a pass", () => {
    const at = (then: number, now: number) =>
      verdicts(judged(["completeness >= 95%"], { reports: [qualityReport(A, then)] }, {}, now));
    expect(at(NOW, NOW + 300_000)).toEqual(["completeness >= 95% → pass: completeness is 100%"]);
    expect(at(NOW, NOW + 300_001)).toEqual([
      "completeness >= 95% → unknown: it was measured 5 min ago: too long",
    ]);
    expect(at(NOW + 300_001, NOW)).toEqual([
      "completeness >= 95% → unknown: it was measured by a clock that is ahead of this one",
    ]);
  });

  test("of too little is unknown, as the historian's own promises are", () => {
    const young = qualityReport(A, NOW, { observedMs: 59_999, expected: 9, received: 9 });
    expect(verdicts(judged(["availability > 1%", "freshness < 5s"], { reports: [young] }))).toEqual([
      "availability > 1% → unknown: availability was watched for 59 s only: it takes 60 s",
      "freshness < 5s → pass: freshness is 1000ms",
    ]);
    const slow = qualityReport(A, NOW, { expected: 9, received: 9 });
    expect(verdicts(judged(["availability > 1%", "completeness > 1%"], { reports: [slow] }))).toEqual([
      "availability > 1% → pass: availability is 100%",
      "completeness > 1% → unknown: completeness is of 9 readings only: it takes 10",
    ]);
  });

  test("nothing of is unknown", () => {
    const dead = qualityReport(A, NOW, { completeness: null, availability: null }, { at: null, ageMs: null });
    for (const known of [{ reports: [dead] }, { streams: [A] }, {}]) {
      expect(judged(["completeness >= 0%", "freshness < 1d"], known).report).toMatchObject({
        state: "unknown",
        rules: [
          { verdict: "unknown", source: "none" },
          { verdict: "unknown", source: "none" },
        ],
      });
    }
  });

  test("of several streams the worst counts", () => {
    const rule = ["completeness >= 95%"];
    const two = (a: number, b: number) =>
      judged(rule, {
        reports: [qualityReport(A, NOW, { completeness: a }), qualityReport(B, NOW, { completeness: b })],
      }).report;
    expect(two(0.99, 0.97)).toMatchObject({ state: "pass", rules: [{ stream: B, measured: 97 }] });
    expect(two(0.99, 0.9)).toMatchObject({ state: "fail", rules: [{ stream: B, measured: 90 }] });
    expect(two(0.5, 0.9).rules[0]?.reason).toBe(`${A}: completeness is 50% (and 1 more of 2 streams)`);
    const silent = judged(rule, { reports: [qualityReport(A, NOW)], streams: [A, B] }).report;
    expect(silent).toMatchObject({
      state: "unknown",
      rules: [{ stream: B, reason: `${B}: completeness was not measured` }],
    });
  });
});

describe("what was posted", () => {
  test("counts where nobody measures, for twice the promised freshness, or a day", () => {
    const metrics = [posted("completeness", 97, NOW)];
    const at = (now: number, its: object = {}) =>
      judged(["completeness >= 95%"], { posted: metrics }, its, now);
    expect(at(NOW + 86_399_999).report.state).toBe("pass");
    expect(at(NOW).until).toBe(NOW + 86_400_000);
    expect(verdicts(at(NOW + 86_400_000))).toEqual([
      "completeness >= 95% → unknown: it was posted 24 h ago: too long",
    ]);
    expect(at(NOW, { sla: { freshness: "1h" } }).until).toBe(NOW + 7_200_000);
  });

  test("does not outdo what the historian measured, not even while that is too old", () => {
    const metrics = [posted("completeness", 100), posted("accuracy_percent", 91)];
    const rules = ["completeness >= 95%", "accuracy >= 90%"];
    const measured = (at: number) => ({
      reports: [qualityReport(A, at, { completeness: 0.5 })],
      posted: metrics,
    });
    expect(judged(rules, measured(NOW)).report).toMatchObject({
      state: "fail",
      rules: [
        { source: "measured", measured: 50 },
        { source: "posted", measured: 91, unit: "%", by: "posted by alice" },
      ],
    });
    expect(judged(rules, measured(NOW - 400_000)).report.state).toBe("unknown");
  });
});

test("what a product promises is judged as a policy of its own", () => {
  const sla = { availability: 99.5, freshness: "10s", completeness: 99, validity: 99, timeliness: "2s" };
  const good = judged([], { reports: [qualityReport(A, NOW)] }, { sla });
  expect(good.report.state).toBe("pass");
  expect(good.report.rules.map(({ policy: of, rule }) => `${of}: ${rule}`)).toEqual([
    "sla: availability >= 99.5%",
    "sla: completeness >= 99%",
    "sla: validity >= 99%",
    "sla: freshness <= 10s",
    "sla: timeliness <= 2s",
  ]);
  const late = judged([], { reports: [qualityReport(A, NOW, { availability: 0.99 })] }, { sla });
  expect(late.report).toMatchObject({
    state: "fail",
    reason: 'sla: "availability >= 99.5%": availability is 99%',
  });
});

test("what nobody has claimed has no owner", () => {
  const rules = ["has(owner)"];
  expect(judged(rules, {}).report.state).toBe("pass");
  expect(verdicts(judged(rules, {}, { owner: "unclaimed" }))).toEqual([
    "has(owner) → fail: owner is missing",
  ]);
});

test("a composed rule shows each of its figures", () => {
  const { report } = judged(["(completeness >= 95% or backed_up) and not tagged(pii)"], {
    reports: [qualityReport(A, NOW)],
    claims: ["backed_up"],
  });
  expect(report.rules[0]).toMatchObject({
    verdict: "pass",
    source: "attested",
    parts: [
      { rule: "completeness >= 95%", source: "measured", measured: 100 },
      { rule: "backed_up", source: "attested", by: "alice", at: NOW - 7 },
      { rule: "tagged(pii)", verdict: "fail", source: "declared", at: NOW - 5 },
    ],
  });
});

const METRICS = ["completeness", "validity", "availability"] as const;
const comparison = fc
  .record({
    metric: fc.constantFrom(...METRICS),
    op: fc.constantFrom(">=", ">", "<=", "<"),
    n: fc.integer({ min: 0, max: 4 }),
  })
  .map(({ metric, op, n }) => `${metric} ${op} ${n * 25}%`);
const rulesOfSome = fc.array(comparison, { minLength: 1, maxLength: 3 });
const share = fc.option(fc.constantFrom(0, 0.25, 0.3, 0.5, 0.75, 0.9, 1), { nil: null });
const reportsOfSome = fc.array(
  fc.record({
    completeness: share,
    validity: share,
    availability: share,
    age: fc.constantFrom(0, 299_999, 300_001),
  }),
  { maxLength: 3 },
);
const made = (all: readonly { age: number }[]): QualityReport[] =>
  all.map(({ age, ...day }, n) => qualityReport(`env_desk_s${n}`, NOW - age, day));

test("no product passes a rule of something that one of its streams was not measured of, or too long ago", () => {
  fc.assert(
    fc.property(rulesOfSome, reportsOfSome, (rules, reports) => {
      const { report } = judged(rules, { reports: made(reports) });
      for (const { rule, verdict } of report.rules) {
        const [metric] = rule.split(" ");
        const unknown = reports.some(
          (each) => each.age > 300_000 || METRICS.some((name) => name === metric && each[name] === null),
        );
        if (unknown || reports.length === 0) expect(verdict).not.toBe("pass");
      }
      if (report.rules.some(({ verdict }) => verdict !== "pass")) expect(report.state).not.toBe("pass");
    }),
    { numRuns: 500 },
  );
});

test("whatever a domain adds, a product that failed or was unknown by the policies of all does not pass", () => {
  const domain = { kind: "domain", domain: "env" } as const;
  fc.assert(
    fc.property(
      rulesOfSome,
      rulesOfSome,
      fc.boolean(),
      reportsOfSome,
      (global, added, globalFirst, reports) => {
        const all = policy(global);
        const own = policy(added, { id: "own", scope: domain });
        let refused = false;
        try {
          if (globalFirst) checkTightens(own, [all]);
        } catch (error) {
          if (!(error instanceof RegistryError)) throw error;
          refused = true;
        }
        const one = product();
        const facts = gatherFacts(one, sources({ reports: made(reports) }), NOW);
        const state = (policies: GovernancePolicy[]) =>
          judge(facts, new PolicyBook(() => policies).of(one)).report.state;
        const [without, together] = [state([all]), state(refused ? [all] : [own, all])];
        if (without !== "pass") expect(together).not.toBe("pass");
        if (without === "fail") expect(together).toBe("fail");
      },
    ),
    { numRuns: 500 },
  );
});

test("a promise that the historian holds a stream to is kept while its error budget is not spent", () => {
  const sla = { availability: 99, timeliness: "2s" };
  const objective = { measure: "availability", id: "slo-availability", target: 0.99, window: "24h" } as const;
  const burn = { short: null, long: null };
  const stands = (state: "ok" | "burning" | "exhausted" | "unknown", actual: number | null) => {
    const report = qualityReport(A, NOW, { availability: 0.95 });
    report.objectives = [{ ...objective, actual, budgetLeft: actual === null ? null : 0.996, burn, state }];
    return judged([], { reports: [report] }, { sla }).report.rules[0];
  };
  expect(stands("ok", 0.95)).toEqual({
    policy: "sla",
    enforcement: "mandatory",
    rule: "availability >= 99%",
    verdict: "pass",
    reason: "availability is 95%: 99.6% of the error budget of 24h is left (99%)",
    source: "measured",
    measured: 95,
    unit: "%",
    at: NOW,
    by: `historian, promise over 24h of ${A}`,
    stream: A,
  });
  expect(stands("burning", 0.95)?.verdict).toBe("pass");
  expect(stands("exhausted", 0.95)?.verdict).toBe("fail");
  expect(stands("unknown", 0.95)).toMatchObject({
    verdict: "unknown",
    reason: "availability is 95%: too little was measured yet",
  });
  expect(stands("unknown", null)).toMatchObject({ verdict: "unknown", source: "none" });
  // One that the historian does not know of is held against what was measured.
  const report = qualityReport(A, NOW, { availability: 0.95 });
  report.objectives = [{ ...objective, target: 0.9, actual: 0.95, budgetLeft: 0.5, burn, state: "ok" }];
  expect(judged([], { reports: [report] }, { sla }).report.rules).toMatchObject([
    { verdict: "fail", reason: "availability is 95%" },
    { verdict: "pass", reason: "timeliness is 9ms" },
  ]);
});

test("what was said of a draft of the same name, which was given up, does not count", () => {
  const known = { posted: [posted("completeness", 99)], claims: ["encrypted"] };
  const rules = ["completeness >= 95%", "encrypted"];
  expect(judged(rules, known).report.state).toBe("pass");
  expect(judged(rules, known, { createdAt: NOW - 1 }).report).toMatchObject({
    state: "unknown",
    rules: [{ verdict: "unknown" }, { verdict: "unknown" }],
  });
});
