import type { ValueType } from "../config/types.js";
import { DriverError } from "./driver.js";
import { parseJsonPath, readJsonPath } from "./json-path.js";
import { toValue } from "./value.js";

export interface PayloadOptions {
  /** Absent: the whole text is the value. */
  path?: string | undefined;
  values?: Readonly<Record<string, number | boolean>> | undefined;
}

/**
 * Takes the value out of what a device sent: plain text, or JSON and a path into it. `undefined` when the JSON
 * has nothing at the path. Throws a DriverError when there is something that is no value.
 */
export function payloadValue(
  text: string,
  { path, values }: PayloadOptions,
  valueType: ValueType,
): number | boolean | undefined {
  if (path === undefined) return toValue(text, valueType, values);
  const steps = parseJsonPath(path);
  if (steps === undefined) throw new DriverError(`${path} is not a path`);
  const found = readJsonPath(parseJson(text), steps);
  return found === undefined ? undefined : toValue(found, valueType, values);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const start = JSON.stringify(text.trim().slice(0, 40));
    throw new DriverError(`expected JSON, got ${start}`, { cause });
  }
}
