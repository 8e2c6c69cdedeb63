import type { BirthSensor, Reading } from "@fieldmesh/protocol";
import type { Validity } from "../configuration/contract-of.js";

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

/** What a reading is held against. */
export interface Terms {
  /** Any of these; `null`: nobody says. */
  units: readonly string[] | null;
  valueType: "number" | "boolean" | null;
  min: number | null;
  max: number | null;
}

/** What the contract says, and where it says nothing, the birth; undefined where neither does. */
export function termsOf(
  declaration: Declaration | undefined,
  { units, type, min, max }: Validity = {},
): Terms | undefined {
  const isSaid = [units, type, min, max].some((each) => each !== undefined);
  if (declaration === undefined && !isSaid) return undefined;
  return {
    units: units ?? (declaration === undefined ? null : [declaration.unit]),
    valueType: type ?? declaration?.valueType ?? null,
    min: min ?? declaration?.min ?? null,
    max: max ?? declaration?.max ?? null,
  };
}

/**
 * What a reading breaks of its terms, the first of unit, type and range; `undefined` when nothing. A reading without
 * a value (of quality bad) has no type and is in no range: of it only the unit is judged.
 */
export function breaks(
  { units, valueType, min, max }: Terms,
  { value, unit }: Pick<Reading, "value" | "unit">,
): "unit" | "type" | "range" | undefined {
  if (units !== null && !units.includes(unit)) return "unit";
  if (value === null) return undefined;
  if (valueType !== null && typeof value !== valueType) return "type";
  if (typeof value === "number" && ((min !== null && value < min) || (max !== null && value > max))) {
    return "range";
  }
  return undefined;
}
