import { join } from "node:path";
import { addToken, addUser } from "@fieldmesh/runtime";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../testing/embedded.js";
import { type Answered, orders, registryService, SALES } from "../testing/service.js";

const code = ({ status, body }: Answered): [number, unknown] => [status, (body as { code?: unknown }).code];
const etag = ({ headers }: Answered): string => headers.get("etag") ?? "";
const ids = ({ body }: Answered): string[] => (body as { id: string }[]).map(({ id }) => id);

describe("a data product", () => {
  test("is registered, read, changed by who has seen it, and retired", async () => {
    const { ask } = await registryService();
    expect(code(await ask("POST", "/products", orders()))).toEqual([422, "unknown_reference"]);
    expect((await ask("POST", "/domains", SALES)).status).toBe(201);
    const made = await ask("POST", "/products", orders({ tags: ["PII"] }));
    expect([made.status, made.headers.get("location")]).toEqual([201, "/products/orders"]);
    expect(made.body).toMatchObject({ id: "orders", tags: ["pii"], visibility: "restricted", sla: {} });
    expect(code(await ask("POST", "/products", orders()))).toEqual([409, "exists"]);

    const read = await ask("GET", "/products/orders");
    expect(read.body).toEqual(made.body);
    expect(etag(read)).toBe(etag(made));
    expect((await ask("GET", "/products/orders", undefined, { "If-None-Match": etag(read) })).status).toBe(
      304,
    );

    const update = { domain: "sales", owner: "bob", status: "active" };
    const put = (tag?: string): Promise<Answered> =>
      ask("PUT", "/products/orders", update, tag === undefined ? {} : { "If-Match": tag });
    expect(code(await put())).toEqual([428, "if_match_required"]);
    const both = await Promise.all([put(etag(read)), put(etag(read))]);
    expect(new Set(both.map(({ status }) => status))).toEqual(new Set([200, 412]));
    expect((await ask("GET", "/products/orders")).body).toMatchObject({ owner: "bob", tags: [] });

    expect(code(await ask("DELETE", "/products/orders"))).toEqual([428, "if_match_required"]);
    const retired = await ask("DELETE", "/products/orders", undefined, { "If-Match": "*" });
    expect(retired.body).toMatchObject({ status: "retired" });
    expect(code(await put("*"))).toEqual([409, "conflict"]);
    expect(code(await ask("GET", "/products/nobody"))).toEqual([404, "not_found"]);
    expect(code(await ask("PATCH", "/products/orders", {}))).toEqual([405, "method_not_allowed"]);
  });

  test("that is wrong is refused field by field, with value and what is expected", async () => {
    const { ask } = await registryService();
    const { status, headers, body } = await ask("POST", "/products", {
      id: "a b",
      domain: 7,
      tags: Array.from({ length: 11 }, () => "x"),
      sla: { availability: 101 },
      ownr: "alice",
    });
    expect([status, headers.get("content-type")]).toEqual([422, "application/problem+json; charset=utf-8"]);
    const { errors } = body as {
      errors: { pointer: string; value?: string; expected: string; detail: string }[];
    };
    expect(errors.map(({ pointer, value, expected }) => [pointer, value, expected])).toEqual(
      expect.arrayContaining([
        ["/id", '"a b"', "expected 1 to 100 letters, digits, _ or -"],
        ["/domain", "7", "expected a text"],
        ["/owner", undefined, "missing: expected a text"],
        ["/tags", "[11 entries]", "expected at most 10 tags"],
        ["/sla/availability", "101", "expected a number from 0 to 100"],
        ["/ownr", undefined, 'unknown key; did you mean "owner"?'],
      ]),
    );
    expect(errors[0]?.detail).toBe('body/id "a b": expected 1 to 100 letters, digits, _ or -');
  });

  test("of 1,000 registered at once all are there, none twice, also after a restart", {
    timeout: 90_000,
  }, async () => {
    const service = await registryService();
    await service.ask("POST", "/domains", SALES);
    const names = Array.from({ length: 1_000 }, (_, i) => `p${i}`);
    const statuses: number[] = [];
    // 50 callers; every name is asked for twice.
    const asked = [...names, ...names.toReversed()];
    const caller = async (): Promise<void> => {
      for (let id = asked.pop(); id !== undefined; id = asked.pop()) {
        statuses.push((await service.ask("POST", "/products", orders({ id }))).status);
      }
    };
    await Promise.all(Array.from({ length: 50 }, caller));
    expect(statuses.filter((status) => status === 201)).toHaveLength(1_000);
    expect(statuses.filter((status) => status === 409)).toHaveLength(1_000);
    await service.close();
    const { ask } = await registryService({}, service.folder);
    const listed = await ask("GET", "/products?limit=1000");
    expect(listed.headers.get("x-total-count")).toBe("1000");
    expect(ids(listed)).toEqual(names.toSorted());
  });
});

