import type { ObjectiveReport, QualityReport, QualityWindow, WindowQuality } from "@fieldmesh/protocol";
import { UNCLAIMED } from "../access/asker.js";
import type { Product } from "../resources/product.js";
import type { Attestation, Facts, Finding, Measurement } from "../rules/evaluate.js";
import { measurementsOfReport } from "../rules/measured.js";
import { metricName } from "../rules/quantity.js";
import type { Rule } from "../rules/rule.js";
import type { Posted } from "../store/governance-collections.js";
import { readDuration } from "./duration.js";

/**
 * What the historian measured counts for so long, ms. It tells of every stream at least every 2 minutes, so one of
 * which nothing came for 5 is not measured any more.
 */
export const MEASURED_VALID_MS = 300_000;
/** Of what the historian measures, this is what rules are about. */
const WINDOW: QualityWindow = "24h";
/** What was posted counts for twice the promised freshness (a run may come late), or so long without one, ms. */
const POSTED_VALID_MS = 86_400_000;
const MIN_POSTED_VALID_MS = 60_000;
/** Of another clock. One that says it is further ahead is wrong, and would never be too old. */
const MAX_AHEAD_MS = 300_000;
/** As the historian judges its own promises: less watched than this, or fewer readings, is too little. */
const MIN_WATCHED_MS = 60_000;
const MIN_READINGS = 10;

/** A measurement with where it comes from. */
export interface SourcedMeasurement extends Measurement {
  from: "measured" | "posted";
  stream?: string;
  /** From when on it is too old to count, ms. */
  until: number;
}

export interface StreamFacts {
  stream: string;
  measurements: readonly SourcedMeasurement[];
  /** Promises that the historian holds it to; none while that is too old. */
  objectives: readonly ObjectiveReport[];
  /** When that was measured, and from when on it is too old, ms. */
  at: number;
  until: number;
  /** What comparisons found in these measurements, while they are the same and nothing else is in their place. */
  found: Map<Rule, Finding> | undefined;
}

/** All that one product is judged by, at one time. */
export interface ProductFacts {
  product: Product;
  version: string | undefined;
  streams: StreamFacts[];
  /** Of what no stream measures. */
  posted: SourcedMeasurement[];
  /** What rules are judged by, without what was measured of streams. */
  facts: Facts;
}

/** Where what a product is judged by is kept. */
export interface FactSources {
  latest(stream: string): QualityReport | undefined;
  streamsOf(product: string): readonly string[];
  postedOf(product: string): readonly Posted[];
  attestationsOf(product: string): readonly Attestation[];
  /** The newest published. */
  versionOf(product: string): string | undefined;
}

export function gatherFacts(product: Product, sources: FactSources, now: number): ProductFacts {
  const { id, tags, createdAt } = product;
  // Nothing is taken over from a draft of the same name that was given up.
  const isOfIt = ({ at }: { at: number }): boolean => at >= createdAt;
  const all = sources.postedOf(id).filter(isOfIt);
  const streams = sources.streamsOf(id).map((stream): StreamFacts => {
    const report = sources.latest(stream);
    const nothing = { stream, measurements: [], objectives: [], at: 0, until: 0, found: undefined };
    if (report === undefined) return nothing;
    const { measurements, found } = readingOf(report);
    if (isStale(report, now)) return { ...nothing, measurements: tooOld(report, measurements, now) };
    const { timestamp: at, objectives } = report;
    const until = at + MEASURED_VALID_MS;
    return { stream, measurements, objectives, at, until, found: all.length === 0 ? found : undefined };
  });
  // Whoever posts does not outdo what is measured, not even while it is too old.
  const measured = all.length === 0 ? new Set() : metricsOf(streams);
  const posted = all
    .filter(({ name }) => !measured.has(metricName(name).metric))
    .map((each) => postedMeasurement(each, postedUntil(each, product), now));
  const version = sources.versionOf(id);
  const attestations = sources.attestationsOf(id).filter(isOfIt);
  const facts: Facts = { measurements: posted, fields: fieldsOf(product, version), tags, attestations };
  return { product, version, streams, posted, facts };
}

