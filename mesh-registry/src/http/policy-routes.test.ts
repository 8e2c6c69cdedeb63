import { join } from "node:path";
import { addToken, addUser, type Role } from "@fieldmesh/runtime";
import { expect, test } from "vitest";
import { temporaryFolder } from "../testing/embedded.js";
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
        'rules[1]: line 2, column 5: found "cows", expected a unit (% ms s m h d), "and", "or" or end of the rule',
      errors: [
        {
          pointer: "/rules/1",
          value: "completeness >=\n 95 cows",
          expected: 'a unit (% ms s m h d), "and", "or" or end of the rule',
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
  await ask("POST", "/domains", { ...SALES, id: "hr" });
  await ask("POST", "/policies", policy("of-hr", ["secret"], { scope: { kind: "domain", domain: "hr" } }));
  const removed = await ask("DELETE", "/domains/hr", undefined, { "If-Match": "*" });
  expect(removed.body).toMatchObject({
    status: 409,
    detail: 'domain "hr" has 1 policies (of-hr…): remove them first',
  });
  const nowhere = policy("x", ["a"], { scope: { kind: "domain", domain: "nowhere" } });
  expect(code(await ask("POST", "/policies", nowhere))).toEqual([422, "unknown_reference"]);

  // Made at the same time, one of them is refused or both agree: never a domain looser than all.
  const both = await Promise.all([
    ask("POST", "/policies", policy("rows-all", ["rows >= 10"])),
    ask("POST", "/policies", policy("rows-sales", ["rows >= 5"], SALES_SCOPE)),
  ]);
  expect(both.map(({ status: answered }) => answered)).toEqual([201, 409]);
});

test("administrators make policies of all and of tags, owners those of what they own; of what is hidden nothing is told", async () => {
  const folder = await temporaryFolder();
  const usersFile = join(folder, "users.yaml");
  await addUser(usersFile, { name: "root", role: "admin", password: "correct horse battery" });
  const credential = async (name: string, role: Role): Promise<Record<string, string>> => ({
    Authorization: `Bearer ${await addToken(usersFile, { name, role })}`,
  });
  const admin = await credential("admin", "admin");
  const alice = await credential("alice", "operator");
  const bob = await credential("bob", "operator");
  const { ask } = await registryService({}, folder);
  await ask("POST", "/domains", SALES, admin);
  await ask("POST", "/products", orders({ visibility: "private" }), admin);
  const ofOrders = { scope: { kind: "product", product: "orders" } };
  for (const [who, id, scope, expected] of [
    [alice, "all", { kind: "global" }, [403, "not_yours"]],
    [alice, "pii", { kind: "tag", tag: "pii" }, [403, "not_yours"]],
    [bob, "sales", SALES_SCOPE.scope, [403, "not_yours"]],
    [bob, "orders", ofOrders.scope, [404, "not_found"]],
    [alice, "sales", SALES_SCOPE.scope, [201, undefined]],
    [alice, "orders", ofOrders.scope, [201, undefined]],
    [admin, "all", { kind: "global" }, [201, undefined]],
  ] as const) {
    expect(code(await ask("POST", "/policies", policy(id, ["has(owner)"], { scope }), who))).toEqual(
      expected,
    );
  }
  expect(ids(await ask("GET", "/policies", undefined, bob))).toEqual(["all", "sales"]);
  expect(code(await ask("GET", "/policies/orders", undefined, bob))).toEqual([404, "not_found"]);
  expect(code(await ask("GET", "/policies?product=orders", undefined, bob))).toEqual([404, "not_found"]);
  expect(code(await ask("GET", "/products/orders/compliance", undefined, bob))).toEqual([404, "not_found"]);
  expect((await ask("GET", "/compliance", undefined, bob)).body).toEqual([]);
  expect((await ask("GET", "/compliance", undefined, alice)).body).toMatchObject([{ product: "orders" }]);
  const remove = (id: string, who: typeof bob): Promise<Answered> =>
    ask("DELETE", `/policies/${id}`, undefined, { ...who, "If-Match": "*" });
  expect(code(await remove("sales", bob))).toEqual([403, "not_yours"]);
  // Nobody takes a policy of all away by making it one of his own.
  const { id: _id, ...mine } = policy("all", ["has(owner)"], SALES_SCOPE) as { id: string };
  expect(code(await ask("PUT", "/policies/all", mine, { ...alice, "If-Match": "*" }))).toEqual([
    403,
    "not_yours",
  ]);
  expect((await remove("sales", alice)).status).toBe(204);
  for (const [path, body] of [
    ["attestations", { claim: "encrypted" }],
    ["quality", { metrics: { completeness: 100 } }],
  ] as const) {
    expect(code(await ask("POST", `/products/orders/${path}`, body, bob))).toEqual([404, "not_found"]);
    const allowed = await ask("POST", `/products/orders/${path}`, body, alice);
    expect(allowed.status).toBeLessThan(300);
  }
});
