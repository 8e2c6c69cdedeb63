import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseTime } from "./time.js";
import { plainText, textField } from "./write.js";

describe("textField", () => {
  it("comes back as it was, through a reader of RFC 4180", () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom("'", "=", "+", "-", "@", "\t", "\r", "\n", '"', ",", "a", " ") }),
    );
    fc.assert(
      fc.property(fc.array(text, { minLength: 2, maxLength: 5 }), (texts) => {
        const line = `${texts.map(textField).join(",")}\r\n`;
        const [fields] = parse(line, { record_delimiter: "\r\n", relax_column_count: true });
        expect(fields?.map(plainText)).toEqual(texts);
      }),
    );
  });

  it("never begins as a formula does", () => {
    fc.assert(
      fc.property(fc.constantFrom("=", "+", "-", "@", "\t", "\r"), fc.string(), (first, rest) => {
        const [fields] = parse(textField(first + rest), { record_delimiter: "\r\n" });
        expect(fields?.[0]).toMatch(/^'/);
      }),
    );
  });
});

describe("parseTime", () => {
  it.each([
    ["0", 0],
    ["1801396800000", 1_801_396_800_000],
    ["2027-01-31", Date.UTC(2027, 0, 31)],
    ["2027-01-31T12:00Z", Date.UTC(2027, 0, 31, 12)],
    ["2027-01-31T12:00:00Z", Date.UTC(2027, 0, 31, 12)],
    ["2027-01-31t12:00:00.5z", Date.UTC(2027, 0, 31, 12, 0, 0, 500)],
    ["2027-01-31 12:00:00,123456Z", Date.UTC(2027, 0, 31, 12, 0, 0, 123)],
    ["2027-01-31T12:00:00+01:30", Date.UTC(2027, 0, 31, 10, 30)],
    ["2027-01-31T12:00:00 01:30", Date.UTC(2027, 0, 31, 10, 30)],
    ["2027-01-31T12:00:00-0800", Date.UTC(2027, 0, 31, 20)],
    ["2024-02-29", Date.UTC(2024, 1, 29)],
  ])("reads %s", (text, ms) => {
    expect(parseTime(text)).toBe(ms);
  });

  it.each([
    "",
    "-1",
    "1e3",
    "12.5",
    "99999999999999999",
    "9999999999999999",
    "2027-01-31T12:00:00",
    "2027-02-29",
    "2027-13-01",
    "2027-00-10",
    "2027-01-31T25:00Z",
    "2027-01-31T12:60Z",
    "31.01.2027",
    "Sun, 31 Jan 2027 12:00:00 GMT",
    "now",
    " 5",
  ])("refuses %j", (text) => {
    expect(parseTime(text)).toBeUndefined();
  });

  it("reads what it is written as", () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date(0), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true }),
        (date) => {
          expect(parseTime(date.toISOString())).toBe(date.getTime());
          expect(parseTime(String(date.getTime()))).toBe(date.getTime());
        },
      ),
    );
  });
});
