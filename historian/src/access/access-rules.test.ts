import type { Role } from "@fieldmesh/runtime";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StreamReaders } from "../configuration/schema.js";
import { type AccessRules, mayRead, type Reader, rulesOf } from "./access-rules.js";

const STREAM = "env_desk_temperature";
const NOW = 1_000_000;
const viewer = (more: Partial<Reader> = {}): Reader => ({ name: "ann", role: "viewer", ...more });

function told(more: Partial<StreamReaders> = {}): AccessRules {
  const readers = { product: "air", version: "1.2.0", status: "active", visibility: "restricted", ...more };
  return rulesOf({ streams: { [STREAM]: { consumers: {}, roles: [], domains: [], ...readers } } });
}

describe("who may read", () => {
  it("is told with the product, its version, and what to do", () => {
    expect(mayRead(told(), STREAM, viewer(), NOW)).toMatchObject({
      allowed: false,
      code: "not_granted",
      detail: `${STREAM} is of data product "air" 1.2.0, which is restricted, and ann was not granted it: ask its owner for a subscription (POST /products/air/subscriptions at the registry)`,
    });
    expect(mayRead(told({ status: "inactive" }), STREAM, viewer(), NOW)).toMatchObject({
      detail: `${STREAM} is of data product "air" 1.2.0, which is inactive: only administrators read it`,
    });
    expect(mayRead({ kind: "unknown" }, STREAM, viewer(), NOW)).toMatchObject({ code: "access_unknown" });
  });

  it("ends at its time, to the millisecond", () => {
    const rules = told({ consumers: { ann: NOW } });
    expect(mayRead(rules, STREAM, viewer(), NOW - 1)).toEqual({ allowed: true, until: NOW });
    expect(mayRead(rules, STREAM, viewer(), NOW)).toMatchObject({ allowed: false });
  });

  it("knows no names that every object has", () => {
    for (const name of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
      expect(mayRead(told(), STREAM, viewer({ name }), NOW).allowed).toBe(false);
    }
  });

  const name = fc.constantFrom("ann", "bob", "op", "__proto__");
  const word = fc.constantFrom("env", "sales", "lab");
  const reader: fc.Arbitrary<Reader> = fc.record(
    {
      name,
      role: fc.constantFrom<Role>("viewer", "operator", "admin"),
      scopes: fc.record({
        domains: fc.uniqueArray(word),
        products: fc.uniqueArray(fc.constantFrom("air", "water")),
      }),
    },
    { requiredKeys: ["name", "role"] },
  );
  const readers: fc.Arbitrary<StreamReaders> = fc.record({
    product: fc.constantFrom("air", "water"),
    status: fc.constantFrom("draft", "active", "deprecated", "inactive", "retired"),
    visibility: fc.constantFrom("restricted", "private"),
    consumers: fc.dictionary(name, fc.option(fc.integer({ min: NOW - 5, max: NOW + 5 })), { maxKeys: 3 }),
    roles: fc.uniqueArray(fc.constantFrom("viewer", "operator")),
    domains: fc.uniqueArray(word),
  });

  it("is exactly who is named in one way or another", () => {
    fc.assert(
      fc.property(reader, readers, (asks, listed) => {
        const verdict = mayRead(rulesOf({ streams: { [STREAM]: listed } }), STREAM, asks, NOW);
        const until = Object.entries(listed.consumers).find(([each]) => each === asks.name)?.[1];
        const ways = [
          asks.role === "admin",
          listed.roles.some((role) => role === asks.role),
          listed.domains.some((domain) => asks.scopes?.domains.includes(domain) === true),
          asks.scopes?.products.includes(listed.product) === true &&
            ["active", "deprecated"].includes(listed.status ?? ""),
          until === null || (until !== undefined && until > NOW),
        ];
        expect(verdict.allowed).toBe(ways.includes(true));
      }),
    );
  });

  it("is nobody but administrators before the registry was reached, and everybody where nobody says", () => {
    fc.assert(
      fc.property(reader, fc.string(), (asks, stream) => {
        expect(mayRead({ kind: "unknown" }, stream, asks, NOW).allowed).toBe(asks.role === "admin");
        expect(mayRead({ kind: "open" }, stream, asks, NOW).allowed).toBe(true);
        expect(mayRead(rulesOf({ streams: {} }), stream, asks, NOW).allowed).toBe(true);
      }),
    );
  });
});
