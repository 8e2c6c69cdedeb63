import type { BirthSensor, Reading } from "@fieldmesh/protocol";

/** What the birth declares of a stream, as far as readings are held against it. */
export interface Declaration {
  unit: string;
  /** `null`: the birth does not say. */
  valueType: "number" | "boolean" | null;
  min: number | null;
  max: number | null;
  intervalMs: number;
  maxSilenceMs: number | null;
}

/** The default promise: this many times the greater of interval and maximum silence. */
const PROMISE_INTERVALS = 3;

export function declarationOf(sensor: BirthSensor): Declaration {
  const { unit, valueType, range, intervalMs, maxSilenceMs } = sensor;
  return {
    unit,
    valueType: valueType ?? null,
    min: range?.min ?? null,
    max: range?.max ?? null,
    intervalMs,
    maxSilenceMs: maxSilenceMs ?? null,
  };
}

/** How old the newest good reading may be, ms, where nothing else was promised. */
export function defaultPromiseMs({ intervalMs, maxSilenceMs }: Declaration): number {
  return PROMISE_INTERVALS * Math.max(intervalMs, maxSilenceMs ?? 0);
}

/**
 * What a reading breaks of its declaration, the first of unit, type and range; `undefined` when nothing. A reading
 * without a value (of quality bad) has no type and is in no range: of it only the unit is judged.
 */
export function breaks(
  declaration: Declaration,
  { value, unit }: Pick<Reading, "value" | "unit">,
): "unit" | "type" | "range" | undefined {
  if (unit !== declaration.unit) return "unit";
  if (value === null) return undefined;
  const { valueType, min, max } = declaration;
  if (valueType !== null && typeof value !== valueType) return "type";
  if (typeof value === "number" && ((min !== null && value < min) || (max !== null && value > max))) {
    return "range";
  }
  return undefined;
}
