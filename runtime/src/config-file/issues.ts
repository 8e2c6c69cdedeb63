import { z } from "zod";
import { didYouMean, fieldName } from "./problems.js";

/** What the validator found, with the path that it found it at, before lines are known. */
export interface FoundProblem {
  path: PropertyKey[];
  value?: unknown;
  expected: string;
  /** The key itself is wrong, not what stands under it. */
  isKey?: boolean;
}

/** Turns the validator's issues into problems that say what was expected. `input` is what was validated. */
export function problemsOf(schema: z.ZodType, error: z.ZodError, input: unknown): FoundProblem[] {
  const problems = error.issues.flatMap((issue) => problemsOfIssue(schema, issue, input));
  // A mistyped key is the cause of what its map then lacks: one mistake is told once.
  const mistyped = problems
    .filter((problem) => problem.isKey)
    .map(({ path }) => fieldName(path.slice(0, -1)));
  return problems.filter((p) => p.value === undefined || p.isKey || !mistyped.includes(fieldName(p.path)));
}

function problemsOfIssue(schema: z.ZodType, issue: z.core.$ZodIssue, input: unknown): FoundProblem[] {
  const { path } = issue;
  const value = valueAt(input, path);
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(schema, path, input);
    return issue.keys.map((key) => ({
      path: [...path, key],
      expected: `unknown key${didYouMean(key, known) || `; ${listed("known", known)}`}`,
      isKey: true,
    }));
  }
  if (issue.code === "invalid_union" && "discriminator" in issue && typeof issue.discriminator === "string") {
    const field = issue.discriminator;
    const isAtField = path.at(-1) === field;
    const given = isAtField ? value : valueAt(value, [field]);
    const expected = oneOf(discriminators(schema, path, input), given);
    return [{ path: isAtField ? path : [...path, field], value: given, expected }];
  }
  if (issue.code === "invalid_union") {
    const inMap = issuesInMap(issue, value);
    if (inMap.length > 0) return inMap.flatMap((inner) => problemsOfIssue(schema, inner, input));
  }
  if (issue.code === "invalid_value") {
    return [{ path, value, expected: oneOf(issue.values.map(String), value) }];
  }
  return [{ path, value, expected: expectation(issue, value) }];
}

/** Of a choice between a map and something else (`false`, say), where a map is given: what is wrong within it. */
function issuesInMap(issue: z.core.$ZodIssueInvalidUnion, value: unknown): z.core.$ZodIssue[] {
  if (!isMap(value)) return [];
  const within = issue.errors.filter((issues) => issues.every(({ code, path }) => isWithin(code, path)));
  const [issues = [], ...others] = within;
  return others.length > 0 ? [] : issues.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}

/** The option is a map: its own type is not what is wrong. */
function isWithin(code: string, path: readonly PropertyKey[]): boolean {
  return path.length > 0 || code === "unrecognized_keys";
}

function isMap(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function oneOf(values: readonly string[], given: unknown): string {
  return `expected one of ${values.join(", ")}${typeof given === "string" ? didYouMean(given, values) : ""}`;
}

/** The schemas' own messages say what is expected; the validator's are put into the same words. */
function expectation(issue: z.core.$ZodIssue, value: unknown): string {
  const { message } = issue;
  if (value === undefined && issue.code === "invalid_type") {
    return `missing: expected ${message.startsWith("Invalid input") ? typeName(issue.expected) : message}`;
  }
  if (issue.code === "invalid_type" && message.startsWith("Invalid input")) {
    return `expected ${typeName(issue.expected)}`;
  }
  if (issue.code === "too_small" && message.startsWith("Too small")) {
    return `expected ${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}${sized(issue.origin)}`;
  }
  if (issue.code === "too_big" && message.startsWith("Too big")) {
    return `expected ${issue.inclusive === false ? "less than" : "at most"} ${issue.maximum}${sized(issue.origin)}`;
  }
  return message.startsWith("expected ") ? message : `expected ${message}`;
}

function typeName(expected: string): string {
  switch (expected) {
    case "boolean":
      return "true or false";
    case "object":
    case "record":
      return "a map (key: value)";
    case "array":
    case "tuple":
      return "a list";
    case "string":
      return "a text";
    case "int":
      return "a whole number";
    default:
      return `a ${expected}`;
  }
}

function sized(origin: string): string {
  return origin === "string" ? " characters" : origin === "array" ? " entries" : "";
}

function listed(word: string, keys: readonly string[]): string {
  return keys.length === 0 ? "none is expected here" : `${word} here: ${keys.join(", ")}`;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

function knownKeys(schema: z.ZodType, path: readonly PropertyKey[], input: unknown): string[] {
  const found = schemaAt(schema, path, input);
  return found instanceof z.ZodObject ? Object.keys(found.shape) : [];
}

function discriminators(schema: z.ZodType, path: readonly PropertyKey[], input: unknown): string[] {
  let found = schemaAt(schema, path, input, false);
  if (!(found instanceof z.ZodDiscriminatedUnion)) found = schemaAt(schema, path.slice(0, -1), input, false);
  if (!(found instanceof z.ZodDiscriminatedUnion)) return [];
  const { discriminator } = found.def;
  return found.options.flatMap((option) => {
    const literal = option instanceof z.ZodObject ? option.shape[discriminator] : undefined;
    return literal instanceof z.ZodLiteral ? [...literal.values].map(String) : [];
  });
}

/** The schema that stands for a path, wrappers taken off; `undefined` when the path leads out of it. */
function schemaAt(
  schema: z.ZodType,
  path: readonly PropertyKey[],
  input: unknown,
  choose = true,
): z.core.$ZodType | undefined {
  let at: z.core.$ZodType | undefined = schema;
  let value = input;
  for (const key of [...path, undefined]) {
    at = unwrapped(at, value, choose || key !== undefined);
    if (key === undefined) return at;
    if (at instanceof z.ZodObject) at = at.shape[String(key)];
    else if (at instanceof z.ZodRecord) at = at.valueType;
    else if (at instanceof z.ZodArray) at = at.def.element;
    else return undefined;
    value = valueAt(value, [key]);
  }
  return at;
}

function unwrapped(
  schema: z.core.$ZodType | undefined,
  value: unknown,
  choose: boolean,
): z.core.$ZodType | undefined {
  let at = schema;
  for (;;) {
    if (at instanceof z.ZodOptional || at instanceof z.ZodDefault || at instanceof z.ZodPrefault) {
      at = at.def.innerType;
    } else if (at instanceof z.ZodPipe) at = at.def.in;
    else if (choose && at instanceof z.ZodDiscriminatedUnion) {
      const { discriminator, options } = at.def;
      const given = valueAt(value, [discriminator]);
      const fits = (option: z.core.$ZodType): boolean => {
        const literal = option instanceof z.ZodObject ? option.shape[discriminator] : undefined;
        return literal instanceof z.ZodLiteral && literal.values.has(given as string);
      };
      at = options.find(fits);
    } else if (
      choose &&
      !(at instanceof z.ZodDiscriminatedUnion) &&
      at instanceof z.ZodUnion &&
      isMap(value)
    ) {
      at = at.options.find((option) => option instanceof z.ZodObject);
    } else return at;
  }
}
