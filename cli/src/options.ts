import { InvalidArgumentError } from "commander";

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

const UNITS_MS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** `500ms`, `60s`, `5m`, `1h`; a bare number is seconds. Gives milliseconds. */
export function duration(text: string): number {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)?$/.exec(text);
  const unit = UNITS_MS[match?.[2] ?? "s"];
  if (match?.[1] === undefined || unit === undefined || Number(match[1]) === 0) {
    throw new InvalidArgumentError('Expected a time, as "60s", "5m" or "500ms".');
  }
  return Number(match[1]) * unit;
}

/** Collects an option that may be given more than once. */
export function repeatable(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}
