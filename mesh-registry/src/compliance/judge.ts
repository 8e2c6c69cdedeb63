import { type ApplicableRule, overrulerOf } from "../governance/policy-book.js";
import {
  type ComplianceReport,
  type FactSource,
  type RuleCompliance,
  SLA_POLICY,
} from "../resources/compliance.js";
import { all, evaluateRule, type Finding, type Verdict } from "../rules/evaluate.js";
import { metricName } from "../rules/quantity.js";
import type { Rule } from "../rules/rule.js";
import { factsOf, type ProductFacts, type SourcedMeasurement, type StreamFacts } from "./facts.js";
import { promiseFinding } from "./promise.js";
import { slaRules } from "./sla-rules.js";

/** How a product stands, and until when nothing but a change can alter that. */
export interface Judgement {
  report: Omit<ComplianceReport, "since" | "judgedAt">;
  /** When the first measurement that counted will be too old, ms. */
  until: number;
}

type Part = Omit<RuleCompliance, "policy" | "scope" | "enforcement" | "overruled" | "parts">;

/**
 * Judges a product by the policies that are for it and by its own SLA.
 *
 * The whole is what its mandatory rules are: it fails as soon as one fails, and passes only when all pass. Advisory
 * rules are shown; only where nothing is mandatory do they make it pass, all together. Where nothing is asked, it is
 * unknown.
 */
export function judge(facts: ProductFacts, asked: readonly ApplicableRule[]): Judgement {
  const { product, version } = facts;
  const rules: RuleCompliance[] = slaRules(product).map((rule) => ({
    policy: SLA_POLICY,
    enforcement: "mandatory",
    ...judgeRule(rule, facts, promiseFinding),
  }));
  for (const each of asked) {
    const { policy, rule } = each;
    const { id, scope, enforcement } = policy;
    const overruler = overrulerOf(each);
    rules.push({
      policy: id,
      scope,
      enforcement,
      ...judgeRule(rule, facts),
      ...(overruler === undefined
        ? {}
        : { overruled: `${overruler.reason} (policy "${overruler.mandatory.policy.id}")` }),
    });
  }
  return {
    report: { product: product.id, version: version ?? null, domain: product.domain, ...whole(rules), rules },
    until: firstUntil(facts),
  };
}

/** What the rules make together. */
export function whole(rules: readonly RuleCompliance[]): { state: Verdict; reason: string } {
  const counting = rules.filter(({ overruled }) => overruled === undefined);
  const mandatory = counting.filter(({ enforcement }) => enforcement === "mandatory");
  if (mandatory.length > 0) {
    const state = all(mandatory.map(({ verdict }) => verdict));
    return { state, reason: reasonOf(state, mandatory) };
  }
  if (counting.length === 0) return { state: "unknown", reason: "nothing is asked of it" };
  if (counting.every(({ verdict }) => verdict === "pass")) {
    return { state: "pass", reason: `nothing is mandatory; ${reasonOf("pass", counting)}` };
  }
  return { state: "unknown", reason: "nothing is mandatory, and not all that is advised passes" };
}

function reasonOf(state: Verdict, rules: readonly RuleCompliance[]): string {
  if (state === "pass") return rules.length === 1 ? "its rule passes" : `all ${rules.length} rules pass`;
  const [first, ...others] = rules.filter(({ verdict }) => verdict === state);
  if (first === undefined) return "";
  const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
  return `${first.policy}: "${first.rule}": ${first.reason}${more}`;
}

/** Of several streams the worst. */
function judgeRule(
  rule: Rule,
  facts: ProductFacts,
  /** What is known of it otherwise. */
  known: (rule: Rule, stream: StreamFacts) => Finding | undefined = () => undefined,
): Part & Pick<RuleCompliance, "parts"> {
  const { streams } = facts;
  const [first] = streams;
  if (first === undefined || !isMeasured(rule))
    return described(rule, evaluateRule(rule, facts.facts), facts);
  if (streams.length === 1)
    return described(rule, known(rule, first) ?? found(rule, facts, first), facts, first);
  let worst: { finding: Finding; stream: StreamFacts } | undefined;
  let asBad = 0;
  for (const stream of streams) {
    const finding = known(rule, stream) ?? found(rule, facts, stream);
    if (worst !== undefined && finding.verdict === worst.finding.verdict) asBad += 1;
    if (worst === undefined || isWorse(rule, finding, worst.finding)) {
      if (finding.verdict !== worst?.finding.verdict) asBad = 0;
      worst = { finding, stream };
    }
  }
  if (worst === undefined) throw new TypeError("no stream was judged");
  const judged = described(rule, worst.finding, facts, worst.stream);
  const others = asBad === 0 ? "" : ` (and ${asBad} more of ${streams.length} streams)`;
  return { ...judged, reason: `${worst.stream.stream}: ${judged.reason}${others}` };
}

