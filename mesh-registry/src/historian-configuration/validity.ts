import type { OpenObject } from "../resources/fields.js";

/** What a reading has to be, as far as the historian holds readings against it. */
export interface Validity {
  unit?: string | string[];
  type?: "number" | "boolean";
  min?: number;
  max?: number;
}

const MAX_UNITS = 100;
const MAX_UNIT_CHARS = 32;

/**
 * What the schema of a payload says of `value` and `unit`: type, inclusive bounds, and the units that may be. Of other
 * keywords, as `pattern` or `anyOf`, nothing is taken over: they are the consumer's to check. Undefined where it says
 * nothing that is.
 */
export function validityOf(schema: OpenObject): Validity | undefined {
  const properties = objectOf(schema["properties"]);
  const value = objectOf(properties["value"]);
  const units = unitsOf(objectOf(properties["unit"]));
  const [first, ...others] = units;
  const type = typeOf(value["type"]);
  const min = numberOf(value["minimum"]);
  const max = numberOf(value["maximum"]);
  const validity: Validity = {
    ...(first === undefined ? {} : { unit: others.length === 0 ? first : units }),
    ...(type === undefined ? {} : { type }),
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
  };
  return Object.keys(validity).length === 0 ? undefined : validity;
}

function typeOf(given: unknown): Validity["type"] {
  // A bad reading has no value: `null` beside the type says nothing of those that have one.
  const types = (Array.isArray(given) ? given : [given]).filter((type) => type !== "null");
  if (types.length === 1 && types[0] === "boolean") return "boolean";
  const areNumbers = types.length > 0 && types.every((type) => type === "number" || type === "integer");
  return areNumbers ? "number" : undefined;
}

function unitsOf(unit: OpenObject): string[] {
  const given = "const" in unit ? [unit["const"]] : Array.isArray(unit["enum"]) ? unit["enum"] : [];
  const isUnit = (each: unknown): each is string =>
    typeof each === "string" && each !== "" && each.length <= MAX_UNIT_CHARS;
  // One that is no unit of the wire makes it a rule that is not understood.
  return given.every(isUnit) && given.length <= MAX_UNITS ? [...new Set(given)] : [];
}

function numberOf(given: unknown): number | undefined {
  return typeof given === "number" && Number.isFinite(given) ? given : undefined;
}

function objectOf(given: unknown): OpenObject {
  return typeof given === "object" && given !== null && !Array.isArray(given) ? { ...given } : {};
}
