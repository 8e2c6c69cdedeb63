import { shown } from "@fieldmesh/protocol";
import {
  ALONE,
  ANNOTATIONS,
  isRecord,
  type JsonSchema,
  JUDGED,
  type SchemaObject,
  TOGETHER,
} from "./schema.js";
import { nullable, schemaOfTypeName } from "./type-names.js";
import { isDeeper, malformed } from "./well-formed.js";

const MAX_DEPTH = 20;
const MAX_FIELDS = 1_000;
/** Bounds the recursion of whoever looks at a schema that was read here. */
const MAX_NESTING = 100;

/** Where and why a schema is none; `path` as in `fields[2].type`. */
export interface SchemaFault {
  path: string;
  message: string;
}

export type ReadSchema = { ok: true; schema: JsonSchema } | { ok: false; faults: readonly SchemaFault[] };

/**
 * Reads what publishers call a schema:
 * - JSON Schema, as it is: all its words are the standard's, and one of them says what a value may be.
 * - a map of fields, `{"order_id": "integer", "address": {"street": "string"}}`;
 * - a list of fields, `{"fields": [{"name": "amount", "type": "decimal", "required": true}]}`.
 *
 * Fields of the short forms are optional unless `required`, and others may come with them: the model is open.
 * Never throws.
 */
export function readSchema(given: unknown): ReadSchema {
  if (typeof given === "boolean") return { ok: true, schema: given };
  if (!isRecord(given)) {
    return {
      ok: false,
      faults: [{ path: "", message: `is ${shown(given)}: expected a JSON Schema or fields` }],
    };
  }
  if (isDeeper(given, MAX_NESTING)) {
    return {
      ok: false,
      faults: [{ path: "", message: `expected values within one another up to ${MAX_NESTING} deep` }],
    };
  }
  if (isJsonSchema(given)) {
    const faults = malformed(given);
    return faults.length === 0 ? { ok: true, schema: given } : { ok: false, faults };
  }
  const reader = new ShortForms();
  const schema = reader.model(given, "", 0);
  return reader.faults.length === 0 ? { ok: true, schema } : { ok: false, faults: reader.faults };
}

/** Keywords of which one at least, well-formed, makes a map of standard words a JSON Schema. */
const TELLING: Readonly<Record<string, (value: unknown) => boolean>> = {
  $schema: (value) => typeof value === "string",
  type: (value) => Array.isArray(value) || (typeof value === "string" && JSON_TYPES.has(value)),
  properties: isRecord,
  additionalProperties: (value) => isRecord(value) || typeof value === "boolean",
  items: (value) => isRecord(value) || typeof value === "boolean",
  required: Array.isArray,
  enum: Array.isArray,
  $ref: (value) => typeof value === "string" && value.includes("#"),
  $defs: isRecord,
  allOf: Array.isArray,
  anyOf: Array.isArray,
  oneOf: Array.isArray,
};
const JSON_TYPES = new Set(["null", "boolean", "object", "array", "number", "string", "integer"]);

function isJsonSchema(given: Record<string, unknown>): boolean {
  const words = Object.keys(given);
  if (words.length === 0 || typeof given["$schema"] === "string") return true;
  const standard = (word: string) =>
    JUDGED.has(word) ||
    ALONE.has(word) ||
    TOGETHER.has(word) ||
    ANNOTATIONS.has(word) ||
    word.startsWith("x-");
  return (
    words.every(standard) &&
    words.some((word) => Object.hasOwn(TELLING, word) && TELLING[word]?.(given[word]))
  );
}

/** What is kept of a field beside its type, as JSON Schema words it. */
const KEPT = [
  "title",
  "description",
  "unit",
  "enum",
  "const",
  "minimum",
  "maximum",
  "format",
  "pattern",
  "default",
];
const FIELD_WORDS = new Set([...KEPT, "name", "type", "required", "nullable", "fields", "items"]);

class ShortForms {
  readonly faults: SchemaFault[] = [];
  #fields = 0;

