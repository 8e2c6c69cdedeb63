import { parseStreamName } from "@fieldmesh/protocol";
import { SampleError } from "../errors.js";
import type { Sample } from "../series.js";

/** Times that a Date takes, ms: 273,790 years around 1970. */
const MAX_TIME = 8.64e15;
/** The number of a reading without accounting is its time, ms: until the year 73,000. */
export const MAX_BARE_NUMBER = 2 ** 51;
/** Twice what the wire allows, so that what arrived is always kept. */
const MAX_UNIT = 64; // characters
const MAX_REASON = 1_000; // characters

/** @throws SampleError when this is not `{domain}_{node}_{sensor}`. */
export function checkStream(stream: string): void {
  const parsed = parseStreamName(stream);
  if (!parsed.ok) throw new SampleError(stream, "stream", stream, "{domain}_{node}_{sensor}");
}

/** @throws SampleError naming stream, field, value and what was expected, of the first that cannot be kept. */
export function checkSamples(stream: string, samples: readonly Sample[]): void {
  checkStream(stream);
  for (const sample of samples) {
    const wrong = wrongField(sample);
    if (wrong === undefined) continue;
    const [field, expected] = wrong;
    throw new SampleError(stream, field, sample[field], expected);
  }
}

/** @throws SampleError when this cannot be a boot. */
export function checkBoot(stream: string, boot: number): void {
  if (!isCount(boot)) throw new SampleError(stream, "boot", boot, "a whole number from 0");
}

function wrongField(sample: Sample): [keyof Sample, string] | undefined {
  const { boot, seq, at, timestamp, value, unit, quality, reason } = sample;
  if (!isCount(boot)) return ["boot", "a whole number from 0"];
  if (boot === 0 ? !Number.isInteger(seq) || Math.abs(seq) > MAX_BARE_NUMBER : !isCount(seq)) {
    return ["seq", boot === 0 ? "the time in whole ms, as boot is 0" : "a whole number from 0"];
  }
  if (!isTime(at)) return ["at", "ms since the Unix epoch"];
  if (!isTime(timestamp)) return ["timestamp", "ms since the Unix epoch"];
  if (quality !== undefined && quality !== "uncertain" && quality !== "bad") {
    return ["quality", '"uncertain", "bad" or nothing'];
  }
  if (value === null) {
    if (quality !== "bad") return ["value", 'a number or a boolean; null only with quality "bad"'];
  } else if (typeof value !== "boolean" && !Number.isFinite(value)) {
    return ["value", "a finite number, a boolean or null"];
  }
  if (typeof unit !== "string" || unit.length > MAX_UNIT)
    return ["unit", `text of at most ${MAX_UNIT} characters`];
  if (reason !== undefined && (typeof reason !== "string" || reason.length > MAX_REASON)) {
    return ["reason", `text of at most ${MAX_REASON} characters`];
  }
  return undefined;
}

function isCount(value: unknown): boolean {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isTime(value: unknown): boolean {
  return typeof value === "number" && Math.abs(value) <= MAX_TIME;
}
