import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { breaksOf, type Compatibility } from "./compatibility.js";
import { compareVersions, judgeRelease, parseVersion } from "./release.js";
import { accepts, type JsonSchema, type SchemaObject } from "./schema.js";
import { readSchema } from "./short-forms.js";

const BACKWARD = { compatibility: "BACKWARD", strict: false } as const;

const reading: SchemaObject = {
  type: "object",
  properties: { value: { type: ["number", "null"] }, unit: { enum: ["Cel", "K"] } },
  required: ["value"],
};
function changed(change: Record<string, unknown>, of: SchemaObject = reading): SchemaObject {
  return { ...of, ...change };
}
const withProperty = (name: string, schema: JsonSchema, of = reading) =>
  changed({ properties: { ...(of["properties"] as object), [name]: schema } }, of);

function brief(
  before: JsonSchema,
  after: JsonSchema,
  compatibility: Compatibility = "BACKWARD",
  strict = false,
) {
  return breaksOf(before, after, { compatibility, strict }).map(
    ({ direction, path, keyword, judged }) => `${direction} ${path} ${keyword}${judged ? "" : " ?"}`,
  );
}

describe("two versions of a schema", () => {
  it("are compatible when only words for people change", () => {
    expect(brief(reading, changed({ title: "Reading", description: "x", $id: "a" }), "FULL", true)).toEqual(
      [],
    );
  });

  it("answer each break with its path, what was, what is, and why", () => {
    const after = changed({
      properties: { value: { type: "number", minimum: 0 }, unit: { enum: ["Cel"] } },
      required: ["value", "node"],
    });
    expect(breaksOf(reading, after, BACKWARD)).toEqual([
      {
        direction: "BACKWARD",
        path: "$",
        keyword: "required",
        before: ["value"],
        after: ["value", "node"],
        why: '$ of the old version may lack "node", which the new one does not take',
        judged: true,
      },
      {
        direction: "BACKWARD",
        path: "$.value",
        keyword: "type",
        before: ["number", "null"],
        after: "number",
        why: "$.value of the old version may be null, which the new one does not take",
        judged: true,
      },
      {
        direction: "BACKWARD",
        path: "$.value",
        keyword: "minimum",
        before: undefined,
        after: 0,
        why: "$.value of the old version may be below 0, which the new one does not take",
        judged: true,
      },
      {
        direction: "BACKWARD",
        path: "$.unit",
        keyword: "enum",
        before: ["Cel", "K"],
        after: ["Cel"],
        why: '$.unit of the old version may be "K", which the new one does not take',
        judged: true,
      },
    ]);
  });

  it("may widen for BACKWARD and narrow for FORWARD, and neither for FULL", () => {
    const wider = withProperty("value", { type: ["number", "null", "string"] });
    expect(brief(reading, wider)).toEqual([]);
    expect(brief(reading, wider, "FORWARD")).toEqual(["FORWARD $.value type"]);
    expect(brief(wider, reading, "FORWARD")).toEqual([]);
    expect(brief(wider, reading, "FULL")).toEqual(["BACKWARD $.value type"]);
    expect(brief({ type: "integer" }, { type: "number" })).toEqual([]);
    expect(brief({ type: "number" }, { type: "integer" })).toEqual(["BACKWARD $ type"]);
    const forward = breaksOf({ minimum: 0 }, { minimum: -1 }, { compatibility: "FORWARD", strict: false });
    expect(forward).toMatchObject([
      { before: 0, after: -1, why: expect.stringContaining("of the new version") },
    ]);
  });

  it("are judged by what an open model names, or strictly by all that it admits", () => {
    const more = withProperty("site", { type: "string" });
    expect(brief(reading, more)).toEqual([]);
    expect(brief(reading, more, "BACKWARD", true)).toEqual(["BACKWARD $.site type"]);
    const closed = changed({ additionalProperties: false });
    expect(brief(reading, closed)).toEqual([]);
    expect(brief(reading, closed, "BACKWARD", true)).toEqual(["BACKWARD $.* "]);
    expect(brief(closed, withProperty("site", { type: "string" }, closed), "BACKWARD", true)).toEqual([]);
    const less = changed({
      properties: { value: { type: ["number", "null"] } },
      additionalProperties: false,
    });
    expect(brief(reading, less)).toEqual(["BACKWARD $.unit "]);
    // A map of anything is no model that is more than it says.
    expect(brief({ type: "object" }, reading)).toContain("BACKWARD $.value type");
  });

  it("are compared deep inside, and by unit", () => {
    const nested = (value: JsonSchema) => ({
      type: "object",
      properties: { "a b": { type: "array", items: { type: "object", properties: { value } } } },
    });
    expect(brief(nested({ type: "string" }), nested({ type: "number" }))).toEqual([
      'BACKWARD $["a b"][].value type',
    ]);
    expect(brief({ type: "number", unit: "Cel" }, { type: "number", unit: "K" }, "FULL")).toEqual([
      "BACKWARD $ unit",
      "FORWARD $ unit",
    ]);
  });

  it("are said not to be judged where they cannot be", () => {
    const ref = { $ref: "#/$defs/a", $defs: { a: { type: "string" } } };
    expect(brief(ref, { ...ref })).toEqual([]);
    expect(brief(ref, { $ref: "#/$defs/a", $defs: { a: { type: "number" } } })).toEqual([
      "BACKWARD $ $ref ?",
      "BACKWARD $ $defs ?",
    ]);
    expect(brief({ type: "string" }, { type: "string", pattern: "^a" })).toEqual(["BACKWARD $ pattern ?"]);
    expect(brief({ type: "string", pattern: "^a" }, { type: "string" })).toEqual([]);
    expect(brief({ enum: ["a"] }, { type: "string", pattern: "^a" })).toEqual(["BACKWARD $ enum ?"]);
  });

  it("when compatible, make every document of the one valid by the other", () => {
    let tried = 0;
    fc.assert(
      fc.property(schemas, schemas, fc.boolean(), fc.boolean(), documents, (a, b, alike, strict, given) => {
        const [before, after] = alike ? [a, { ...asRecord(a), ...asRecord(b) }] : [a, b];
        if (breaksOf(before, after, { compatibility: "BACKWARD", strict }).length > 0) return;
        for (const document of given) {
          if (!valid(before, document) || (!strict && !writesOnlyNamed(before, document))) continue;
          tried++;
          if (!valid(after, document)) expect.fail(JSON.stringify({ before, after, document, strict }));
        }
      }),
      { numRuns: 3_000 },
    );
    expect(tried).toBeGreaterThan(1_000);
  });

  it("when FULL, are both BACKWARD and FORWARD, and FORWARD is BACKWARD the other way round", () => {
    fc.assert(
      fc.property(schemas, schemas, fc.boolean(), (a, b, strict) => {
        const full = brief(a, b, "FULL", strict);
        expect(full).toEqual([...brief(a, b, "BACKWARD", strict), ...brief(a, b, "FORWARD", strict)]);
        expect(brief(a, b, "FORWARD", strict).map((x) => x.replace("FORWARD", "BACKWARD"))).toEqual(
          brief(b, a, "BACKWARD", strict),
        );
        expect(brief(a, a, "FULL", strict)).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("a release", () => {
  const existing = [
    { version: "1.0.0", schema: reading },
    { version: "1.1.0", schema: withProperty("site", { type: "string" }) },
    { version: "3.0.0", schema: { type: "string" } },
  ];
  const judge = (version: string, schema: JsonSchema) =>
    judgeRelease(existing, { version, schema }, BACKWARD);

  it("reads short versions, and orders them by number", () => {
    expect(parseVersion("1.0")).toEqual([1, 0, 0]);
    expect(parseVersion("2")).toEqual([2, 0, 0]);
    for (const none of ["", "1.", "01.0.0", "1.0.0.0", "v1", "1.0.0-beta", "-1"]) {
      expect(parseVersion(none)).toBeUndefined();
    }
    expect(compareVersions([1, 10, 0], [1, 9, 9])).toBeGreaterThan(0);
  });

  it("is compared with the one before it, and needs a new major version for what breaks", () => {
    expect(judge("1.2", reading)).toEqual({ ok: true, previous: "1.1.0", breaks: [] });
    const breaking = { ...reading, required: ["value", "unit"] };
    expect(judge("1.2.0", breaking)).toMatchObject({
      ok: false,
      cause: "breaking",
      detail:
        "version 1.2.0 is not BACKWARD compatible with 1.1.0: publish it as 2.0.0, or take back what breaks",
      breaks: [{ keyword: "required" }],
    });
    expect(judge("2.0.0", breaking)).toMatchObject({
      ok: true,
      previous: "1.1.0",
      breaks: [{ keyword: "required" }],
    });
    expect(judge("0.9.0", breaking)).toEqual({ ok: true, breaks: [] });
  });

  it("is refused when it is there, is none, or comes before one of its major version", () => {
    expect(judge("1.0", reading)).toMatchObject({ ok: false, cause: "exists" });
    expect(judge("1.0.5", reading)).toMatchObject({ ok: false, cause: "order" });
    expect(judge("one", reading)).toMatchObject({ ok: false, cause: "version" });
  });
});

describe("what publishers call a schema", () => {
  it("may be a map of fields", () => {
    expect(
      readSchema({
        order_id: "integer",
        amount: "decimal(10,2)",
        order_date: "date",
        properties: "json",
        note: "varchar(20)?",
        lines: "list<string>",
        address: { street: "string", zip: { type: "string", required: true, pattern: "^\\d+$" } },
      }),
    ).toEqual({
      ok: true,
      schema: {
        type: "object",
        properties: {
          order_id: { type: "integer" },
          amount: { type: "number" },
          order_date: { type: "string", format: "date" },
          properties: {},
          note: { type: ["string", "null"], maxLength: 20 },
          lines: { type: "array", items: { type: "string" } },
          address: {
            type: "object",
            properties: { street: { type: "string" }, zip: { type: "string", pattern: "^\\d+$" } },
            required: ["zip"],
          },
        },
      },
    });
    expect(readSchema({ title: "string", description: "string" })).toMatchObject({
      schema: { properties: { title: { type: "string" } } },
    });
  });

  it("may be a list of fields", () => {
    expect(
      readSchema({
        fields: [
          { name: "transaction_id", type: "string", required: true, description: "unique" },
          { name: "amount", type: "decimal", unit: "EUR", nullable: true },
          { name: "site", fields: [{ name: "id", type: "int" }] },
        ],
      }),
    ).toEqual({
      ok: true,
      schema: {
        type: "object",
        properties: {
          transaction_id: { type: "string", description: "unique" },
          amount: { type: ["number", "null"], unit: "EUR" },
          site: { type: "object", properties: { id: { type: "integer" } } },
        },
        required: ["transaction_id"],
      },
    });
  });

  it("is JSON Schema as it is", () => {
    for (const schema of [reading, {}, true, { $ref: "#/$defs/a", $defs: {} }, { enum: [1] }]) {
      expect(readSchema(schema)).toEqual({ ok: true, schema });
    }
  });

  it.each([
    [7, "", "is 7: expected a JSON Schema or fields"],
    [{ a: "strng" }, "a", '"strng" is no type'],
    [{ a: { b: 1 } }, "a.b", "is 1: expected the name of a type, or fields"],
    [
      {
        fields: [
          { name: "a", type: "int" },
          { name: "a", type: "int" },
        ],
      },
      "fields[1].name",
      '"a" is there twice',
    ],
    [{ fields: [{ type: "int" }] }, "fields[0]", "expected"],
    [{ fields: [{ name: "a" }] }, "fields[0].type", "is undefined"],
    [{ type: "object", required: "a", properties: {} }, "required", 'is "a": expected a list of names'],
    [
      { $schema: "x", properties: { a: { items: { type: "decimal" } } } },
      "properties.a.items.type",
      'is "decimal": expected one',
    ],
    [{ ...reading, minLength: -1 }, "minLength", "whole number"],
    [JSON.parse(`${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`), "", "up to 100 deep"],
    [JSON.parse(`${'{"a":'.repeat(30)}"int"${"}".repeat(30)}`), `a${".a".repeat(20)}`, "up to 20 deep"],
  ])("is refused where it is none: %#", (given, path, message) => {
    const read = readSchema(given);
    expect(read.ok ? [] : read.faults).toMatchObject([{ path, message: expect.stringContaining(message) }]);
  });

  it("never throws, and what is read can be compared, whatever it is", () => {
    const word = fc.constantFrom(
      "fields",
      "type",
      "properties",
      "items",
      "name",
      "required",
      "__proto__",
      "enum",
      "a",
    );
    const leaf = fc.oneof(fc.constantFrom("string", "integer", "array", "json?", "int[]"), fc.jsonValue());
    const given = fc.letrec<{ v: unknown }>((tie) => ({
      v: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.dictionary(word, tie("v"), { maxKeys: 4 }),
        fc.array(tie("v"), { maxLength: 3 }),
      ),
    })).v;
    fc.assert(
      fc.property(given, given, (a, b) => {
        const [x, y] = [readSchema(a), readSchema(b)];
        if (x.ok && y.ok) breaksOf(x.schema, y.schema, { compatibility: "FULL", strict: true });
      }),
      { numRuns: 2_000 },
    );
  });

  it("says what it admits", () => {
    fc.assert(
      fc.property(schemas, documents, (schema, given) => {
        for (const document of given) expect(accepts(schema, document)).toBe(valid(schema, document));
      }),
      { numRuns: 500 },
    );
  });
});

const document = fc.letrec<{ v: unknown }>((tie) => ({
  v: fc.oneof(
    { maxDepth: 2, depthSize: "small" },
    fc.constantFrom(null, true, false, 0, 1, 2, 1.5, "", "x", "xyz"),
    fc.array(tie("v"), { maxLength: 2 }),
    fc.record({ a: tie("v"), b: tie("v"), c: tie("v") }, { requiredKeys: [] }),
  ),
})).v;
const documents = fc.array(document, { minLength: 20, maxLength: 40 });

const bound = fc.constantFrom(0, 1, 2);
const schemas: fc.Arbitrary<JsonSchema> = fc.letrec<{ s: JsonSchema }>((tie) => ({
  s: fc.oneof(
    { maxDepth: 2, depthSize: "small" },
    fc.constantFrom<JsonSchema>(true, {}, { type: "string" }, { type: ["number", "null"] }, { const: 1 }),
    fc.constantFrom<JsonSchema>({ type: "boolean" }, { enum: [0, "x", null] }, { enum: [true, 1] }, false),
    fc.record(
      {
        type: fc.constantFrom("number", "integer", ["integer", "string"]),
        minimum: bound,
        exclusiveMaximum: bound,
      },
      { requiredKeys: [] },
    ),
    fc.record(
      { type: fc.constant("number"), maximum: bound, exclusiveMinimum: bound, minimum: bound },
      { requiredKeys: ["type"] },
    ),
    fc.record(
      { type: fc.constantFrom("array", ["array", "object"]), items: tie("s"), maxItems: bound },
      { requiredKeys: ["type"] },
    ),
    fc.record(
      { type: fc.constant("string"), minLength: bound, maxLength: bound },
      { requiredKeys: ["type"] },
    ),
    fc.record(
      {
        type: fc.constant("object"),
        properties: fc.record({ a: tie("s"), b: tie("s") }, { requiredKeys: [] }),
        required: fc.subarray(["a", "b"]),
        additionalProperties: fc.oneof(fc.boolean(), tie("s")),
        minProperties: bound,
      },
      { requiredKeys: [] },
    ),
  ),
})).s;

const asRecord = (schema: JsonSchema): SchemaObject => (typeof schema === "boolean" ? {} : schema);

/** A second, independent reading of the standard, for the words that are generated above. */
function valid(schema: JsonSchema, value: unknown): boolean {
  if (typeof schema === "boolean") return schema;
  const s = schema as Record<string, never>;
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  const name = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  const is = (type: unknown) => type === name || (type === "integer" && Number.isInteger(value));
  if ("type" in s && ![s["type"]].flat().some(is)) return false;
  if ("enum" in s && !(s["enum"] as unknown[]).some((v) => isDeepStrictEqual(v, value))) return false;
  if ("const" in s && s["const"] !== value) return false;
  if (typeof value === "number") {
    if (value < (s["minimum"] ?? value) || value > (s["maximum"] ?? value)) return false;
    if (value <= (s["exclusiveMinimum"] ?? value - 1) || value >= (s["exclusiveMaximum"] ?? value + 1))
      return false;
  }
  if (typeof value === "string") {
    if (value.length < (s["minLength"] ?? 0) || value.length > (s["maxLength"] ?? 99)) return false;
  }
  if (Array.isArray(value)) {
    if (value.length > (s["maxItems"] ?? 99)) return false;
    return value.every((item) => valid(s["items"] ?? true, item));
  }
  if (!isObject) return true;
  const members = Object.entries(value);
  if (members.length < (s["minProperties"] ?? 0)) return false;
  if (((s["required"] ?? []) as string[]).some((r) => !(r in value))) return false;
  return members.every(([key, v]) => valid(s["properties"]?.[key] ?? s["additionalProperties"] ?? true, v));
}

/** Whether a writer keeps to what an open model names. */
function writesOnlyNamed(schema: JsonSchema, value: unknown): boolean {
  if (typeof schema === "boolean" || "enum" in schema || "const" in schema) return true;
  const s = schema as Record<string, never>;
  if (Array.isArray(value)) return value.every((item) => writesOnlyNamed(s["items"] ?? true, item));
  if (typeof value !== "object" || value === null) return true;
  const named: Record<string, JsonSchema> | undefined = s["properties"];
  const others: JsonSchema = s["additionalProperties"] ?? true;
  return Object.entries(value).every(([key, v]) => {
    const part = named?.[key];
    if (part !== undefined) return writesOnlyNamed(part, v);
    return (named === undefined || others !== true) && writesOnlyNamed(others, v);
  });
}
