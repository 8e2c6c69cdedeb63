import { describe, expect, test } from "vitest";
import { objectivesOf } from "./objectives.js";
import { validityOf } from "./validity.js";

describe("an SLA", () => {
  test("becomes the objectives that the historian knows", () => {
    expect(
      objectivesOf({
        availability: 99.5,
        freshness: "30s",
        completeness: 99,
        validity: 95,
        timeliness: "1.5m",
      }),
    ).toEqual({
      availability: { target: 0.995, within: "30000ms" },
      completeness: { target: 0.99 },
      validity: { target: 0.95 },
      timeliness: { within: "90000ms" },
    });
  });

  test("says nothing of what it leaves out, promises nothing with 0 %, and no more than can be measured", () => {
    expect(objectivesOf({})).toEqual({});
    expect(objectivesOf({ freshness: "5ms" })).toEqual({ availability: { within: "100ms" } });
    expect(objectivesOf({ completeness: 0, validity: 100, timeliness: "999d" })).toEqual({
      completeness: false,
      validity: { target: 0.99999 },
      timeliness: { within: "2592000000ms" },
    });
  });
});

describe("a schema", () => {
  const schema = (value: object, unit: object = {}) => ({ type: "object", properties: { value, unit } });

  test("says what a reading has to be", () => {
    const given = schema({ type: ["number", "null"], minimum: -40, maximum: 85 }, { const: "Cel" });
    expect(validityOf(given)).toEqual({ unit: "Cel", type: "number", min: -40, max: 85 });
    expect(validityOf(schema({ type: "boolean" }, { enum: ["1", "%"] }))).toEqual({
      unit: ["1", "%"],
      type: "boolean",
    });
    expect(validityOf(schema({ type: "integer", minimum: 0 }))).toEqual({ type: "number", min: 0 });
  });

  test("of something else says nothing, whatever stands in it", () => {
    for (const given of [
      {},
      { properties: [] },
      { properties: { value: true, unit: null } },
      schema({ type: "string", minimum: "0", maximum: null }, { enum: ["Cel", 5] }),
      schema({ type: ["number", "string"] }, { const: { a: 1 } }),
      schema({ anyOf: [{ minimum: 0 }] }, { enum: [] }),
    ]) {
      expect(validityOf(given)).toBeUndefined();
    }
  });
});
