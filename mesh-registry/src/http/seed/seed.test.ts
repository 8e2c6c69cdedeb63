import { join } from "node:path";
import { addToken, addUser } from "@fieldmesh/runtime";
import { describe, expect, test } from "vitest";
import { isReservedId } from "../../resources/fields.js";
import { descriptionOf } from "../../testing/description.js";
import { temporaryFolder } from "../../testing/embedded.js";
import { type HistorianDouble, historianDouble } from "../../testing/historian.js";
import { type Answered, registryService, type Service } from "../../testing/service.js";

const ORDERS = {
  name: "customer-orders",
  domain: "sales",
  owner: "sales-team@company.com",
  description: "Customer order data with transaction details",
  schema: { order_id: "integer", amount: "decimal", order_date: "date" },
  tags: ["Orders", " ", "transactions"],
};

const refused = ({ status, body }: Answered): unknown[] => {
  const { success, message, detail } = body as Record<string, unknown>;
  return [status, success, typeof message, typeof detail];
};

describe("a client that was there before", () => {
  test("registers, reads, changes and deletes a product, and finds it in lists", async () => {
    const { ask } = await registryService();
    const made = await ask("POST", "/register_product", { ...ORDERS, created_at: "2020-01-01" });
    expect([made.status, made.body]).toMatchObject([
      200,
      {
        success: true,
        message: "Product registered successfully",
        data: {
          ...ORDERS,
          tags: ["orders", "transactions"],
          status: "active",
          version: "1.0.0",
          created_at: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T.*Z$/),
        },
      },
    ]);
    expect(refused(await ask("POST", "/register_product", ORDERS))).toEqual([409, false, "string", "string"]);

    const read = await ask("GET", "/product/customer-orders");
    expect(read.body).toEqual((made.body as { data: unknown }).data);
    expect(refused(await ask("GET", "/product/nobody"))).toEqual([404, false, "string", "string"]);
    const listed = await ask("GET", "/products?domain=Sales&status=active&tag=orders&limit=50&offset=0");
    expect(listed.body).toMatchObject([{ ...ORDERS, tags: ["orders", "transactions"], version: "1.0.0" }]);
    // The same thing on both sides.
    expect((await ask("GET", "/products/customer-orders")).body).toMatchObject({ id: "customer-orders" });
    expect((await ask("GET", "/domains/sales")).body).toMatchObject({ owner: ORDERS.owner });

    const changed = await ask("PUT", "/product/customer-orders", { description: "Other", tags: ["New"] });
    expect(changed.body).toMatchObject({
      success: true,
      data: { description: "Other", tags: ["new"], owner: ORDERS.owner, schema: ORDERS.schema },
    });
    const wider = { ...ORDERS.schema, note: "money" };
    const next = await ask("PUT", "/product/customer-orders", { schema: wider, status: "deprecated" });
    expect(next.body).toMatchObject({ data: { schema: wider, version: "1.1.0", status: "deprecated" } });
    const broken = await ask("PUT", "/product/customer-orders", { schema: { order_id: "string" } });
    expect(broken.body).toMatchObject({ data: { version: "2.0.0" } });

    const gone = await ask("DELETE", "/product/customer-orders");
    expect([gone.status, gone.body]).toMatchObject([200, { success: true, data: null }]);
    expect((await ask("GET", "/product/customer-orders")).status).toBe(404);
    expect((await ask("DELETE", "/product/customer-orders")).status).toBe(404);
    expect((await ask("GET", "/products/customer-orders")).body).toMatchObject({ status: "retired" });
  });

  test("registers lineage and follows it; what it names has to be there", async () => {
    const { ask } = await registryService();
    for (const name of ["raw-orders", "customer-orders"]) {
      expect((await ask("POST", "/register_product", { ...ORDERS, name })).status).toBe(200);
    }
    const step = {
      source: "raw-orders",
      target: "customer-orders",
      transformation: "Data cleaning and customer lookup",
      lineage_type: "derived",
      confidence: 0.95,
      metadata: { transformation_tool: "Apache Spark", "a.b": { $c: 1 } },
    };
    const made = await ask("POST", "/register_lineage", step);
    expect([made.status, made.body]).toMatchObject([
      200,
      { success: true, message: "Lineage registered successfully", data: step },
    ]);
    const unknown = await ask("POST", "/register_lineage", { ...step, source: "nobody" });
    expect([refused(unknown), unknown.body]).toMatchObject([
      [400, false, "string", "string"],
      { detail: expect.stringContaining('"nobody"') },
    ]);
    const listed = await ask("GET", "/lineage?source=raw-orders&lineage_type=derived&limit=100");
    expect(listed.body).toMatchObject([{ ...step, timestamp: expect.stringMatching(/Z$/) }]);
    expect((await ask("GET", "/lineage/upstream/customer-orders")).body).toMatchObject([
      { product: "raw-orders", depth: 1, ...step },
    ]);
    await ask("DELETE", "/product/raw-orders");
    expect((await ask("GET", "/lineage")).body).toEqual([]);
  });

  test("is refused with the statuses that it knows, and in its own words", async () => {
    const { ask } = await registryService({ limits: { products: 1 } });
    const post = (more: object): Promise<Answered> =>
      ask("POST", "/register_product", { ...ORDERS, ...more });
    for (const wrong of [
      { name: "a b" },
      { name: "Products" },
      { domain: "a".repeat(51) },
      { owner: "" },
      { description: "a".repeat(501) },
      { schema: {} },
      { schema: { a: 7 } },
      { tags: Array.from({ length: 11 }, (_, n) => `t${n}`) },
      { status: "retired" },
      { version: "one" },
    ]) {
      expect([wrong, ...refused(await post(wrong))]).toEqual([wrong, 422, false, "string", "string"]);
    }
    expect(refused(await ask("POST", "/register_product", "{"))).toEqual([400, false, "string", "string"]);
    expect((await ask("GET", "/products")).body).toEqual([]);
    expect((await post({})).status).toBe(200);
    expect(refused(await post({ name: "second" }))).toEqual([429, false, "string", "string"]);
    expect(refused(await ask("PATCH", "/product/customer-orders", {}))).toEqual([
      405,
      false,
      "string",
      "string",
    ]);
  });

  test("keeps a product that others were given until their access is revoked", async () => {
    const { ask } = await registryService();
    await ask("POST", "/register_product", ORDERS);
    const asked = await ask("POST", "/subscriptions", {
      product: ORDERS.name,
      consumer: "ann",
      purpose: "reports",
    });
    const { id, state } = asked.body as { id: string; state: string };
    if (state !== "approved") {
      const approved = await ask("POST", `/subscriptions/${id}/approve`, {}, { "If-Match": "*" });
      expect([approved.status, approved.body]).toMatchObject([200, { state: "approved" }]);
    }
    const kept = await ask("DELETE", `/product/${ORDERS.name}`);
    expect([refused(kept), kept.body]).toMatchObject([
      [409, false, "string", "string"],
      { detail: expect.stringContaining("ann") },
    ]);
  });

  test("needs its key where there are users: missing or wrong it is 401", async () => {
    const folder = await temporaryFolder();
    const usersFile = join(folder, "users.yaml");
    await addUser(usersFile, { name: "root", role: "admin", password: "correct horse battery" });
    const token = await addToken(usersFile, { name: "etl", role: "operator" });
    const { ask } = await registryService({}, folder);
    const wrong = { Authorization: `Bearer ${"x".repeat(43)}` };
    for (const headers of [{}, wrong, { "X-API-Key": "x".repeat(43) }]) {
      const answer = await ask("POST", "/register_product", ORDERS, headers);
      expect(refused(answer)).toEqual([401, false, "string", "string"]);
      expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer/);
    }
    const known = { Authorization: `Bearer ${token}` };
    expect((await ask("POST", "/register_product", ORDERS, known)).status).toBe(200);
    // Who made the domain belongs to it.
    expect((await ask("POST", "/register_product", { ...ORDERS, name: "b" }, known)).status).toBe(200);
    expect((await ask("PUT", "/product/b", { description: "x" }, known)).status).toBe(200);
  });
});

