/** A field of a payload as its JSON Schema has it, in words. */
export interface SchemaField {
  /** From the payload's root: `value`, `address.street`, `readings[].t`. */
  path: string;
  type: string;
  unit: string;
  /** Values that are allowed: `0 to 100`, `at most 20 characters`, `one of "on", "off"`. */
  range: string;
  required: boolean;
  description: string;
}

type Schema = Readonly<Record<string, unknown>>;

/** A table of more rows is not read by anyone; schemas may be nested as deep as they like. */
const MOST_FIELDS = 500;
const DEEPEST = 8;

/** The fields of a schema, in its order; nested ones below what they are part of. */
export function schemaFields(schema: unknown): SchemaField[] {
  const fields: SchemaField[] = [];
  if (isSchema(schema)) collect(schema, "", 0, fields);
  return fields;
}

function collect(schema: Schema, path: string, depth: number, into: SchemaField[]): void {
  if (depth > DEEPEST) return;
  const items = schema["items"];
  if (isSchema(items)) {
    const inner = `${path}[]`;
    if (path === "") into.push(field(items, inner, true));
    collect(items, inner, depth + 1, into);
  }
  const properties = schema["properties"];
  if (!isSchema(properties)) return;
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  for (const [name, value] of Object.entries(properties)) {
    if (into.length >= MOST_FIELDS) return;
    const inner = path === "" ? name : `${path}.${name}`;
    const given = isSchema(value) ? value : {};
    into.push(field(given, inner, required.includes(name)));
    collect(given, inner, depth + 1, into);
  }
}

function field(schema: Schema, path: string, required: boolean): SchemaField {
  const { unit, description } = schema as { unit?: unknown; description?: unknown };
  return {
    path,
    type: typeText(schema),
    unit: typeof unit === "string" ? unit : "",
    range: rangeText(schema),
    required,
    description: typeof description === "string" ? description : "",
  };
}

function typeText(schema: Schema): string {
  const { type, items, format } = schema as { type?: unknown; items?: unknown; format?: unknown };
  if (Array.isArray(type)) return type.map(String).join(" or ");
  if (type === "array") return isSchema(items) ? `list of ${typeText(items)}` : "list";
  if (type === "string" && typeof format === "string") return format;
  if (typeof type === "string") return type;
  for (const word of ["anyOf", "oneOf"] as const) {
    const ways = schema[word];
    if (Array.isArray(ways)) return ways.map((way) => (isSchema(way) ? typeText(way) : "any")).join(" or ");
  }
  return "any";
}

function rangeText(schema: Schema): string {
  const parts: string[] = [];
  if ("const" in schema) parts.push(`always ${JSON.stringify(schema["const"])}`);
  const values = schema["enum"];
  if (Array.isArray(values)) parts.push(`one of ${values.map((value) => JSON.stringify(value)).join(", ")}`);
  parts.push(...bounds(schema));
  const [fewest, most] = [schema["minLength"], schema["maxLength"]];
  if (typeof fewest === "number" || typeof most === "number")
    parts.push(`${between(fewest, most)} characters`);
  const [least, greatest] = [schema["minItems"], schema["maxItems"]];
  if (typeof least === "number" || typeof greatest === "number")
    parts.push(`${between(least, greatest)} items`);
  const { pattern, multipleOf } = schema as { pattern?: unknown; multipleOf?: unknown };
  if (typeof pattern === "string") parts.push(`as /${pattern}/`);
  if (typeof multipleOf === "number") parts.push(`in steps of ${multipleOf}`);
  return parts.join(", ");
}

function bounds(schema: Schema): string[] {
  const [low, above] = [schema["minimum"], schema["exclusiveMinimum"]];
  const [high, below] = [schema["maximum"], schema["exclusiveMaximum"]];
  const parts = [];
  if (typeof low === "number" || typeof high === "number") parts.push(between(low, high));
  if (typeof above === "number") parts.push(`above ${above}`);
  if (typeof below === "number") parts.push(`below ${below}`);
  return parts;
}

function between(low: unknown, high: unknown): string {
  if (typeof low !== "number") return `at most ${String(high)}`;
  if (typeof high !== "number") return `at least ${low}`;
  return low === high ? `${low}` : `${low} to ${high}`;
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
