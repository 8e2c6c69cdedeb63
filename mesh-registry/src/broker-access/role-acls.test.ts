import fc from "fast-check";
import { expect, test } from "vitest";
import { narrows, roleAcls, sameAcls } from "./role-acls.js";

const allowedOf = (products: Map<string, string[]>): string[] =>
  roleAcls(products)
    .acls.filter(({ allow, acltype }) => allow && acltype === "publishClientReceive")
    .map(({ topic }) => topic);

test("what is allowed goes before what is refused, and nobody may write", () => {
  const { acls } = roleAcls(new Map([["a", ["env/a/#"]]]));
  const [lowest] = acls.filter(({ allow }) => allow).map(({ priority }) => priority);
  expect(acls.filter(({ allow }) => !allow).every(({ priority }) => priority < (lowest ?? 0))).toBe(true);
  expect(acls.some(({ acltype, allow }) => allow && acltype === "publishClientSend")).toBe(false);
  for (const topic of ["#", "$SYS/#", "$CONTROL/#"])
    expect(acls).toContainEqual({ acltype: "publishClientSend", topic, priority: -1, allow: false });
});

test("a filter of two products stands there once", () => {
  expect(
    allowedOf(
      new Map([
        ["a", ["env/a/#", "env/a/#"]],
        ["b", ["env/a/#"]],
      ]),
    ),
  ).toEqual(["env/a/#"]);
});

test.each([
  "",
  "#",
  "+",
  "+/a",
  "/a",
  "$SYS/#",
  "$share/g/env/#",
  "env/#/a",
  "env/a+",
  "env/a#",
  "env/\u0000",
  `env/${"x".repeat(1_000)}`,
])("%j opens nothing", (filter) => {
  const { acls, refused } = roleAcls(new Map([["a", [filter, "env/ok"]]]));
  expect(acls.filter(({ allow }) => allow).map(({ topic }) => topic)).toEqual(["env/ok", "env/ok"]);
  expect(refused).toMatchObject([{ product: "a", filter }]);
});

test("more filters than a role has room for are refused by name", () => {
  const { acls, refused } = roleAcls(new Map([["a", Array.from({ length: 500 }, (_, i) => `env/${i}`)]]));
  expect(acls.length).toBeLessThan(1_000);
  expect(refused).toHaveLength(100);
});

test("what they are together fits into a message to the broker", () => {
  const long = Array.from({ length: 400 }, (_, i) => `env/${i}/${'"'.repeat(900)}`);
  const { acls, refused } = roleAcls(new Map([["a", long]]));
  expect(refused.length).toBeGreaterThan(0);
  expect(JSON.stringify(acls).length).toBeLessThan(200 * 1024);
});

test("rules are the same in any order, and narrower when something allowed is gone", () => {
  const filters = fc.uniqueArray(fc.constantFrom("env/a", "env/b", "env/c/#", "env/+/d"));
  fc.assert(
    fc.property(filters, filters, (some, others) => {
      const [a, b] = [some, others].map((list) => roleAcls(new Map([["p", list]])).acls);
      if (a === undefined || b === undefined) return;
      expect(sameAcls(a, b.toReversed())).toBe([...some].sort().join() === [...others].sort().join());
      expect(narrows(a, b)).toBe(some.some((filter) => !others.includes(filter)));
    }),
  );
});
