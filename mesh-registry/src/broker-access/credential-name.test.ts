import fc from "fast-check";
import { expect, test } from "vitest";
import { consumerOf, credentialName } from "./credential-name.js";

const consumer = fc.string({ unit: "binary", minLength: 1, maxLength: 100 });

test.each([
  ["ann", "consumer.ann"],
  ["ann@lab", "consumer.ann.40lab"],
  ["Ann_B-1", "consumer.Ann_B-1"],
  ["a.b", "consumer.a.2eb"],
  ["ü", "consumer..c3.bc"],
])("%s is %s", (name, expected) => {
  expect(credentialName(name)).toBe(expected);
});

test("every consumer has a name, without anything that brokers give a meaning to, and it leads back to it", () => {
  fc.assert(
    fc.property(consumer, (name) => {
      expect(credentialName(name)).toMatch(/^consumer\.[A-Za-z0-9_.-]+$/);
      expect(consumerOf(credentialName(name))).toBe(name);
    }),
  );
});

test("no two consumers have one name", () => {
  fc.assert(
    fc.property(consumer, consumer, (a, b) => {
      expect(credentialName(a) === credentialName(b)).toBe(a === b);
    }),
  );
});

test.each([
  "",
  "ann",
  "consumer",
  "consumer.",
  "consumer.a.4",
  "consumer.a.4Z",
  "consumer.a.61",
  "consumer.a b",
  "Consumer.ann",
  "consumer..ff",
])("%j is nobody's", (name) => {
  expect(consumerOf(name)).toBeUndefined();
});
