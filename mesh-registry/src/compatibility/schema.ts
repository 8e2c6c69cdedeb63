import { isDeepStrictEqual } from "node:util";

/** A JSON Schema (draft 2020-12) as it came: its parts are looked at one by one. */
export type JsonSchema = boolean | { readonly [keyword: string]: unknown };
export type SchemaObject = Exclude<JsonSchema, boolean>;

/** Kinds of values, apart enough to say that every `integer` is a `number`. */
const KINDS = ["null", "boolean", "object", "array", "string", "integer", "fraction"] as const;
export type Kind = (typeof KINDS)[number];

/** Keywords that the comparison understands. */
export const JUDGED: ReadonlySet<string> = new Set([
  "type",
  "properties",
  "required",
  "additionalProperties",
  "items",
  "enum",
  "const",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "minProperties",
  "maxProperties",
]);
/** Each asserts by itself: the same one is no difference, and one that is left out only admits more. */
export const ALONE: ReadonlySet<string> = new Set([
  "pattern",
  "format",
  "multipleOf",
  "uniqueItems",
  "propertyNames",
  "dependentRequired",
  "allOf",
  "anyOf",
  "oneOf",
  "not",
  "contentEncoding",
  "contentMediaType",
]);
/** What they say depends on what stands beside or elsewhere: only the same schema is no difference. */
export const TOGETHER: ReadonlySet<string> = new Set([
  "$ref",
  "$dynamicRef",
  "$anchor",
  "$dynamicAnchor",
  "$defs",
  "definitions",
  "$vocabulary",
  "if",
  "then",
  "else",
  "prefixItems",
  "contains",
  "minContains",
  "maxContains",
  "patternProperties",
  "dependentSchemas",
  "unevaluatedItems",
  "unevaluatedProperties",
  "contentSchema",
]);
/** They say something to people and programs, and assert nothing. */
export const ANNOTATIONS: ReadonlySet<string> = new Set([
  "$schema",
  "$id",
  "$comment",
  "title",
  "description",
  "default",
  "examples",
  "deprecated",
  "readOnly",
  "writeOnly",
  "unit",
]);

export function asObject(schema: JsonSchema): SchemaObject {
  if (schema === true) return {};
  return schema === false ? { not: {} } : schema;
}

/** A schema where one may stand; anything else admits everything, as the standard says of unknown words. */
export function asSchema(value: unknown): JsonSchema {
  return typeof value === "boolean" || isRecord(value) ? value : true;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The same in every keyword that asserts something (or says a unit). */
export function sameSchema(a: JsonSchema, b: JsonSchema): boolean {
  return isDeepStrictEqual(asserting(a), asserting(b));
}

function asserting(schema: JsonSchema): unknown {
  const silent = (word: string) => ANNOTATIONS.has(word) && word !== "unit";
  return Object.fromEntries(Object.entries(asObject(schema)).filter(([word]) => !silent(word)));
}

/** The kinds of values that the keyword `type` admits; without it, all. */
export function kindsOf(schema: SchemaObject): ReadonlySet<Kind> {
  const type = schema["type"];
  if (typeof type !== "string" && !Array.isArray(type)) return new Set(KINDS);
  const named: readonly unknown[] = typeof type === "string" ? [type] : type;
  const kinds = KINDS.filter(
    (kind) =>
      named.includes(kind) || (named.includes("number") && (kind === "integer" || kind === "fraction")),
  );
  return new Set(kinds.filter((kind) => kind !== "fraction" || named.includes("number")));
}

export function propertiesOf(schema: SchemaObject): ReadonlyMap<string, JsonSchema> {
  const properties = schema["properties"];
  if (!isRecord(properties)) return new Map();
  return new Map(Object.entries(properties).map(([name, value]) => [name, asSchema(value)]));
}

export function requiredOf(schema: SchemaObject): readonly string[] {
  const required = schema["required"];
  return Array.isArray(required) ? required.filter((name): name is string => typeof name === "string") : [];
}

/** All values that a schema admits, where `const`, `enum` or its type make them few. */
export function valuesOf(schema: SchemaObject): readonly unknown[] | undefined {
  let values: readonly unknown[] | undefined;
  const listed = schema["enum"];
  if ("const" in schema) values = [schema["const"]];
  else if (Array.isArray(listed)) values = listed;
  else {
    const kinds = kindsOf(schema);
    const few = [...kinds].every((kind) => kind === "null" || kind === "boolean");
    if (few) values = [...(kinds.has("null") ? [null] : []), ...(kinds.has("boolean") ? [false, true] : [])];
  }
  return values?.filter((value) => accepts(schema, value) !== false);
}

/** Whether a value is valid by the keywords of {@link JUDGED}; `undefined` when it also hangs on others. */
export function accepts(schema: JsonSchema, value: unknown): boolean | undefined {
  if (typeof schema === "boolean") return schema;
  const verdicts = [
    kindsOf(schema).has(kindOf(value)),
    !("const" in schema) || isDeepStrictEqual(schema["const"], value),
    !Array.isArray(schema["enum"]) || schema["enum"].some((member) => isDeepStrictEqual(member, value)),
    withinBounds(schema, value),
    ...inside(schema, value),
    Object.keys(schema).some((word) => ALONE.has(word) || TOGETHER.has(word)) ? undefined : true,
  ];
  if (verdicts.includes(false)) return false;
  return verdicts.includes(undefined) ? undefined : true;
}

function inside(schema: SchemaObject, value: unknown): (boolean | undefined)[] {
  if (Array.isArray(value)) {
    const items = schema["items"];
    return items === undefined ? [] : value.map((item) => accepts(asSchema(items), item));
  }
  if (!isRecord(value)) return [];
  const properties = propertiesOf(schema);
  const additional = asSchema(schema["additionalProperties"]);
  return [
    requiredOf(schema).every((name) => Object.hasOwn(value, name)),
    ...Object.entries(value).map(([name, part]) => accepts(properties.get(name) ?? additional, part)),
  ];
}

function kindOf(value: unknown): Kind {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "fraction";
  return typeof value === "boolean" ? "boolean" : typeof value === "string" ? "string" : "object";
}

function withinBounds(schema: SchemaObject, value: unknown): boolean {
  const limit = (word: string, other: number) => {
    const given = schema[word];
    return typeof given === "number" ? given : other;
  };
  const { POSITIVE_INFINITY: most, NEGATIVE_INFINITY: least } = Number;
  const sized = (size: number, what: string) =>
    size >= limit(`min${what}`, 0) && size <= limit(`max${what}`, most);
  if (typeof value === "number") {
    return (
      value >= limit("minimum", least) &&
      value <= limit("maximum", most) &&
      !(value <= limit("exclusiveMinimum", least)) &&
      !(value >= limit("exclusiveMaximum", most))
    );
  }
  if (typeof value === "string") return sized(Array.from(value).length, "Length");
  if (Array.isArray(value)) return sized(value.length, "Items");
  return isRecord(value) ? sized(Object.keys(value).length, "Properties") : true;
}
