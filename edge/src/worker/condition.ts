import type { Quality } from "@fieldmesh/protocol";
import type { SensorConfig } from "../config/types.js";
import type { Sample } from "../drivers/driver.js";

/** A sample in the sensor's unit and held against what was declared of it. */
export interface Conditioned {
  value: number | boolean | null;
  quality?: Quality;
  reason?: string;
}

type Declared = Pick<SensorConfig, "valueType" | "scale" | "offset" | "range">;

/** Scale, offset and range. What the sensor cannot have measured is bad, with its reason; it is still sent. */
export function condition(sample: Sample, sensor: Declared): Conditioned {
  if (sample.quality === "bad") {
    return { value: sample.value, quality: "bad", reason: sample.reason ?? "the driver says so" };
  }
  const marks: Omit<Conditioned, "value"> = {
    ...(sample.quality && { quality: sample.quality }),
    ...(sample.reason !== undefined && { reason: sample.reason }),
  };
  if (sensor.valueType === "boolean") {
    if (typeof sample.value === "boolean") return { value: sample.value, ...marks };
    return bad(null, `expected true or false, got ${String(sample.value)}`);
  }
  // NaN and the infinities have no form in JSON.
  if (typeof sample.value !== "number" || !Number.isFinite(sample.value)) {
    return bad(null, `expected a number, got ${String(sample.value)}`);
  }
  const value = convert(sample.value, sensor);
  if (!Number.isFinite(value)) return bad(null, "not a number after scale and offset");
  const { min = -Infinity, max = Infinity } = sensor.range ?? {};
  if (value < min) return bad(value, `out of range: below ${min}`);
  if (value > max) return bad(value, `out of range: above ${max}`);
  return { value, ...marks };
}

function convert(raw: number, { scale, offset }: Declared): number {
  if (scale === 1 && offset === 0) return raw;
  // Twelve digits are more than any sensor gives, and drop what binary fractions add (0.1 * 3).
  return Number((raw * scale + offset).toPrecision(12));
}

function bad(value: number | null, reason: string): Conditioned {
  return { value, quality: "bad", reason };
}
