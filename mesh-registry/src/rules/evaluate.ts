import { shown } from "@fieldmesh/protocol";
import { compilePattern, MAX_SEARCHED_LENGTH } from "./pattern.js";
import { printRule } from "./print.js";
import { type MeasuredUnit, metricName, type Quantity, quantity } from "./quantity.js";
import type { Comparison, MetricRule, Rule } from "./rule.js";

/** `unknown` is neither: what nobody has measured never passes, and its opposite does not either. */
export type Verdict = "pass" | "fail" | "unknown";

/** One measured number. */
export interface Measurement {
  /** May name its unit: `timeliness_hours` is `timeliness` in hours. */
  metric: string;
  value: number;
  /** Absent: as its name says, or none. A number without any, asked about in %, is read as percent. */
  unit?: MeasuredUnit;
  /** When it was measured, ms. */
  at: number;
  /** Who measured, for people: `historian, 24h of env_desk_temperature`, `posted by alice`. */
  source: string;
  /** Why it does not count, as a sentence: it is too old, or too little was seen. It is shown, and never passes. */
  unusable?: string;
}

export interface Attestation {
  claim: string;
  by: string;
  /** ms. */
  at: number;
}

/** What a rule is judged by. */
export interface Facts {
  /** Of one metric the newest counts. */
  measurements: readonly Measurement[];
  /** Declared fields of the product; leave out what is not claimed yet. */
  fields: Readonly<Record<string, unknown>>;
  tags: readonly string[];
  attestations: readonly Attestation[];
  /** Measurements before this time, ms, are too old to count; absent: none is. */
  notBefore?: number;
}

/** What became of one rule and of each part of it. */
export interface Finding {
  /** The rule (or the part), as it is printed. */
  rule: string;
  verdict: Verdict;
  /** One sentence for people. */
  reason: string;
  /** Of a comparison: what was measured, also when it is too old or cannot be compared. */
  measured?: Measurement;
  /** Of a bare word: who attests it. It is not measured. */
  attested?: Attestation;
  /** Of `and`, `or` and `not`. */
  parts?: readonly Finding[];
}

/** Judges a rule by the facts, in Kleene's three values. Never throws. */
export function evaluateRule(rule: Rule, facts: Facts): Finding {
  const text = printRule(rule);
  switch (rule.kind) {
    case "metric":
      return { rule: text, ...compared(rule, facts) };
    case "has":
      return empty(fieldOf(facts.fields, rule.field))
        ? { rule: text, verdict: "fail", reason: `${rule.field} is missing` }
        : { rule: text, verdict: "pass", reason: `${rule.field} is there` };
    case "matches":
      return { rule: text, ...searched(rule.field, rule.pattern, facts) };
    case "tagged": {
      const tagged = facts.tags.some((tag) => tag.toLowerCase() === rule.tag.toLowerCase());
      const reason = `the tag ${rule.tag} is ${tagged ? "there" : "missing"}`;
      return { rule: text, verdict: tagged ? "pass" : "fail", reason };
    }
    case "attested": {
      const attested = facts.attestations.find(({ claim }) => claim === rule.claim);
      return attested === undefined
        ? { rule: text, verdict: "unknown", reason: `nobody attests ${rule.claim}` }
        : { rule: text, verdict: "pass", reason: `attested by ${attested.by}, not measured`, attested };
    }
    case "and":
    case "or": {
      const parts = rule.rules.map((part) => evaluateRule(part, facts));
      const verdict = (rule.kind === "and" ? all : any)(parts.map((part) => part.verdict));
      return { rule: text, verdict, reason: summary(verdict, parts), parts };
    }
    case "not": {
      const part = evaluateRule(rule.rule, facts);
      return { rule: text, verdict: opposite(part.verdict), reason: part.reason, parts: [part] };
    }
  }
}

/** Passes when all pass; fails as soon as one fails. Of none: pass. */
export function all(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes("fail")) return "fail";
  return verdicts.includes("unknown") ? "unknown" : "pass";
}

function any(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes("pass")) return "pass";
  return verdicts.includes("unknown") ? "unknown" : "fail";
}

function opposite(verdict: Verdict): Verdict {
  if (verdict === "unknown") return "unknown";
  return verdict === "pass" ? "fail" : "pass";
}

type Judged = Omit<Finding, "rule">;