  model(given: Record<string, unknown>, path: string, depth: number): SchemaObject {
    if (depth > MAX_DEPTH)
      return this.#fault(path, `expected fields within one another up to ${MAX_DEPTH} deep`);
    const fields = given["fields"];
    if (Array.isArray(fields)) return this.#list(fields, join(path, "fields"), depth);
    const properties = new Map<string, SchemaObject>();
    const required: string[] = [];
    for (const [name, value] of Object.entries(given)) {
      if (this.#tooMany(path)) break;
      properties.set(name, this.#field(value, join(path, name), depth));
      if (isRecord(value) && isDefinition(value) && value["required"] === true) required.push(name);
    }
    return object(properties, required);
  }

  #list(fields: readonly unknown[], path: string, depth: number): SchemaObject {
    const properties = new Map<string, SchemaObject>();
    const required: string[] = [];
    for (const [i, field] of fields.entries()) {
      const at = `${path}[${i}]`;
      if (this.#tooMany(path)) break;
      const name = isRecord(field) ? field["name"] : undefined;
      if (!isRecord(field) || typeof name !== "string" || name === "") {
        this.#fault(at, `is ${shown(field)}: expected {"name": …, "type": …}`);
        continue;
      }
      if (properties.has(name)) this.#fault(`${at}.name`, `${shown(name)} is there twice`);
      properties.set(name, this.#definition(field, at, depth));
      if (field["required"] === true) required.push(name);
    }
    return object(properties, required);
  }

  #field(value: unknown, path: string, depth: number): SchemaObject {
    if (typeof value === "string") return this.#typed(value, path);
    if (!isRecord(value))
      return this.#fault(path, `is ${shown(value)}: expected the name of a type, or fields`);
    if (isDefinition(value)) return this.#definition(value, path, depth);
    return isJsonSchema(value) ? value : this.model(value, path, depth + 1);
  }

  #definition(field: Record<string, unknown>, path: string, depth: number): SchemaObject {
    const { type, fields, items } = field;
    let schema: SchemaObject;
    if (Array.isArray(fields)) schema = this.model({ fields }, path, depth + 1);
    else if (typeof type === "string") schema = this.#typed(type, `${path}.type`);
    else if (isRecord(type)) schema = this.#field(type, `${path}.type`, depth + 1);
    else return this.#fault(`${path}.type`, `is ${shown(type)}: expected the name of a type`);
    if (schema["type"] === "array" && items !== undefined) {
      schema = { ...schema, items: this.#field(items, `${path}.items`, depth + 1) };
    }
    const kept = KEPT.filter((word) => field[word] !== undefined).map((word) => [word, field[word]] as const);
    schema = { ...schema, ...Object.fromEntries(kept) };
    return field["nullable"] === true ? nullable(schema) : schema;
  }

  #typed(name: string, path: string): SchemaObject {
    return (
      schemaOfTypeName(name) ??
      this.#fault(
        path,
        `${shown(name)} is no type: expected string, integer, number, boolean, date, datetime, json…`,
      )
    );
  }

  #tooMany(path: string): boolean {
    if (++this.#fields <= MAX_FIELDS) return false;
    if (this.#fields === MAX_FIELDS + 1) this.#fault(path, `expected at most ${MAX_FIELDS} fields`);
    return true;
  }

  #fault(path: string, message: string): SchemaObject {
    this.faults.push({ path, message });
    return {};
  }
}

/** A field with its type and more, rather than a map of fields of which one is called "type". */
function isDefinition(value: Record<string, unknown>): boolean {
  return typeof value["type"] === "string" && Object.keys(value).every((word) => FIELD_WORDS.has(word));
}

function object(properties: ReadonlyMap<string, SchemaObject>, required: readonly string[]): SchemaObject {
  return {
    type: "object",
    properties: Object.fromEntries(properties),
    ...(required.length > 0 ? { required } : {}),
  };
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}
