import { shown } from "@fieldmesh/protocol";
import { isRecord } from "./schema.js";
import type { SchemaFault } from "./short-forms.js";

/** Whether a value holds others within one another deeper than `levels`. Looks level by level, without recursion. */
export function isDeeper(value: unknown, levels: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > levels) return true;
    level = level.flatMap((part) => (typeof part === "object" && part !== null ? Object.values(part) : []));
  }
  return false;
}

const TYPES: readonly unknown[] = ["null", "boolean", "object", "array", "number", "string", "integer"];
const isText = (value: unknown) => typeof value === "string";
const isNumber = (value: unknown) => typeof value === "number";
const isSize = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0;

/** The shapes of keywords by the meta-schema of draft 2020-12. */
const SHAPES: Readonly<Record<string, readonly [fits: (value: unknown) => boolean, expected: string]>> = {
  type: [
    (value) =>
      Array.isArray(value)
        ? value.length > 0 && value.every((t) => TYPES.includes(t))
        : TYPES.includes(value),
    `one or a list of ${TYPES.join(", ")}`,
  ],
  required: [(value) => Array.isArray(value) && value.every(isText), "a list of names"],
  enum: [Array.isArray, "a list of values"],
  pattern: [isText, "a text"],
  format: [isText, "a text"],
  ...Object.fromEntries(
    ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"].map((word) => [
      word,
      [isNumber, "a number"],
    ]),
  ),
  ...Object.fromEntries(
    ["Length", "Items", "Properties"].flatMap((what) =>
      ["min", "max"].map((end) => [`${end}${what}`, [isSize, "a whole number from 0"]]),
    ),
  ),
};

/** What of a JSON Schema is not of the shape that its keywords have, in the parts that are compared. */
export function malformed(schema: unknown, path = ""): SchemaFault[] {
  if (typeof schema === "boolean") return [];
  if (!isRecord(schema)) return [{ path, message: `is ${shown(schema)}: expected a schema` }];
  const at = (word: string) => (path === "" ? word : `${path}.${word}`);
  const faults: SchemaFault[] = [];
  for (const [word, value] of Object.entries(schema)) {
    const shape = Object.hasOwn(SHAPES, word) ? SHAPES[word] : undefined;
    if (shape !== undefined && !shape[0](value)) {
      faults.push({ path: at(word), message: `is ${shown(value)}: expected ${shape[1]}` });
    }
    if (word === "items" || word === "additionalProperties") faults.push(...malformed(value, at(word)));
    if (word !== "properties") continue;
    if (isRecord(value)) {
      for (const [name, part] of Object.entries(value))
        faults.push(...malformed(part, `${at(word)}.${name}`));
    } else faults.push({ path: at(word), message: `is ${shown(value)}: expected a map of schemas` });
  }
  return faults;
}