/** Of a product of which nothing is asked. */
export function noFacts(product: Product, { versionOf }: Pick<FactSources, "versionOf">): ProductFacts {
  const facts: Facts = { measurements: [], fields: {}, tags: [], attestations: [] };
  return { product, version: versionOf(product.id), streams: [], posted: [], facts };
}

/** What rules are judged by, of one stream. */
export function factsOf({ posted, facts }: ProductFacts, { measurements }: StreamFacts): Facts {
  return { ...facts, measurements: posted.length === 0 ? measurements : [...measurements, ...posted] };
}

function metricsOf(streams: readonly StreamFacts[]): Set<string> {
  const metrics = new Set<string>();
  for (const { measurements } of streams) for (const { metric } of measurements) metrics.add(metric);
  return metrics;
}

/** From when on a posted number is too old to count, ms. */
export function postedUntil({ at }: Pick<Posted, "at">, { sla }: Pick<Product, "sla">): number {
  const promised = sla.freshness === undefined ? undefined : readDuration(sla.freshness).ms;
  return at + (promised === undefined ? POSTED_VALID_MS : Math.max(2 * promised, MIN_POSTED_VALID_MS));
}

/** Whether what was measured of a stream is too old to count. */
export function isStale({ timestamp }: Pick<QualityReport, "timestamp">, now: number): boolean {
  return timestamp < now - MEASURED_VALID_MS || timestamp > now + MAX_AHEAD_MS;
}

/** What is declared; what nobody has claimed declares nothing. */
function fieldsOf(product: Product, version: string | undefined): Record<string, unknown> {
  const { observed: _, createdAt: _created, updatedAt: _updated, owner, ...declared } = product;
  return {
    ...declared,
    ...(owner === UNCLAIMED ? {} : { owner }),
    ...(version === undefined ? {} : { version }),
  };
}

interface Reading {
  measurements: readonly SourcedMeasurement[];
  found: Map<Rule, Finding>;
}

/** A report never changes: it is read once, however many rules and products it is for. */
const readings = new WeakMap<QualityReport, Reading>();

function readingOf(report: QualityReport): Reading {
  let reading = readings.get(report);
  if (reading === undefined) {
    reading = { measurements: readReport(report), found: new Map() };
    readings.set(report, reading);
  }
  return reading;
}

function tooOld(
  { timestamp }: QualityReport,
  measurements: readonly SourcedMeasurement[],
  now: number,
): SourcedMeasurement[] {
  const unusable =
    timestamp > now
      ? "it was measured by a clock that is ahead of this one"
      : `it was measured ${shownAge(now - timestamp)} ago: too long`;
  return measurements.map((measurement) => ({ ...measurement, unusable }));
}

function readReport(report: QualityReport): SourcedMeasurement[] {
  const { stream, timestamp, windows } = report;
  const until = timestamp + MEASURED_VALID_MS;
  return measurementsOfReport(report, WINDOW).map((measurement): SourcedMeasurement => {
    const unusable = tooLittle(measurement.metric, windows[WINDOW]);
    const sourced = { ...measurement, from: "measured" as const, stream, until };
    return unusable === undefined ? sourced : { ...sourced, unusable };
  });
}

function tooLittle(metric: string, { observedMs, expected, received }: WindowQuality): string | undefined {
  if (metric === "freshness") return undefined;
  if (observedMs < MIN_WATCHED_MS) {
    const seconds = Math.floor(observedMs / 1_000);
    return `${metric} was watched for ${seconds} s only: it takes ${MIN_WATCHED_MS / 1_000} s`;
  }
  if (metric === "availability" || metric === "rate") return undefined;
  const counted = metric === "completeness" ? expected : received;
  if (counted >= MIN_READINGS) return undefined;
  return `${metric} is of ${counted} readings only: it takes ${MIN_READINGS}`;
}

function postedMeasurement({ name, value, at, by }: Posted, until: number, now: number): SourcedMeasurement {
  const posted = { metric: name, value, at, source: `posted by ${by}`, from: "posted" as const, until };
  return now < until ? posted : { ...posted, unusable: `it was posted ${shownAge(now - at)} ago: too long` };
}

function shownAge(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`;
}
