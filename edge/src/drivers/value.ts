import type { ValueType } from "../config/types.js";
import { DriverError } from "./driver.js";

/** What devices say for true and false when the configuration has no map of values. */
const STATES: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["on", true],
  ["1", true],
  ["false", false],
  ["off", false],
  ["0", false],
]);
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * A device's word as a value: by the map where there is one, else a number (also one written as text, as some
 * devices do) or a state. Throws a DriverError that shows what came.
 */
export function toValue(
  raw: unknown,
  valueType: ValueType,
  values?: Readonly<Record<string, number | boolean>>,
): number | boolean {
  if (raw === undefined) throw new DriverError("there is no value");
  const text = typeof raw === "string" ? raw.trim() : (JSON.stringify(raw) ?? "");
  if (values !== undefined) {
    const mapped = Object.hasOwn(values, text) ? values[text] : undefined;
    if (mapped !== undefined) return mapped;
    throw new DriverError(`${quoted(raw)} is not among the values: ${Object.keys(values).join(", ")}`);
  }
  if (valueType === "boolean") {
    const state = typeof raw === "boolean" ? raw : STATES.get(text.toLowerCase());
    if (state !== undefined) return state;
    throw new DriverError(`expected true or false, got ${quoted(raw)}: give a map of values`);
  }
  if (typeof raw === "number") return raw;
  if (typeof raw === "string" && NUMBER.test(text)) return Number(text);
  throw new DriverError(`expected a number, got ${quoted(raw)}`);
}

/** At most 60 characters of what came, on one line. */
function quoted(raw: unknown): string {
  const text = JSON.stringify(raw) ?? String(raw);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
