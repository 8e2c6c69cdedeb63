import fc from "fast-check";
import { expect, test } from "vitest";
import type { GovernancePolicy } from "../resources/governance-policy.js";
import { loosenings } from "../rules/implies.js";
import { printRule } from "../rules/print.js";
import type { Rule } from "../rules/rule.js";
import { rules } from "../testing/arbitrary-rules.js";
import { conflictsOf, isFor } from "./applicable.js";
import { MandatoryRules } from "./mandatory-rules.js";
import { PolicyBook } from "./policy-book.js";
import { rulesOf } from "./policy-rules.js";

function policy(id: string, asked: readonly Rule[], scope: GovernancePolicy["scope"]): GovernancePolicy {
  const made = { name: id, type: "quality", enforcement: "mandatory", description: "" } as const;
  return { id, ...made, scope, rules: asked.map(printRule), createdAt: 1, updatedAt: 1 };
}

const some = fc.array(rules, { minLength: 1, maxLength: 4 });

test("no loosening is missed by looking only at rules about the same things", () => {
  fc.assert(
    fc.property(some, some, (global, own) => {
      const mandatory = new MandatoryRules([policy("all", global, { kind: "global" })]);
      const found = rulesOf(policy("own", own, { kind: "tag", tag: "x" })).flatMap((rule) =>
        conflictsOf(rule, mandatory).map(({ why, reason }) => `${why} ${reason}`),
      );
      const expected = loosenings(global, own).map(({ why, reason }) => `${why} ${reason}`);
      expect(found.toSorted()).toEqual(expected.toSorted());
    }),
    { numRuns: 500 },
  );
});

test("policies are for what their scope says", () => {
  const product = { id: "orders", domain: "sales", tags: ["pii"] };
  expect(
    [
      { kind: "global" } as const,
      { kind: "domain", domain: "sales" } as const,
      { kind: "domain", domain: "hr" } as const,
      { kind: "product", product: "orders" } as const,
      { kind: "product", product: "sales" } as const,
      { kind: "tag", tag: "pii" } as const,
      { kind: "tag", tag: "PII" } as const,
    ].map((scope) => isFor(scope, product)),
  ).toEqual([true, true, false, true, false, true, false]);
});

test("conflicts follow the mandatory policies of all as they come and go", () => {
  const rule = (value: number): Rule => ({ kind: "metric", metric: "rows", op: ">=", value });
  const own = policy("own", [rule(5)], { kind: "domain", domain: "sales" });
  let all = [own];
  const book = new PolicyBook(() => all);
  const conflicts = (): string[] => {
    book.changed();
    return book.conflicts().map(({ mandatory, why }) => `${why} than ${mandatory.policy.id}`);
  };
  expect(conflicts()).toEqual([]);
  all = [own, policy("all", [rule(9)], { kind: "global" })];
  expect(conflicts()).toEqual(["weaker than all"]);
  all = [own, policy("all", [rule(3)], { kind: "global" })];
  expect(conflicts()).toEqual([]);
});
