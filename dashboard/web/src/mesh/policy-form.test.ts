import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Policy } from "./governance-types.js";
import { policyOf, scopeText, sentIndex, toPolicyForm } from "./policy-form.js";

const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,9}$/);
const scope: fc.Arbitrary<Policy["scope"]> = fc.oneof(
  fc.constant({ kind: "global" as const }),
  word.map((domain) => ({ kind: "domain" as const, domain })),
  word.map((product) => ({ kind: "product" as const, product })),
  word.map((tag) => ({ kind: "tag" as const, tag })),
);

describe("the form of a policy", () => {
  it("changes nothing when nothing was changed in it", () => {
    fc.assert(
      fc.property(scope, fc.array(word, { minLength: 1 }), (given, rules) => {
        const update = {
          name: "Complete",
          type: "quality" as const,
          scope: given,
          enforcement: "advisory" as const,
          rules,
          description: "",
        };
        const policy = { id: "complete", ...update, createdAt: 1, updatedAt: 2 };
        expect(policyOf(toPolicyForm(policy))).toEqual({ id: "complete", update });
      }),
    );
  });

  it("finds the field of a rule again although empty ones are not sent", () => {
    const rules = ["", "has(owner)", " ", "pii"];
    expect(rules.map((_rule, field) => sentIndex(rules, field))).toEqual([undefined, 0, undefined, 1]);
  });

  it("says whom it is for", () => {
    expect(scopeText({ kind: "global" })).toBe("every product");
    expect(scopeText({ kind: "tag", tag: "pii" })).toBe("products tagged pii");
  });
});