describe("a list", () => {
  test("is an array with its total and the next page, which stays true whatever comes and goes", async () => {
    const { ask, url } = await registryService();
    await ask("POST", "/domains", SALES);
    for (const id of ["b", "d", "f", "h"]) await ask("POST", "/products", orders({ id, tags: [id] }));
    await ask("POST", "/products", orders({ id: "draft", status: "draft" }));
    const first = await ask("GET", "/products?limit=2&domain=sales");
    expect([ids(first), first.headers.get("x-total-count")]).toEqual([["b", "d"], "4"]);
    const next = /^<(.+)>; rel="next"$/.exec(first.headers.get("link") ?? "")?.[1] ?? "";
    for (const id of ["a", "g"]) await ask("POST", "/products", orders({ id }));
    const second = await ask("GET", new URL(next, url).href.slice(url.length));
    expect(ids(second)).toEqual(["f", "g"]);
    expect(ids(await ask("GET", "/products?offset=1&limit=2"))).toEqual(["b", "d"]);
    expect(ids(await ask("GET", "/products?status=draft"))).toEqual(["draft"]);
    expect(ids(await ask("GET", "/products?tag=F"))).toEqual(["f"]);
    const last = await ask("GET", "/products?offset=99");
    expect([last.body, last.headers.get("link")]).toEqual([[], null]);
    for (const query of ["limit=0", "limit=1001", "limit=x", "limit=1&limit=2", "after=%00", "offset=-1"]) {
      expect((await ask("GET", `/products?${query}`)).status, query).toBe(422);
    }
    expect((await ask("GET", "/products?offset=1&after=Yg")).status).toBe(422);
    expect((await ask("GET", "/products?wher=1")).body).toMatchObject({ errors: [{ pointer: "/wher" }] });
  });
});

describe("versions", () => {
  test("are published upwards, and paged", async () => {
    const { ask, url } = await registryService();
    await ask("POST", "/domains", SALES);
    await ask("POST", "/products", orders());
    const path = "/products/orders/versions";
    const schema = { $schema: "https://json-schema.org/draft/2020-12/schema", properties: { "a.b": {} } };
    const made = await ask("POST", path, { version: "1.0", schema });
    expect([made.status, made.headers.get("location")]).toEqual([201, `${path}/1.0.0`]);
    expect(code(await ask("POST", path, { version: "1", schema }))).toEqual([409, "exists"]);
    for (const version of ["1.1", "2.0"]) await ask("POST", path, { version, schema });
    expect(code(await ask("POST", path, { version: "1.0.5", schema }))).toEqual([409, "conflict"]);
    expect((await ask("GET", `${path}/1`)).body).toMatchObject({
      version: "1.0.0",
      schema,
      publishedBy: "local",
    });
    const first = await ask("GET", `${path}?limit=2`);
    expect((first.body as { version: string }[]).map(({ version }) => version)).toEqual(["2.0.0", "1.1.0"]);
    const next = /^<(.+)>; rel="next"$/.exec(first.headers.get("link") ?? "")?.[1] ?? "";
    expect((await ask("GET", new URL(next, url).href.slice(url.length))).body).toMatchObject([
      { version: "1.0.0" },
    ]);
    expect((await ask("GET", `${path}?offset=2`)).body).toMatchObject([{ version: "1.0.0" }]);
    expect((await ask("GET", `${path}?offset=3`)).body).toEqual([]);
    expect((await ask("GET", `${path}?after=x`)).status).toBe(422);
    expect(code(await ask("GET", `${path}/9.0.0`))).toEqual([404, "not_found"]);
    expect(code(await ask("GET", "/products/nobody/versions"))).toEqual([404, "not_found"]);
  });
});

describe("a schema", () => {
  test("is read in its short forms, and what breaks is refused without a new major version", async () => {
    const { ask } = await registryService();
    await ask("POST", "/domains", SALES);
    await ask("POST", "/products", orders());
    const path = "/products/orders/versions";
    const publish = (version: string, schema: object): Promise<Answered> =>
      ask("POST", path, { version, schema });
    const fields = [
      { name: "amount", type: "decimal", required: true },
      { name: "note", type: "string" },
    ];
    const first = await publish("1.0", { fields });
    expect([first.status, first.body]).toMatchObject([
      201,
      {
        schema: {
          type: "object",
          required: ["amount"],
          properties: { amount: {}, note: { type: "string" } },
        },
      },
    ]);
    const refused = await publish("1.1", { amount: "string", note: "string" });
    expect(code(refused)).toEqual([409, "breaking"]);
    const { errors } = refused.body as { errors: { pointer: string; detail: string }[] };
    expect(errors.map(({ detail }) => detail)).toEqual(
      expect.arrayContaining([expect.stringContaining("$.amount")]),
    );
    expect((await publish("2.0", { amount: "string", note: "string" })).status).toBe(201);
    expect(code(await publish("2.1", { amount: "strnig" }))).toEqual([422, "invalid_schema"]);
    expect((await ask("GET", path)).headers.get("x-total-count")).toBe("2");
  });
});

