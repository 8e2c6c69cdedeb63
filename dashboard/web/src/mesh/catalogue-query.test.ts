import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  asksForUnclaimed,
  type CatalogueQuery,
  catalogueSearch,
  readCatalogueQuery,
  UNCLAIMED_STREAMS,
} from "./catalogue-query.js";
import { FACETS } from "./types.js";

describe("what is looked for in the catalogue", () => {
  it("is in the address, and read from it again", () => {
    const word = fc
      .string({ minLength: 1 })
      .map((text) => text.trim())
      .filter((text) => !/[\ud800-\udfff]/.test(text) && text !== "");
    const query = fc.dictionary(fc.constantFrom("q", ...FACETS), word) as fc.Arbitrary<CatalogueQuery>;
    fc.assert(
      fc.property(query, (given) => {
        expect(readCatalogueQuery(catalogueSearch(given))).toEqual({ ...given });
      }),
    );
  });

  it("leaves out what is not asked, and knows unclaimed streams", () => {
    expect(catalogueSearch({ q: "", domain: "env" })).toBe("?domain=env");
    expect(readCatalogueQuery("?q=%20&other=1")).toEqual({});
    expect(asksForUnclaimed(readCatalogueQuery(catalogueSearch(UNCLAIMED_STREAMS)))).toBe(true);
    expect(asksForUnclaimed({ status: "draft" })).toBe(false);
  });
});