const T0 = Date.parse("2027-01-31T00:00:00Z");

const historian = (): Promise<HistorianDouble> =>
  historianDouble("env_greenhouse_temperature", { from: T0, readings: 600 });

test("every path of the interface is a name that no product and no domain can take from it", async () => {
  const service = await registryService();
  const { paths } = await descriptionOf(service);
  const roots = new Set(Object.keys(paths).map((path) => path.split("/")[1] ?? ""));
  expect([...roots].filter((root) => !isReservedId(root))).toEqual([]);
});

describe("the data of a product", () => {
  const port = { kind: "mqtt", name: "raw", topicFilter: "env/greenhouse/temperature/raw" };
  const product = (more: object): object => ({
    id: "greenhouse",
    domain: "env",
    owner: "ann",
    status: "active",
    visibility: "public",
    outputPorts: [port],
    ...more,
  });
  const values = ({ body }: Answered): unknown[] => (body as { value: unknown }[]).map(({ value }) => value);

  async function world(): Promise<Service & Pick<HistorianDouble, "asked">> {
    const its = await historian();
    const service = await registryService({ historianUrl: its.url, serviceToken: "t".repeat(43) });
    await service.ask("POST", "/domains", { id: "env", name: "Environment", owner: "ann" });
    expect((await service.ask("POST", "/products", product({}))).status).toBe(201);
    return { ...service, asked: its.asked };
  }

  test("is read by its id or its sensor's name, the newest or from a date on", async () => {
    const { ask, asked } = await world();
    const newest = await ask("GET", "/data/env/greenhouse?limit=3");
    expect([newest.status, newest.body]).toEqual([
      200,
      [597, 598, 599].map((value) => ({
        timestamp: new Date(T0 + value * 1_000).toISOString(),
        value,
        unit: "Cel",
        quality: "good",
      })),
    ]);
    expect(values(await ask("GET", "/env/temperature?limit=2"))).toEqual([598, 599]);
    const first = await ask("GET", "/data/env/temperature?start_date=2027-01-31&end_date=2027-01-31&limit=2");
    expect(first.body).toMatchObject([{ value: 0, quality: "bad", reason: "open circuit" }, { value: 1 }]);
    expect(values(await ask("GET", "/env/greenhouse?end_date=2027-01-30"))).toEqual([]);
    const until = "/env/greenhouse?end_date=2027-01-31T00:01:00Z&limit=1&active_only=true";
    expect(values(await ask("GET", until))).toEqual([59]);
    expect(values(await ask("GET", "/env/greenhouse"))).toHaveLength(100);
    expect(asked.every(({ headers }) => headers.authorization === `Bearer ${"t".repeat(43)}`)).toBe(true);
    for (const query of ["limit=0", "limit=1001", "limit=x", "start_date=yesterday", "end_date=2027-13-01"]) {
      expect(refused(await ask("GET", `/data/env/greenhouse?${query}`))).toEqual([
        422,
        false,
        "string",
        "string",
      ]);
    }
  });

  test("that cannot be read says why", async () => {
    const { ask } = await world();
    const http = { kind: "http", name: "x", address: "https://data.example.org/orders" };
    const wide = { ...port, topicFilter: "env/+/+/raw" };
    const none = { ...port, topicFilter: "env/nobody/temperature/raw" };
    for (const [id, outputPorts, why] of [
      ["elsewhere", [http], "https://data.example.org/orders"],
      ["wide", [wide], "exactly one stream"],
      ["unknown", [none], "keeps nothing"],
    ] as const) {
      await ask("POST", "/products", product({ id, outputPorts }));
      const answer = await ask("GET", `/env/${id}`);
      expect([refused(answer), answer.body]).toMatchObject([
        [404, false, "string", "string"],
        { detail: expect.stringContaining(why) },
      ]);
    }
    expect((await ask("GET", "/env/temperature")).body).toMatchObject({
      detail: expect.stringContaining("greenhouse, unknown"),
    });
    expect((await ask("GET", "/data/env/nobody")).status).toBe(404);
    // Reserved names are the interface's own.
    const answer = await ask("GET", "/analytics/nobody");
    expect([answer.status, answer.body]).toMatchObject([404, { code: "not_found" }]);
    const away = await registryService();
    await away.ask("POST", "/domains", { id: "env", name: "Environment", owner: "ann" });
    await away.ask("POST", "/products", product({}));
    expect(refused(await away.ask("GET", "/env/greenhouse"))).toEqual([503, false, "string", "string"]);
  });

  test("is for who may read it, also where another names its stream", async () => {
    const its = await historian();
    const folder = await temporaryFolder();
    const usersFile = join(folder, "users.yaml");
    await addUser(usersFile, { name: "root", role: "admin", password: "correct horse battery" });
    const as = (token: string) => ({ Authorization: `Bearer ${token}` });
    const admin = as(await addToken(usersFile, { name: "boss", role: "admin" }));
    const eve = as(await addToken(usersFile, { name: "eve", role: "operator" }));
    const { ask } = await registryService({ historianUrl: its.url }, folder);
    await ask("POST", "/domains", { id: "env", name: "Environment", owner: "ann" }, admin);
    await ask("POST", "/products", product({ visibility: "restricted" }), admin);
    expect((await ask("GET", "/env/temperature", undefined, admin)).status).toBe(200);
    expect(refused(await ask("GET", "/env/temperature", undefined, eve))).toEqual([
      403,
      false,
      "string",
      "string",
    ]);
    expect((await ask("GET", "/env/temperature")).status).toBe(401);
    // A product of eve's own with a port that names the stream opens nothing.
    await ask("POST", "/domains", { id: "mine", name: "Mine", owner: "eve" }, eve);
    const mine = product({ id: "mine1", domain: "mine", owner: "eve", visibility: "public" });
    expect((await ask("POST", "/products", mine, eve)).status).toBe(403);
    expect((await ask("POST", "/products", mine, admin)).status).toBe(201);
    expect(refused(await ask("GET", "/mine/mine1", undefined, eve))).toEqual([
      403,
      false,
      "string",
      "string",
    ]);
    expect(its.asked.filter(({ path }) => path.endsWith("/readings"))).toHaveLength(1);
  });
});
