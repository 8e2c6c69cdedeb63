import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fieldChanges } from "./schema-difference.js";
import { schemaFields } from "./schema-fields.js";

const reading = {
  type: "object",
  required: ["value"],
  properties: {
    value: { type: "number", unit: "Cel", minimum: -40, maximum: 85, description: "at plant height" },
    quality: { enum: ["good", "bad"] },
    place: {
      type: "object",
      required: ["bed"],
      properties: {
        bed: { type: "integer", exclusiveMinimum: 0 },
        note: { type: ["string", "null"], maxLength: 20 },
      },
    },
    samples: { type: "array", items: { type: "object", properties: { t: { type: "integer" } } } },
  },
};

describe("the fields of a schema", () => {
  it("are in words, nested ones below what they are part of", () => {
    expect(
      schemaFields(reading).map(({ path, type, unit, range, required }) =>
        [path, type, unit, range, required ? "required" : ""].filter(Boolean).join(" | "),
      ),
    ).toEqual([
      "value | number | Cel | -40 to 85 | required",
      'quality | any | one of "good", "bad"',
      "place | object",
      "place.bed | integer | above 0 | required",
      "place.note | string or null | at most 20 characters",
      "samples | list of object",
      "samples[].t | integer",
    ]);
  });

  it("of a payload that is a list begin with the list", () => {
    expect(
      schemaFields({ type: "array", items: { type: "object", properties: { v: {} } } }).map(
        ({ path }) => path,
      ),
    ).toEqual(["[]", "[].v"]);
  });

  it("are few of whatever comes", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        expect(schemaFields(json).length).toBeLessThan(1_000);
      }),
    );
    expect(schemaFields(undefined)).toEqual([]);
  });
});

describe("the difference of two schemas", () => {
  it("says what was added, removed and changed", () => {
    const after = {
      ...reading,
      required: ["quality"],
      properties: {
        value: { ...reading.properties.value, unit: "K", description: "in the shade" },
        quality: { enum: ["good"] },
        samples: reading.properties.samples,
        seq: { type: "integer" },
      },
    };
    expect(fieldChanges(reading, after)).toEqual([
      {
        path: "value",
        kind: "changed",
        what: ["optional now, was required", "unit K, was Cel", "described anew"],
      },
      {
        path: "quality",
        kind: "changed",
        what: ["required now, was optional", 'range one of "good", was one of "good", "bad"'],
      },
      { path: "seq", kind: "added", what: ["integer, optional"] },
      { path: "place", kind: "removed", what: ["was object, optional"] },
      { path: "place.bed", kind: "removed", what: ["was integer, above 0, required"] },
      {
        path: "place.note",
        kind: "removed",
        what: ["was string or null, at most 20 characters, optional"],
      },
    ]);
  });

  it("of a schema and itself is none", () => {
    expect(fieldChanges(reading, structuredClone(reading))).toEqual([]);
  });
});
