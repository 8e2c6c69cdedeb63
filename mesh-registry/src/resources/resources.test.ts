import fc from "fast-check";
import { expect, test } from "vitest";
import { domainInput } from "./domain.js";
import { productInput } from "./product.js";
import { versionNumber } from "./version.js";

const product = (more: object) =>
  productInput.safeParse({ id: "orders", domain: "sales", owner: "alice", ...more });

test.each([
  ["tags of other letters", { tags: [" PII", "pii", "Sales"] }, true],
  ["eleven tags", { tags: Array.from({ length: 11 }, (_, i) => `t${i}`) }, false],
  ["an id of 100 letters", { id: "a".repeat(100) }, true],
  ["an id of 101 letters", { id: "a".repeat(101) }, false],
  ["an id with a dot", { id: "a.b" }, false],
  ["an id that is a path", { id: "Products" }, false],
  ["a blank owner", { owner: "  " }, false],
  ["an unknown status", { status: "on" }, false],
  ["an SLA", { sla: { availability: 99.9, freshness: "24h" } }, true],
  ["more than all", { sla: { availability: 100.1 } }, false],
  ["a time without unit", { sla: { freshness: "24" } }, false],
  ["half a character", { description: "\ud800" }, false],
  ["whole ones", { description: "Größe 🌡️\n23 °C" }, true],
  ["a NUL", { description: "a\u0000" }, false],
  ["a topic filter", { outputPorts: [{ kind: "mqtt", name: "raw", topicFilter: "env/+/+/raw" }] }, true],
  ["a filter past #", { outputPorts: [{ kind: "mqtt", name: "raw", topicFilter: "env/#/raw" }] }, false],
  ["a password", { outputPorts: [{ kind: "http", name: "x", address: "http://a:b@c.org/" }] }, false],
  ["a script", { outputPorts: [{ kind: "http", name: "x", address: "javascript:alert(1)" }] }, false],
  ["a name that nobody knows", { ownr: "alice" }, false],
  ["a query for a store", { owner: { $gt: "" } }, false],
  ["metadata of any name", { metadata: { $gt: "", "a.b": { _c: [1] } } }, true],
  ["metadata without end", { metadata: { a: Number.POSITIVE_INFINITY } }, false],
])("%s (%j) fits: %s", (_what, given, fits) => {
  expect(product(given).success).toBe(fits);
});

test("tags are lower-cased, each is there once", () => {
  expect(product({ tags: [" PII", "pii", "Sales"] }).data?.tags).toEqual(["pii", "sales"]);
});

test("metadata may be deep, but not endlessly", () => {
  const nested = (depth: number): object =>
    JSON.parse(`${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`) as object;
  expect(product({ metadata: nested(16) }).success).toBe(true);
  expect(product({ metadata: nested(17) }).success).toBe(false);
  expect(product({ metadata: nested(3_000) }).success).toBe(false);
});

test("a domain takes 1 to 50 letters", () => {
  const fits = (id: string) => domainInput.safeParse({ id, name: "n", owner: "o" }).success;
  expect([fits("a".repeat(50)), fits("a".repeat(51)), fits(""), fits("Sales_1-x"), fits("a b")]).toEqual([
    true,
    false,
    false,
    true,
    false,
  ]);
});

test("versions are read as three numbers", () => {
  expect(["1", "1.0", "1.2.3"].map((text) => versionNumber.parse(text))).toEqual(["1.0.0", "1.0.0", "1.2.3"]);
  for (const text of ["", "v1", "1.0.0.0", "01.0", "1.-1", "1.0.0-rc"]) {
    expect(versionNumber.safeParse(text).success, text).toBe(false);
  }
});

test("nothing makes a schema throw", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      productInput.safeParse(value);
      productInput.safeParse({ id: "a", domain: "b", owner: "c", metadata: value, tags: value, sla: value });
    }),
  );
});
