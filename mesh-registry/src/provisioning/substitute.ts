import type { ParameterValue } from "../resources/template.js";

/** What each parameter stands for. */
export type Values = ReadonlyMap<string, ParameterValue>;

/** `${name}`; `$${name}` is the text `${name}` itself. */
const REFERENCE = /\$(\$?)\{([^{}]*)\}/g;

/** A reference that nothing stands for, or two keys that become one. */
export class SubstitutionError extends Error {
  override readonly name = "SubstitutionError";
  readonly code = "substitution";
}

/** Parameters that data refers to. */
export function referencesIn(data: unknown): Set<string> {
  const found = new Set<string>();
  const open: unknown[] = [data];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (typeof node === "string") {
      for (const [, dollar, name = ""] of node.matchAll(REFERENCE)) if (dollar === "") found.add(name);
    } else if (typeof node === "object" && node !== null) {
      open.push(...Object.keys(node), ...Object.values(node));
    }
  }
  return found;
}

/**
 * Data with values in place of `${name}`, also in keys. A text that is nothing but one reference becomes the value
 * as it is, so numbers stay numbers. It happens in data and not in text: whatever a value holds, it is one value.
 * @throws SubstitutionError
 */
export function substitute(data: unknown, values: Values): unknown {
  if (typeof data === "string") return substituteText(data, values);
  if (Array.isArray(data)) return data.map((each) => substitute(each, values));
  if (typeof data !== "object" || data === null) return data;
  const entries = Object.entries(data).map(
    ([key, value]) => [String(substituteText(key, values)), substitute(value, values)] as const,
  );
  const keys = new Set(entries.map(([key]) => key));
  if (keys.size < entries.length) {
    throw new SubstitutionError(`two keys become one: expected different ones of ${[...keys].join(", ")}`);
  }
  return Object.fromEntries(entries);
}

function substituteText(text: string, values: Values): ParameterValue {
  const whole = /^\$\{([^{}]*)\}$/.exec(text)?.[1];
  if (whole !== undefined) return lookUp(whole, values);
  return text.replace(REFERENCE, (_all, dollar: string, name: string) =>
    dollar === "$" ? `\${${name}}` : String(lookUp(name, values)),
  );
}

function lookUp(name: string, values: Values): ParameterValue {
  const value = values.get(name);
  if (value === undefined) throw new SubstitutionError(`there is no parameter "${name}"`);
  return value;
}