/** Of thousands of streams few have changed since the last time: comparisons of the others are known. */
function found(rule: Rule, facts: ProductFacts, stream: StreamFacts): Finding {
  if (rule.kind !== "metric" || facts.streams.length === 1 || stream.found === undefined) {
    return evaluateRule(rule, factsOf(facts, stream));
  }
  let finding = stream.found.get(rule);
  if (finding === undefined) {
    finding = evaluateRule(rule, factsOf(facts, stream));
    stream.found.set(rule, finding);
  }
  return finding;
}

const BADNESS: Readonly<Record<Verdict, number>> = { pass: 0, unknown: 1, fail: 2 };

function isWorse(rule: Rule, one: Finding, other: Finding): boolean {
  if (one.verdict !== other.verdict) return BADNESS[one.verdict] > BADNESS[other.verdict];
  const [a, b] = [one.measured, other.measured];
  if (rule.kind !== "metric" || a === undefined || b === undefined || a.unit !== b.unit) return false;
  if (rule.op === ">=" || rule.op === ">") return a.value < b.value;
  return (rule.op === "<=" || rule.op === "<") && a.value > b.value;
}

function isMeasured(rule: Rule): boolean {
  switch (rule.kind) {
    case "metric":
      return true;
    case "and":
    case "or":
      return rule.rules.some(isMeasured);
    case "not":
      return isMeasured(rule.rule);
    case "has":
    case "matches":
    case "tagged":
    case "attested":
      return false;
  }
}

/** A finding with the value, the time and the source of each figure in it. */
function described(
  rule: Rule,
  finding: Finding,
  facts: ProductFacts,
  stream?: StreamFacts,
): Part & Pick<RuleCompliance, "parts"> {
  const parts = leaves(rule, finding, facts, stream);
  const [only, ...others] = parts;
  const { rule: text, verdict, reason } = finding;
  if (only !== undefined && others.length === 0) return { ...only, rule: text, verdict, reason: only.reason };
  // Of several figures the least certain says what the whole is from.
  const source = LEAST_CERTAIN.find((each) => parts.some((part) => part.source === each)) ?? "none";
  return { rule: text, verdict, reason, source, parts };
}

const LEAST_CERTAIN: readonly FactSource[] = ["none", "attested", "posted", "measured", "declared"];

function leaves(rule: Rule, finding: Finding, facts: ProductFacts, stream: StreamFacts | undefined): Part[] {
  switch (rule.kind) {
    case "and":
    case "or":
      return rule.rules.flatMap((part, at) => {
        const found = finding.parts?.[at];
        return found === undefined ? [] : leaves(part, found, facts, stream);
      });
    case "not": {
      const found = finding.parts?.[0];
      return found === undefined ? [] : leaves(rule.rule, found, facts, stream);
    }
    case "metric":
    case "has":
    case "matches":
    case "tagged":
    case "attested":
      return [leaf(rule, finding, facts, stream)];
  }
}

function leaf(
  rule: Rule,
  { rule: text, verdict, reason, measured, attested }: Finding,
  { product }: ProductFacts,
  stream: StreamFacts | undefined,
): Part {
  const common = { rule: text, verdict, reason };
  if (rule.kind === "metric") {
    if (measured !== undefined) return { ...common, ...figureOf(measured as SourcedMeasurement) };
    return { ...common, source: "none", ...(stream === undefined ? {} : { stream: stream.stream }) };
  }
  if (rule.kind !== "attested") return { ...common, source: "declared", at: product.updatedAt };
  if (attested === undefined) return { ...common, source: "none" };
  return { ...common, source: "attested", at: attested.at, by: attested.by };
}

function figureOf({
  metric,
  value,
  unit = metricName(metric).unit,
  at,
  source: by,
  from: source,
  stream,
}: SourcedMeasurement): Pick<Part, "measured" | "unit" | "at" | "by" | "source" | "stream"> {
  return {
    source,
    // Shares are shown as rules are written.
    measured: unit === "share" ? Number((value * 100).toPrecision(12)) : value,
    ...(unit === undefined ? {} : { unit: unit === "share" ? "%" : unit }),
    at,
    by,
    ...(stream === undefined ? {} : { stream }),
  };
}

function firstUntil({ streams, posted }: ProductFacts): number {
  let first = Number.POSITIVE_INFINITY;
  for (const { until, unusable } of posted) if (unusable === undefined) first = Math.min(first, until);
  // What is too old already stays so; what is of too little is too old one day, too.
  for (const { until } of streams) if (until > 0) first = Math.min(first, until);
  return first;
}
