import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader } from "./byte-reader.js";
import { ByteWriter } from "./byte-writer.js";
import { readValues, writeValues } from "./value-column.js";
import { areWholes, readWholes, writeWholes } from "./whole-column.js";

function bytesOf(values: readonly number[]): Buffer {
  const writer = new ByteWriter();
  writeWholes(writer, Float64Array.from(values));
  return Buffer.from(writer.done());
}

describe("a column of whole numbers", () => {
  it("gives back what was put in", () => {
    const number = fc.oneof(fc.integer({ min: -300, max: 300 }), fc.maxSafeInteger());
    fc.assert(
      fc.property(fc.array(number, { maxLength: 300 }), (values) => {
        const column = Float64Array.from(values);
        fc.pre(areWholes(column));
        expect(readWholes(new ByteReader(bytesOf(values)), values.length)).toEqual(column);
      }),
    );
  });

  it("refuses what it could not keep exactly", () => {
    for (const value of [0.5, -0, 2 ** 50, -(2 ** 50), Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(areWholes(Float64Array.of(1, value)), String(value)).toBe(false);
    }
    expect(areWholes(Float64Array.of(2 ** 50 - 1, -(2 ** 50) + 1))).toBe(true);
  });

  it("costs some bytes where it is regular", () => {
    const times = Array.from({ length: 1_000 }, (_, n) => 1_763_640_000_000 + n * 60_000);
    expect(bytesOf(times).length).toBeLessThan(20);
    expect(bytesOf(times.map((time, n) => time + (n % 10 === 0 ? 1_000 : 0))).length).toBeLessThan(420);
  });
});

describe("a column of values", () => {
  it("gives back every double to the bit, in each of its forms", () => {
    const value = fc.oneof(
      fc.double({ noNaN: true }),
      fc.constantFrom(0, -0, 1, 0.1, 21.333333333333, -7.25, 1e300, 5e-324),
      fc.integer({ min: -1_000, max: 1_000 }).map((n) => n / 100),
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 200 }), fc.boolean(), (values, deflated) => {
        const column = Float64Array.from(values);
        const writer = new ByteWriter();
        writeValues(writer, column, deflated);
        const read = readValues(new ByteReader(Buffer.from(writer.done())), column.length);
        expect(Buffer.from(read.buffer).equals(Buffer.from(column.buffer))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
