import { deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutStretches, toColumns, toSamples } from "../samples/sample-columns.js";
import type { Sample } from "../series.js";
import { blockHead, decodeBlock, encodeBlock } from "./block.js";
import { openFrame, sealFrame } from "./frame.js";

const anyDouble = fc.double({ noNaN: true, noDefaultInfinity: true });
const value = fc.oneof(
  anyDouble,
  fc.integer({ min: -500, max: 500 }).map((n) => n / 10),
  fc.constantFrom(0, -0, 1, 437.333333333333, 0.00476416302416414, 5e-324, -1.7976931348623157e308, 2 ** 53),
);
const number = fc.oneof(
  fc.nat({ max: 50 }),
  fc.constantFrom(1_763_640_000, Number.MAX_SAFE_INTEGER, 2 ** 50, 2 ** 52),
);
const time = fc.oneof(
  fc.integer({ min: -100, max: 100 }).map((n) => 1_763_640_000_000 + n * 1_000),
  fc.constantFrom(0, -0.5, 8.64e15, -8.64e15, 1_763_640_000_000.25, 1_763_640_000_000.123),
);
const sample = (values: fc.Arbitrary<number | boolean>): fc.Arbitrary<Sample> =>
  fc
    .record({
      boot: number,
      seq: number,
      at: time,
      timestamp: time,
      value: values,
      unit: fc.constant("Cel"),
      mark: fc.constantFrom(undefined, undefined, "uncertain" as const, "bad" as const),
      reason: fc.option(fc.string({ unit: "binary", maxLength: 30 }), { nil: undefined }),
      none: fc.boolean(),
    })
    .map(({ mark, reason, none, ...fields }) => {
      const made: Sample = fields;
      if (mark !== undefined) made.quality = mark;
      if (mark === "bad" && none) made.value = null;
      if (mark !== undefined && reason !== undefined) made.reason = reason;
      return made;
    });

function roundTrip(samples: readonly Sample[], deflate: boolean): Sample[] {
  return cutStretches(samples).flatMap((stretch) =>
    toSamples(decodeBlock(encodeBlock(toColumns(stretch), deflate))),
  );
}

function encoded(values: readonly number[]): Buffer {
  const samples = values.map((one, n): Sample => {
    const at = 1_763_640_000_000 + n * 1_000;
    return { boot: 1_763_640_000, seq: n + 1, at, timestamp: at + 40, value: one, unit: "Cel" };
  });
  return encodeBlock(toColumns(samples), true);
}

describe("a block", () => {
  it("gives back exactly what was put in, in whatever order", () => {
    const numbers = fc.array(sample(value), { minLength: 1, maxLength: 60 });
    const booleans = fc.array(sample(fc.boolean()), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(fc.oneof(numbers, booleans), fc.boolean(), (samples, deflate) => {
        expect(roundTrip(samples, deflate)).toEqual(samples);
      }),
      { numRuns: 150 },
    );
  });

  it("takes any text for unit and reason, halves of characters too", () => {
    const half: Sample = { boot: 1, seq: 1, at: 1, timestamp: 1, value: 1, unit: "\ud800", quality: "bad" };
    half.reason = 'a\udc00\u0000"\n';
    expect(roundTrip([half], false)).toEqual([half]);
  });

  it("costs some bytes where a stream is regular, and little where its values repeat", () => {
    const size = (make: (n: number) => number) =>
      encoded(Array.from({ length: 1_024 }, (_, n) => make(n))).length;
    expect(size(() => 21.5)).toBeLessThan(90);
    expect(size((n) => n % 2)).toBeLessThan(120);
    expect(size((n) => n / 4)).toBeLessThan(100);
    expect(size((n) => [21.333333333333, 21.5, 21.666666666667][(n * n) % 3] ?? 0)).toBeLessThan(300);
    // Steps of a tenth, as a thermometer makes: under a byte each.
    expect(size((n) => Math.round(200 + 20 * Math.sin(n / 100) + ((n * 7_919) % 5)) / 10)).toBeLessThan(
      1_024,
    );
    // Noise of all bits cannot be made shorter, and is not made longer.
    let seed = 1;
    const noise = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return Math.sin(seed);
    };
    expect(size(noise)).toBeLessThan(1_024 * 8 + 100);
  });

  it("says what it holds without being decoded", () => {
    const bare: Sample = { boot: 0, seq: 5, at: 5.5, timestamp: 5, value: null, quality: "bad", unit: "" };
    expect(blockHead(encodeBlock(toColumns([bare]), true))).toEqual({ count: 1, end: 5.5, hasBare: true });
    expect(blockHead(encoded([1, 2]))).toEqual({ count: 2, end: 1_763_640_001_000, hasBare: false });
  });

  it("is refused when a bit of it is another, or when it ends early", () => {
    const block = encoded(Array.from({ length: 300 }, (_, n) => Math.sin(n)));
    fc.assert(
      fc.property(fc.nat({ max: block.length - 1 }), fc.integer({ min: 0, max: 7 }), (at, bit) => {
        const broken = Buffer.from(block);
        broken[at] = (broken[at] ?? 0) ^ (1 << bit);
        expect(() => decodeBlock(broken)).toThrow();
        expect(() => decodeBlock(block.subarray(0, at))).toThrow();
      }),
    );
  });

  it("of a later format is refused by name", () => {
    const block = encoded([1]);
    block[0] = 2;
    expect(() => decodeBlock(block)).toThrow("it has format 2, from a later version of Fieldmesh");
  });

  it("with the right checksum but without sense throws, and does not hang or grow", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const frame = sealFrame({ count: 60_000, end: 0, marks: 0 }, Buffer.from(bytes), false);
        try {
          decodeBlock(frame);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
    const bomb = sealFrame({ count: 1, end: 0, marks: 0 }, Buffer.alloc(20_000_000), true);
    expect(bomb.length).toBeLessThan(deflateRawSync(Buffer.alloc(20_000_000)).length + 100);
    expect(() => openFrame(bomb)).toThrow();
  });
});
