import fc from "fast-check";
import { expect, test } from "vitest";
import { MalformedPacketError } from "./malformed.js";
import { remainingLength } from "./remaining-length.js";

/** As the standard's own algorithm writes it. */
function encoded(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  do {
    bytes.push((left % 128) + (left > 127 ? 128 : 0));
    left = Math.floor(left / 128);
  } while (left > 0);
  return Buffer.from(bytes);
}

test("reads what was written, wherever it stands", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 268_435_455 }), fc.nat(5), (value, at) => {
      const bytes = Buffer.concat([Buffer.alloc(at, 0xff), encoded(value), Buffer.from([0xff])]);
      expect(remainingLength(bytes, at)).toEqual({ value, bytes: encoded(value).length });
    }),
  );
});

test("waits for bytes that have not come", () => {
  expect(remainingLength(Buffer.from([0x80, 0x80]), 0)).toBeNull();
  expect(remainingLength(Buffer.from([]), 0)).toBeNull();
});

test("is at most four bytes long", () => {
  expect(() => remainingLength(Buffer.from([0xff, 0xff, 0xff, 0xff, 0x7f]), 0)).toThrow(MalformedPacketError);
});