describe("lineage", () => {
  test("is followed both ways, and never a circle", async () => {
    const { ask } = await registryService();
    await ask("POST", "/domains", SALES);
    for (const id of ["a", "b", "c", "d"]) await ask("POST", "/products", orders({ id }));
    const step = (source: string, target: string): Promise<Answered> =>
      ask("POST", "/lineage", { source, target, type: "derived", confidence: 0.9 });
    for (const [source, target] of [
      ["a", "b"],
      ["b", "c"],
      ["c", "d"],
    ] as const) {
      expect((await step(source, target)).status).toBe(201);
    }
    expect(code(await step("d", "a"))).toEqual([409, "cycle"]);
    expect((await step("d", "a")).body).toMatchObject({ detail: expect.stringContaining('"a" → "b" → "c"') });
    expect(code(await step("a", "x"))).toEqual([422, "unknown_reference"]);
    expect((await ask("GET", "/lineage?source=a&lineage_type=derived")).body).toMatchObject([
      { target: "b" },
    ]);
    expect((await ask("GET", "/lineage/downstream/a?depth=2")).body).toMatchObject([
      { product: "b", depth: 1, source: "a", target: "b", lineage_type: "derived" },
      { product: "c", depth: 2, source: "b", target: "c", confidence: 0.9 },
    ]);
    expect((await ask("GET", "/products/b/lineage")).body).toMatchObject([
      { source: "a", target: "b" },
      { source: "b", target: "c" },
    ]);
    expect((await ask("GET", "/products/b/lineage?source=a&lineage_type=derived")).body).toHaveLength(1);
    expect(code(await ask("GET", "/products/x/lineage"))).toEqual([404, "not_found"]);
    const up = await ask("GET", "/lineage/upstream/d?limit=1");
    expect([up.body, up.headers.get("x-total-count")]).toMatchObject([
      [{ product: "c", depth: 1, source: "c", target: "d" }],
      "3",
    ]);
    expect(up.headers.get("link")).toContain("after=Yw");
    expect((await ask("GET", "/lineage/upstream/d?after=Yw")).body).toMatchObject([
      { product: "b" },
      { product: "a" },
    ]);
    await ask("DELETE", "/products/b", undefined, { "If-Match": "*" });
    expect((await ask("GET", "/lineage")).body).toMatchObject([{ source: "c", target: "d" }]);
    expect((await ask("DELETE", "/lineage/steps/c/d")).status).toBe(204);
    expect(code(await ask("GET", "/lineage/steps/c/d"))).toEqual([404, "not_found"]);
  });
});

describe("a request that is sent again", () => {
  test("with its Idempotency-Key has the same answer, also at the same time and after a restart", async () => {
    const service = await registryService();
    const key = { "Idempotency-Key": "k-1" };
    const [first, second] = await Promise.all([
      service.ask("POST", "/domains", SALES, key),
      service.ask("POST", "/domains", SALES, key),
    ]);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body).toEqual(first.body);
    await service.close();
    const { ask } = await registryService({}, service.folder);
    const third = await ask("POST", "/domains", SALES, key);
    expect([third.body, third.headers.get("idempotency-replayed"), etag(third)]).toEqual([
      first.body,
      "true",
      etag(first),
    ]);
    expect(code(await ask("POST", "/domains", { ...SALES, id: "other" }, key))).toEqual([422, "key_reused"]);
    expect(code(await ask("POST", "/domains", SALES))).toEqual([409, "exists"]);
    expect(code(await ask("POST", "/domains", SALES, { "Idempotency-Key": "a b" }))).toEqual([
      422,
      "invalid",
    ]);
  });
});

describe("who may", () => {
  test("viewers read, operators write, nobody else", async () => {
    const folder = await temporaryFolder();
    const usersFile = join(folder, "users.yaml");
    await addUser(usersFile, { name: "root", role: "admin", password: "correct horse battery" });
    const viewer = await addToken(usersFile, { name: "v", role: "viewer" });
    const operator = await addToken(usersFile, { name: "o", role: "operator" });
    const { ask } = await registryService({}, folder);
    const as = (token: string) => ({ Authorization: `Bearer ${token}` });
    const anonymous = await ask("GET", "/domains");
    expect([anonymous.status, anonymous.headers.get("www-authenticate")]).toEqual([
      401,
      'Bearer realm="fieldmesh"',
    ]);
    expect((await ask("GET", "/health")).status).toBe(200);
    expect((await ask("GET", "/domains", undefined, as(viewer))).status).toBe(200);
    expect(code(await ask("POST", "/domains", SALES, as(viewer)))).toEqual([403, "role_required"]);
    expect((await ask("POST", "/domains", SALES, as(operator))).status).toBe(201);
  });

  test("and no more often than is good for others", async () => {
    const { ask } = await registryService({ rate: { max: 2, windowMs: 60_000 } });
    const statuses: number[] = [];
    for (let i = 0; i < 3; i += 1) statuses.push((await ask("GET", "/domains")).status);
    expect(statuses).toEqual([200, 200, 429]);
  });
});
