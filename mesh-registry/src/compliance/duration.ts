import { quantity } from "../rules/quantity.js";
import { UNITS, type Unit } from "../rules/rule.js";

export interface Duration {
  value: number;
  unit: Exclude<Unit, "%">;
  ms: number;
}

/** Reads `24h`, as an SLA has it. @throws TypeError for what its schema would have refused */
export function readDuration(text: string): Duration {
  const [, number, given] = /^([\d.]+)([a-z]+)$/.exec(text) ?? [];
  const unit = UNITS.find((each) => each === given);
  if (number === undefined || unit === undefined || unit === "%") {
    throw new TypeError(`${text}: expected a number and one of ms, s, m, h, d, as 24h`);
  }
  const value = Number(number);
  return { value, unit, ms: quantity(value, unit).base };
}
