import type { z } from "zod";
import { accept, type Parsed, type Refusal, refuse, shown } from "./parsed.js";

/** Runs a schema and turns its first complaint into a refusal that names field, value and expectation. */
export function parsedBy<T>(schema: z.ZodType<T>, value: unknown, what: string): Parsed<T> {
  const result = schema.safeParse(value);
  return result.success ? accept(result.data) : refusalOf(result.error, value, what);
}

function refusalOf(error: z.ZodError, input: unknown, what: string): Refusal {
  const issue = error.issues[0];
  if (issue === undefined) return refuse("field", `${what} ${shown(input)} is not valid`);
  const field = fieldPath(issue.path);
  const value = valueAt(input, issue.path);
  const name = field === "" ? what : field;
  const expected = issue.message
    .replace(/^(Invalid (input|option|string)|Too (big|small)): expected /, "")
    .replace(/, received .*$/, "")
    .replace(/^Invalid discriminator value. Expected /, "one of ");
  const detail =
    value === undefined
      ? `${name} is missing: expected ${expected}`
      : `${name} ${shown(value)}: expected ${expected}`;
  return field === "" ? refuse("field", detail) : refuse("field", detail, field);
}

/** `["sensors", 2, "unit"]` → `sensors[2].unit`. */
function fieldPath(path: readonly PropertyKey[]): string {
  let text = "";
  for (const key of path) {
    if (typeof key === "number") text += `[${key}]`;
    else text += text === "" ? String(key) : `.${String(key)}`;
  }
  return text.length > 200 ? `${text.slice(0, 197)}...` : text;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}
