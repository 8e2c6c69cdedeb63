import type { SchemaObject } from "./schema.js";

const NAMED: Readonly<Record<string, SchemaObject>> = {
  ...named({ type: "string" }, "string str text varchar char"),
  ...named({ type: "string", format: "uuid" }, "uuid"),
  ...named({ type: "string", format: "date" }, "date"),
  ...named({ type: "string", format: "time" }, "time"),
  ...named({ type: "string", format: "date-time" }, "datetime timestamp timestamptz date-time"),
  ...named({ type: "string", contentEncoding: "base64" }, "binary bytes blob"),
  ...named({ type: "integer" }, "integer int int32 int64 bigint smallint long short"),
  ...named({ type: "number" }, "number float float32 float64 double decimal numeric real"),
  ...named({ type: "boolean" }, "boolean bool"),
  ...named({ type: "object" }, "object dict map struct record"),
  ...named({ type: "array" }, "array list"),
  ...named({ type: "null" }, "null"),
  ...named({}, "json jsonb any variant"),
};

const PARAMETERS = /^([a-z][a-z0-9-]*)\s*\(\s*(\d{1,9})\s*(?:,\s*\d{1,9}\s*)?\)$/;
const LIST = /^(?:array|list)\s*<(.*)>$/;

/**
 * The schema of a type as databases and data frames name it: `string`, `integer`, `decimal(10,2)`, `datetime`,
 * `json`, `string[]`, `list<integer>`, each with a `?` where it may be null. `undefined` of a name not known.
 */
export function schemaOfTypeName(name: string): SchemaObject | undefined {
  const type = name.trim().toLowerCase();
  if (type.length > 100) return undefined; // also bounds the lists within one another
  if (type.endsWith("?")) {
    const schema = schemaOfTypeName(type.slice(0, -1));
    return schema === undefined ? undefined : nullable(schema);
  }
  const item = type.endsWith("[]") ? type.slice(0, -2) : LIST.exec(type)?.[1];
  if (item !== undefined) {
    const items = schemaOfTypeName(item);
    return items === undefined ? undefined : { type: "array", items };
  }
  const [, base, size] = PARAMETERS.exec(type) ?? [];
  const schema = lookedUp(base ?? type);
  if (schema === undefined || size === undefined || schema["type"] !== "string") return schema;
  return { ...schema, maxLength: Number(size) };
}

/** The same, and null as well. */
export function nullable(schema: SchemaObject): SchemaObject {
  const type = schema["type"];
  if (type === undefined) return schema;
  const types: readonly unknown[] = Array.isArray(type) ? type : [type];
  const listed = schema["enum"];
  return {
    ...schema,
    type: types.includes("null") ? types : [...types, "null"],
    ...(Array.isArray(listed) && !listed.includes(null) ? { enum: [...listed, null] } : {}),
  };
}

function lookedUp(name: string): SchemaObject | undefined {
  return Object.hasOwn(NAMED, name) ? NAMED[name] : undefined;
}

function named(schema: SchemaObject, names: string): Record<string, SchemaObject> {
  return Object.fromEntries(names.split(" ").map((name) => [name, schema]));
}
