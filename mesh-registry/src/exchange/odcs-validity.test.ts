import { readFileSync } from "node:fs";
import { Ajv2019 } from "ajv/dist/2019.js";
import addFormats from "ajv-formats";
import fc from "fast-check";
import { expect, test } from "vitest";
import { productInput } from "../resources/product.js";
import { versionInput } from "../resources/version.js";
import { fromOdcs, toOdcs } from "./odcs.js";

const SCHEMA = new URL("../testing/odcs/odcs-json-schema-v3.1.0.json", import.meta.url);

const ajv = new Ajv2019({ strict: false });
addFormats.default(ajv);
const validate = ajv.compile(JSON.parse(readFileSync(SCHEMA, "utf8")) as object);

const word = fc.constantFrom("value", "at", "a b", "$ref-ish", "ключ", "x".repeat(80));
const bound = fc.integer({ min: 0, max: 9 });
/** Schemas of payloads, in the words that people use and some that ODCS has no place for. */
const schemas = fc.letrec<{ schema: object }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.record(
      {
        type: fc.constantFrom(
          "string",
          "number",
          "integer",
          "boolean",
          "null",
          ["number", "null"],
          "array",
          "object",
        ),
        description: fc.string(),
        format: fc.constantFrom("date", "date-time", "time", "uuid", "email", "nonsense"),
        minimum: fc.double({ noNaN: true, noDefaultInfinity: true }),
        exclusiveMaximum: bound,
        multipleOf: fc.constantFrom(1, 0.1),
        minLength: bound,
        pattern: fc.constantFrom("^a", "\\d+"),
        maxItems: bound,
        uniqueItems: fc.boolean(),
        minProperties: bound,
        enum: fc.constant(["a", 1, null]),
        unit: fc.constant("Cel"),
      },
      { requiredKeys: [] },
    ),
    fc.record({ type: fc.constant("array"), items: tie("schema") }),
    fc.record(
      {
        type: fc.constant("object"),
        properties: fc.dictionary(word, tie("schema"), { maxKeys: 3 }),
        required: fc.subarray(["value", "at"]),
      },
      { requiredKeys: ["type", "properties"] },
    ),
    fc.record({ anyOf: fc.array(tie("schema"), { minLength: 1, maxLength: 2 }) }),
  ),
})).schema;

const products = fc
  .record({
    description: fc.string(),
    tags: fc.subarray(["a", "b c"]),
    status: fc.constantFrom("draft", "active", "deprecated", "inactive"),
    visibility: fc.constantFrom("public", "restricted", "private"),
    sla: fc.record(
      {
        availability: fc.integer({ min: 0, max: 100 }),
        freshness: fc.constantFrom("250ms", "1.5s", "5m", "24h", "7d"),
      },
      { requiredKeys: [] },
    ),
    metadata: fc.dictionary(word, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 2 }),
    outputPorts: fc.subarray([
      { kind: "mqtt", name: "live", topicFilter: "env/+/#" },
      { kind: "http", name: "history", address: "http://localhost/api" },
    ]),
    inputPorts: fc.subarray([{ product: "raw", description: "all of it" }]),
  })
  .map((said) => productInput.safeParse({ id: "p", domain: "env", owner: "ann", ...said }));

test("any contract is valid by the published schema, and comes back as it was", () => {
  fc.assert(
    fc.property(products, schemas, (product, given) => {
      const schema: unknown = JSON.parse(JSON.stringify(given)); // there is no -0 in JSON
      const version = versionInput.safeParse({
        version: "1.2",
        schema,
        accessPolicy: { roles: ["analyst"] },
      });
      fc.pre(product.success && version.success);
      if (!product.success || !version.success) return;
      const contract = { product: product.data, version: version.data };
      const document: unknown = JSON.parse(JSON.stringify(toOdcs(contract)));
      validate(document);
      expect(validate.errors).toBeNull();
      expect(fromOdcs(document)).toEqual({ ok: true, contract });
    }),
    { numRuns: 300 },
  );
});
