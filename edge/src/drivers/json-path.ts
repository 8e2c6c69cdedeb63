/**
 * A path into JSON: `temperature`, `StatusSNS.DS18B20.Temperature`, `result[0].value`, `["a key.with dots"].x`.
 *
 *     path  = first *( "." key / index )      first = key / index
 *     key   = 1*( any character but . [ ] " )
 *     index = "[" ( digits / JSON string ) "]"
 *
 * The empty path is the whole document.
 */
export type JsonPath = readonly (string | number)[];

const STEP = /([^.[\]"]+)|\[(\d{1,6})\]|\[("(?:[^"\\]|\\.)*")\]/y;
/** Deep enough for any device; a bound so that a path cannot be a burden. */
const MAX_STEPS = 32;

/** Parses a path; `undefined` when it is outside the grammar. */
export function parseJsonPath(text: string): JsonPath | undefined {
  const steps: (string | number)[] = [];
  let at = 0;
  while (at < text.length) {
    const first = at === 0;
    const dotted = text[at] === ".";
    if (dotted) at += 1;
    STEP.lastIndex = at;
    const match = STEP.exec(text);
    const [whole, key, index, quoted] = match ?? [];
    if (whole === undefined || steps.length === MAX_STEPS) return undefined;
    // A dot stands before a key that is not the first, and nowhere else.
    if (dotted !== (key !== undefined && !first)) return undefined;
    if (key !== undefined) steps.push(key);
    else if (index !== undefined) steps.push(Number(index));
    else {
      const name = unquote(quoted ?? "");
      if (name === undefined) return undefined;
      steps.push(name);
    }
    at += whole.length;
  }
  return steps;
}

function unquote(text: string): string | undefined {
  try {
    return String(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Follows a path; `undefined` when something on the way is not there. Only what the JSON holds is seen. */
export function readJsonPath(json: unknown, path: JsonPath): unknown {
  let value = json;
  for (const step of path) {
    if (typeof step === "number") {
      if (!Array.isArray(value)) return undefined;
      value = (value as unknown[])[step];
    } else {
      if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
      if (!Object.hasOwn(value, step)) return undefined;
      value = (value as Record<string, unknown>)[step];
    }
  }
  return value;
}
