import { isDeepStrictEqual } from "node:util";
import {
  asSchema,
  isRecord,
  type JsonSchema,
  propertiesOf,
  requiredOf,
  type SchemaObject,
} from "../compatibility/schema.js";

/** Key under which a schema that ODCS cannot say in full travels beside what it can. */
const WHOLE = "jsonSchema";

/** What each logical type of ODCS takes as `logicalTypeOptions`, in the words of JSON Schema. */
const NUMBERS = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  string: ["minLength", "maxLength", "pattern", "format"],
  integer: NUMBERS,
  number: NUMBERS,
  object: ["minProperties", "maxProperties"],
  array: ["minItems", "maxItems", "uniqueItems"],
  boolean: [],
  date: [],
  timestamp: [],
  time: [],
};
const OF_FORMAT: ReadonlyMap<unknown, string> = new Map([
  ["date", "date"],
  ["date-time", "timestamp"],
  ["time", "time"],
]);
const TO_FORMAT: ReadonlyMap<unknown, string> = new Map(
  [...OF_FORMAT].map(([format, type]) => [type, String(format)]),
);

/** The `schema` of an ODCS contract: one object, with the whole JSON Schema beside it. */
export function toOdcsSchema(name: string, schema: JsonSchema): Record<string, unknown>[] {
  return [
    {
      name,
      logicalType: "object",
      physicalType: "topic",
      properties: toProperties(schema),
      customProperties: [
        { property: WHOLE, value: schema === true ? {} : schema === false ? { not: {} } : schema },
      ],
    },
  ];
}

function toProperties(schema: JsonSchema): Record<string, unknown>[] {
  if (typeof schema === "boolean") return [];
  const required = requiredOf(schema);
  return [...propertiesOf(schema)].map(([name, property]) => ({
    name,
    ...(required.includes(name) ? { required: true } : {}),
    ...toProperty(property),
  }));
}

/** Without a logical type there may be no options: every condition of the standard's schema would hold for them. */
function toProperty(schema: JsonSchema): Record<string, unknown> {
  if (typeof schema === "boolean") return {};
  const described = typeof schema["description"] === "string" ? { description: schema["description"] } : {};
  const type = logicalType(schema);
  if (type === undefined) return described;
  const kept = (OPTIONS[type] ?? [])
    .filter((word) => schema[word] !== undefined)
    .map((word) => [word, schema[word]]);
  return {
    logicalType: type,
    ...described,
    ...(kept.length > 0 ? { logicalTypeOptions: Object.fromEntries(kept) } : {}),
    ...(type === "object" ? { properties: toProperties(schema) } : {}),
    ...(type === "array" && schema["items"] !== undefined
      ? { items: toProperty(asSchema(schema["items"])) }
      : {}),
  };
}

function logicalType(schema: SchemaObject): string | undefined {
  const types = [schema["type"]].flat().filter((type) => type !== "null");
  const [type] = types;
  if (types.length !== 1 || typeof type !== "string" || !Object.hasOwn(OPTIONS, type)) return undefined;
  return type === "string" ? (OF_FORMAT.get(schema["format"]) ?? type) : type;
}

/**
 * The JSON Schema of an ODCS contract's first object: the one that travels beside it, unless somebody has changed
 * the properties since; then, and in contracts of others, what the properties say. `undefined` when there is none.
 */
export function fromOdcsSchema(schema: unknown): SchemaObject | undefined {
  const object: unknown = Array.isArray(schema) ? schema[0] : undefined;
  if (!isRecord(object)) return undefined;
  const custom: readonly unknown[] = Array.isArray(object["customProperties"])
    ? object["customProperties"]
    : [];
  const whole = custom.filter(isRecord).find(({ property }) => property === WHOLE)?.["value"];
  if (isRecord(whole) && isDeepStrictEqual(toProperties(whole), object["properties"] ?? [])) return whole;
  return fromObject(object);
}

function fromObject(object: Record<string, unknown>): SchemaObject {
  const listed: readonly unknown[] = Array.isArray(object["properties"]) ? object["properties"] : [];
  const properties = listed.filter(isRecord).filter(({ name }) => typeof name === "string");
  const required = properties.filter((property) => property["required"] === true).map(({ name }) => name);
  return {
    type: "object",
    properties: Object.fromEntries(
      properties.map((property) => [String(property["name"]), fromProperty(property)]),
    ),
    ...(required.length > 0 ? { required } : {}),
  };
}

function fromProperty(property: Record<string, unknown>): SchemaObject {
  const { logicalType: type, logicalTypeOptions: options, description, items } = property;
  const described = typeof description === "string" ? { description } : {};
  if (typeof type !== "string" || !Object.hasOwn(OPTIONS, type)) return described;
  const format = TO_FORMAT.get(type);
  const kept = (OPTIONS[type] ?? []).filter((word) => isRecord(options) && options[word] !== undefined);
  return {
    ...(type === "object" ? fromObject(property) : { type: format === undefined ? type : "string" }),
    ...(format === undefined ? {} : { format }),
    ...described,
    ...Object.fromEntries(kept.map((word) => [word, isRecord(options) ? options[word] : undefined])),
    ...(type === "array" && isRecord(items) ? { items: fromProperty(items) } : {}),
  };
}
