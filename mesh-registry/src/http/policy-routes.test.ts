import { expect, test } from "vitest";
import { type Answered, orders, registryService, SALES } from "../testing/service.js";

const code = ({ status, body }: Answered): [number, unknown] => [status, (body as { code?: unknown }).code];
const ids = ({ body }: Answered): string[] => (body as { id: string }[]).map(({ id }) => id);

const policy = (id: string, rules: string[], more: object = {}): object => ({
  id,
  name: id,
  type: "quality",
  scope: { kind: "global" },
  enforcement: "mandatory",
  rules,
  ...more,
});
const SALES_SCOPE = { scope: { kind: "domain", domain: "sales" } };

test("a policy is made, read, listed, changed by who has seen it, and removed", async () => {
  const { ask } = await registryService();
  await ask("POST", "/domains", SALES);
  await ask("POST", "/products", orders({ tags: ["PII"] }));
  const made = await ask("POST", "/policies", policy("quality", ["completeness >= 95%"]));
  expect([made.status, made.headers.get("location")]).toEqual([201, "/policies/quality"]);
  expect(code(await ask("POST", "/policies", policy("quality", ["has(owner)"])))).toEqual([409, "exists"]);
  await ask("POST", "/policies", policy("sales", ["completeness >= 99%"], SALES_SCOPE));
  await ask("POST", "/policies", policy("pii", ["encrypted"], { scope: { kind: "tag", tag: " PII " } }));
  await ask("POST", "/domains", { ...SALES, id: "hr" });
  await ask("POST", "/policies", policy("hr", ["secret"], { scope: { kind: "domain", domain: "hr" } }));
  expect(ids(await ask("GET", "/policies"))).toEqual(["hr", "pii", "quality", "sales"]);
  expect(ids(await ask("GET", "/policies?product=orders"))).toEqual(["pii", "quality", "sales"]);
  expect(ids(await ask("GET", "/policies?domain=hr"))).toEqual(["hr"]);
  expect(ids(await ask("GET", "/policies?scope=global&type=quality&enforcement=mandatory"))).toEqual([
    "quality",
  ]);
  expect(code(await ask("GET", "/policies?product=nobody"))).toEqual([404, "not_found"]);

  const { id: _id, ...update } = policy("quality", ["completeness >= 90%"]) as { id: string };
  expect(code(await ask("PUT", "/policies/quality", update))).toEqual([428, "if_match_required"]);
  const etag = made.headers.get("etag") ?? "";
  const changed = await ask("PUT", "/policies/quality", update, { "If-Match": etag });
  expect([changed.status, changed.body]).toMatchObject([200, { rules: ["completeness >= 90%"] }]);
  expect(code(await ask("DELETE", "/policies/quality", undefined, { "If-Match": etag }))).toEqual([
    412,
    "changed",
  ]);
  expect((await ask("DELETE", "/policies/quality", undefined, { "If-Match": "*" })).status).toBe(204);
  expect(code(await ask("GET", "/policies/quality"))).toEqual([404, "not_found"]);
});

test("a rule that is none is refused with its number, the place in it and what was expected there", async () => {
  const { ask } = await registryService();
  const given = policy("bad", ["has(owner)", "completeness >=\n 95 cows", 'matches(owner, "(")']);
  const { status, body } = await ask("POST", "/policies", given);
  expect([status, body]).toMatchObject([
    422,
    {
      code: "invalid_rule",
      detail:
        'rules[1]: line 2, column 5: found "cows", expected a unit (% ms s m h d) or and or or or end of the rule',
      errors: [
        {
          pointer: "/rules/1",
          value: "completeness >=\n 95 cows",
          expected: "a unit (% ms s m h d) or and or or or end of the rule",
          position: { line: 2, column: 5, offset: 20 },
        },
        { pointer: "/rules/2", position: { line: 1, column: 16, offset: 15 } },
      ],
    },
  ]);
});

test("a domain, a product and a tag may tighten a mandatory policy of all, and never loosen it", async () => {
  const { ask } = await registryService();
  await ask("POST", "/domains", SALES);
  await ask("POST", "/products", orders());
  await ask("POST", "/policies", policy("all", ["has(owner)", "timeliness <= 24h"]));
  const { status, body } = await ask(
    "POST",
    "/policies",
    policy("lax", ["rows > 3", "timeliness_hours <= 48"], SALES_SCOPE),
  );
  expect([status, body]).toMatchObject([
    409,
    {
      code: "loosening",
      detail:
        'rules[1]: "timeliness_hours <= 48" asks for less than the mandatory "timeliness <= 24h": tighten it or leave it out (rules[1] of policy "all")',
      errors: [{ pointer: "/rules/1", value: "timeliness_hours <= 48" }],
    },
  ]);
  for (const scope of [
    { kind: "product", product: "orders" },
    { kind: "tag", tag: "x" },
  ]) {
    const asked = await ask("POST", "/policies", policy("lax", ["timeliness <= 2d"], { scope }));
    expect(code(asked)).toEqual([409, "loosening"]);
  }
  const strict = await ask("POST", "/policies", policy("strict", ["timeliness <= 1h"], SALES_SCOPE));
  expect(strict.status).toBe(201);
  const { id: _id, ...lax } = policy("strict", ["timeliness <= 2d"], SALES_SCOPE) as { id: string };
  expect(code(await ask("PUT", "/policies/strict", lax, { "If-Match": "*" }))).toEqual([409, "loosening"]);
  const nowhere = policy("x", ["a"], { scope: { kind: "domain", domain: "nowhere" } });
  expect(code(await ask("POST", "/policies", nowhere))).toEqual([422, "unknown_reference"]);

  // Made at the same time, one of them is refused or both agree: never a domain looser than all.
  const both = await Promise.all([
    ask("POST", "/policies", policy("rows-all", ["rows >= 10"])),
    ask("POST", "/policies", policy("rows-sales", ["rows >= 5"], SALES_SCOPE)),
  ]);
  expect(both.map(({ status: answered }) => answered)).toEqual([201, 409]);
});
