import { parseDuration } from "@fieldmesh/runtime/config-file/durations";
import { InvalidArgumentError } from "commander";

/** The longest that a timer of Node.js takes: 24 days. */
const MAX_DURATION_MS = 2_147_483_647;

/** Parsers of option values for commander; each throws what is expected. */

export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) {
      throw new InvalidArgumentError(
        `Expected a whole number from ${min}${max === Number.MAX_SAFE_INTEGER ? "" : ` to ${max}`}.`,
      );
    }
    return value;
  };
}

export type Qos = 0 | 1 | 2;

export function qos(text: string): Qos {
  if (text === "0") return 0;
  if (text === "1") return 1;
  if (text === "2") return 2;
  throw new InvalidArgumentError("Expected 0, 1 or 2.");
}

/** `500ms`, `60s`, `5m`, `1h`; a bare number is seconds. Gives milliseconds. */
export function duration(text: string): number {
  const ms = parseDuration(/^[\d.]+$/.test(text) ? `${text}s` : text);
  if (ms === undefined || ms === 0 || ms > MAX_DURATION_MS) {
    throw new InvalidArgumentError('Expected a time, as "60s", "5m" or "500ms".');
  }
  return ms;
}

const DAY_MS = 86_400_000;

/** `90d` beside the usual units; it may be longer than a timer's time. Gives milliseconds. */
export function lifetime(text: string): number {
  const days = /^(\d{1,5})d$/.exec(text)?.[1];
  return days === undefined ? duration(text) : Number(days) * DAY_MS;
}

/** Collects an option that may be given more than once. */
export function repeatable(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}