function compared(rule: MetricRule, facts: Facts): Judged {
  const named = metricName(rule.metric);
  const measured = newest(facts.measurements, named.metric);
  if (measured === undefined) return { verdict: "unknown", reason: `${named.metric} was not measured` };
  if (measured.at < (facts.notBefore ?? Number.NEGATIVE_INFINITY)) {
    return { verdict: "unknown", reason: `${named.metric} was measured too long ago`, measured };
  }
  if (measured.unusable !== undefined) return { verdict: "unknown", reason: measured.unusable, measured };
  const limit = quantity(rule.value, rule.unit ?? named.unit);
  const value = measuredQuantity(measured, limit);
  if (value === undefined) {
    const reason = `${named.metric} was measured ${unitWords(measured)}, which cannot be compared with ${rule.value}${rule.unit ?? named.unit ?? " without a unit"}`;
    return { verdict: "unknown", reason, measured };
  }
  const verdict = holds(value.base, rule.op, limit.base) ? "pass" : "fail";
  return { verdict, reason: `${named.metric} is ${shownMeasurement(measured)}`, measured };
}

function newest(measurements: readonly Measurement[], metric: string): Measurement | undefined {
  let found: Measurement | undefined;
  for (const measurement of measurements) {
    if (metricName(measurement.metric).metric !== metric || !Number.isFinite(measurement.value)) continue;
    if (found === undefined || measurement.at > found.at) found = measurement;
  }
  return found;
}

function unitOf({ metric, unit }: Measurement): MeasuredUnit | undefined {
  return unit ?? metricName(metric).unit;
}

/** The measured number, if it can be compared with the limit: a bare one is read as percent, never as a time. */
function measuredQuantity(measured: Measurement, limit: Quantity): Quantity | undefined {
  const unit = unitOf(measured);
  const value = quantity(measured.value, unit ?? (limit.dimension === "share" ? "%" : undefined));
  return value.dimension === limit.dimension ? value : undefined;
}

function unitWords(measured: Measurement): string {
  const unit = unitOf(measured);
  return unit === undefined ? "without a unit" : unit === "share" ? "as a share" : `in ${unit}`;
}

function shownMeasurement(measured: Measurement): string {
  const unit = unitOf(measured);
  return unit === "share" ? `${short(measured.value * 100)}%` : `${short(measured.value)}${unit ?? ""}`;
}

/** For people; whoever wants all digits has the measurement. Large whole numbers stay whole. */
function short(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(6));
}

/** Compares two numbers of one dimension. */
export function holds(value: number, op: Comparison, limit: number): boolean {
  switch (op) {
    case ">=":
      return value >= limit;
    case ">":
      return value > limit;
    case "<=":
      return value <= limit;
    case "<":
      return value < limit;
    case "==":
      return value === limit;
    case "!=":
      return value !== limit;
  }
}

function searched(field: string, text: string, facts: Facts): Judged {
  const value = fieldOf(facts.fields, field);
  if (empty(value)) return { verdict: "fail", reason: `${field} is missing` };
  const pattern = compilePattern(text);
  if (!pattern.ok) return { verdict: "unknown", reason: `the pattern is none: expected ${pattern.detail}` };
  const fits = (Array.isArray(value) ? value : [value]).map((part) =>
    typeof part === "object" ? false : pattern.value.fits(String(part)),
  );
  if (fits.includes(true)) return { verdict: "pass", reason: `${field} matches` };
  if (fits.includes(undefined)) {
    return { verdict: "unknown", reason: `${field} is longer than ${MAX_SEARCHED_LENGTH} characters` };
  }
  return { verdict: "fail", reason: `${field} is ${shown(value)}, which does not match` };
}

/** The field at a path as `metadata.format`; of a name with dots in it, that name first. Own fields only. */
function fieldOf(fields: Readonly<Record<string, unknown>>, path: string): unknown {
  if (Object.hasOwn(fields, path)) return fields[path];
  let value: unknown = fields;
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = Reflect.get(value, name);
  }
  return value;
}

function empty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value === "string") return value.trim() === "";
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** The reasons of the parts that made the verdict. */
function summary(verdict: Verdict, parts: readonly Finding[]): string {
  const reasons = parts.filter((part) => part.verdict === verdict).map(({ reason }) => reason);
  return [...new Set(reasons)].join("; ");
}
