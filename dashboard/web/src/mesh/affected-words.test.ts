import { describe, expect, it } from "vitest";
import { affectedText, consumersText, hiddenText } from "./affected-words.js";
import type { ImpactReport } from "./governance-types.js";

const nothing: ImpactReport = {
  products: [],
  downstream: [],
  owners: [],
  consumers: [],
  hidden: { products: 0, consumers: 0 },
  more: 0,
};
const product = { product: "a", version: null, domain: "env", owner: "ann", consumers: [], consumerCount: 0 };

describe("who is affected", () => {
  it("counts what may not be seen, and does not name it", () => {
    const report = {
      ...nothing,
      hidden: { products: 2, consumers: 1 },
      products: [product],
      owners: ["ann"],
    };
    expect(affectedText(report)).toBe("3 data products feel it: of ann.");
    expect(hiddenText(report)).toBe("And 2 private products with 1 consumer that you may not see.");
  });

  it("says when there is nobody", () => {
    expect(affectedText(nothing)).toBe("No data product has its data from here.");
    expect(hiddenText(nothing)).toBeUndefined();
  });

  it("names who reads a product as far as that may be known", () => {
    expect(consumersText({ consumers: [], consumerCount: 0 })).toBe("read by nobody");
    expect(consumersText({ consumers: [], consumerCount: 2 })).toBe("read by 2 consumers");
    expect(consumersText({ consumers: ["bob"], consumerCount: 2 })).toBe("read by bob and 1 other");
  });
});
