import type { QualityReport } from "@fieldmesh/protocol";
import { UNCLAIMED } from "../access/asker.js";
import type { Product } from "../resources/product.js";
import type { Attestation, Facts, Measurement } from "../rules/evaluate.js";
import { measurementsOfReport } from "../rules/measured.js";
import { metricName } from "../rules/quantity.js";
import type { Posted } from "../store/governance-collections.js";
import { readDuration } from "./duration.js";

/**
 * What the historian measured counts for so long, ms. It tells of every stream at least every 2 minutes, so one of
 * which nothing came for 5 is not measured any more.
 */
export const MEASURED_VALID_MS = 300_000;
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
  measurements: SourcedMeasurement[];
}

/** All that one product is judged by, at one time. */
export interface ProductFacts {
  product: Product;
  version: string | undefined;
  streams: StreamFacts[];
  /** Of what no stream measures. */
  posted: SourcedMeasurement[];
  attestations: readonly Attestation[];
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
  const { id } = product;
  const streams = sources.streamsOf(id).map((stream): StreamFacts => {
    const report = sources.latest(stream);
    return { stream, measurements: report === undefined ? [] : measuredOf(report, now) };
  });
  const measured = new Set(streams.flatMap(({ measurements }) => measurements.map(({ metric }) => metric)));
  // Whoever posts does not outdo what is measured, not even while it is too old.
  const posted = sources
    .postedOf(id)
    .filter(({ name }) => !measured.has(metricName(name).metric))
    .map((each) => postedMeasurement(each, postedUntil(each, product), now));
  return {
    product,
    version: sources.versionOf(id),
    streams,
    posted,
    attestations: sources.attestationsOf(id),
  };
}

/** What rules are judged by, of one stream or of none. */
export function factsOf(
  { product, version, posted, attestations }: ProductFacts,
  stream: StreamFacts | undefined,
): Facts {
  return {
    measurements: stream === undefined ? posted : [...stream.measurements, ...posted],
    fields: fieldsOf(product, version),
    tags: product.tags,
    attestations,
  };
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

function measuredOf(report: QualityReport, now: number): SourcedMeasurement[] {
  const { stream, timestamp, windows } = report;
  const until = timestamp + MEASURED_VALID_MS;
  const { observedMs, expected, received } = windows["24h"];
  return measurementsOfReport(report, "24h").map((measurement): SourcedMeasurement => {
    const { metric } = measurement;
    const counted = metric === "completeness" ? expected : received;
    const unusable =
      ageFault(timestamp, now) ??
      (metric === "freshness"
        ? undefined
        : observedMs < MIN_WATCHED_MS
          ? `${metric} was watched for ${Math.floor(observedMs / 1_000)} s only: it takes ${MIN_WATCHED_MS / 1_000} s`
          : metric !== "availability" && metric !== "rate" && counted < MIN_READINGS
            ? `${metric} is of ${counted} readings only: it takes ${MIN_READINGS}`
            : undefined);
    const sourced = { ...measurement, from: "measured" as const, stream, until };
    return unusable === undefined ? sourced : { ...sourced, unusable };
  });

  function ageFault(at: number, then: number): string | undefined {
    if (at > then + MAX_AHEAD_MS) return "it was measured by a clock that is ahead of this one";
    return isStale(report, then) ? `it was measured ${shownAge(then - at)} ago: too long` : undefined;
  }
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
