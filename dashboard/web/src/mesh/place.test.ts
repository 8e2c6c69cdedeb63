import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type MeshPlace, meshHref, PRODUCT_SECTIONS, parseMeshPlace } from "./place.js";

const name = fc.string({ minLength: 1 }).filter((text) => !/[\ud800-\udfff]/.test(text));
const place: fc.Arbitrary<MeshPlace> = fc.oneof(
  fc.constantFrom<MeshPlace>(
    { at: "catalogue" },
    { at: "domains" },
    { at: "lineage" },
    { at: "requests" },
    { at: "governance" },
    { at: "report" },
    { at: "provisions" },
  ),
  fc.record({
    at: fc.constant("product" as const),
    product: name,
    section: fc.constantFrom(...PRODUCT_SECTIONS),
  }),
  fc.record({ at: fc.constant("domain" as const), domain: name }),
);

describe("a place of the mesh", () => {
  it("is found again by its address", () => {
    fc.assert(
      fc.property(place, (given) => {
        const parts = meshHref(given).split("/").filter(Boolean).map(decodeURIComponent);
        expect(parts[0]).toBe("mesh");
        expect(parseMeshPlace(parts.slice(1))).toEqual(given);
      }),
    );
  });

  it.each(["nowhere", "products", "products/a/b", "products/a/contract/c", "lineage/a", "domains/a/b"])(
    "is not /mesh/%s",
    (path) => expect(parseMeshPlace(path.split("/"))).toBeUndefined(),
  );
});
