import { expect, test } from "vitest";
import { temporaryFolder } from "../testing/embedded.js";
import { peopleIn } from "../testing/people.js";
import { type Answered, orders, registryService, SALES } from "../testing/service.js";

const code = ({ status, body }: Answered): [number, unknown] => [status, (body as { code?: unknown }).code];
const ids = ({ body }: Answered): string[] => (body as { id: string }[]).map(({ id }) => id);
const ANY = { "If-Match": "*" };

async function signedIn() {
  const folder = await temporaryFolder();
  const as = await peopleIn(folder, {
    root: { role: "admin" },
    alice: { role: "operator" }, // owns the domain sales
    eve: { role: "operator" },
    lena: { role: "operator", domains: ["lab"] },
    max: { role: "viewer", products: ["secret"] },
    vera: { role: "viewer" },
  });
  const service = await registryService({}, folder);
  await service.ask("POST", "/domains", SALES, as.root);
  return { ...service, as };
}

test("a private product is there for those whom it concerns only, wherever its name could come up", async () => {
  const { ask, as } = await signedIn();
  const secret = orders({ id: "secret", visibility: "private", tags: ["hush"] });
  await ask("POST", "/products", secret, as.alice);
  await ask("POST", "/products", orders({ id: "open", visibility: "public" }), as.alice);
  await ask("POST", "/products", orders({ id: "made", inputPorts: [{ product: "secret" }] }), as.alice);
  await ask("POST", "/products/secret/versions", { version: "1", schema: { a: "string" } }, as.alice);
  for (const [source, target] of [
    ["secret", "open"],
    ["open", "made"],
  ]) {
    expect((await ask("POST", "/lineage", { source, target }, as.alice)).status).toBe(201);
  }
  const paths = [
    "/products/secret",
    "/products/secret/versions",
    "/products/secret/versions/1.0.0",
    "/products/secret/access",
    "/products/secret/subscriptions",
    "/products/secret/contract",
    "/products/secret/compliance",
    "/lineage/upstream/secret",
    "/lineage/downstream/secret",
    "/lineage/steps/secret/open",
    "/product/secret",
  ];
  const lists = [
    "/products",
    "/products?tag=hush",
    "/products?q=secret",
    "/lineage",
    "/lineage/upstream/made",
  ];
  const others = [
    "/products/facets",
    "/products/made",
    "/products/made/contract",
    "/products/made/contract?format=json",
    "/products/made/asyncapi",
    "/products/open/impact",
    "/compliance",
    "/analytics/domains",
    "/analytics/usage",
    "/report",
  ];
  const statuses = (by: { Authorization: string }): Promise<unknown[]> =>
    Promise.all(paths.map(async (path) => [path, (await ask("GET", path, undefined, by)).status]));
  const said = async (by: { Authorization: string }): Promise<string> => {
    const answers = [...lists, ...others].map((path) => ask("GET", path, undefined, by));
    return JSON.stringify((await Promise.all(answers)).map(({ body }) => body));
  };
  for (const by of [as.vera, as.eve]) {
    expect(await statuses(by)).toEqual(paths.map((path) => [path, 404]));
    expect(await said(by)).not.toMatch(/secret|hush/);
    const want = await ask("POST", "/products/secret/subscriptions", { purpose: "x" }, by);
    expect(code(want)).toEqual([404, "not_found"]);
    const named = await ask("POST", "/subscriptions", { product: "secret", purpose: "x" }, by);
    expect(code(named)).toEqual([404, "not_found"]);
  }
  for (const by of [as.root, as.alice, as.max]) {
    expect(await statuses(by)).toEqual(paths.map((path) => [path, 200]));
    expect(await said(by)).toMatch(/secret/);
    expect(ids(await ask("GET", "/products", undefined, by))).toContain("secret");
  }
  // Its owner learns who tried.
  const tried = await ask("GET", "/products/secret/access-log?allowed=false", undefined, as.alice);
  expect(new Set((tried.body as { who: string }[]).map(({ who }) => who))).toEqual(new Set(["eve", "vera"]));
  // Said in the same words as of one that was never there.
  const hidden = (await ask("GET", "/products/secret", undefined, as.eve)).body as { detail: string };
  const absent = (await ask("GET", "/products/nobody", undefined, as.eve)).body as { detail: string };
  expect(hidden.detail.replace("secret", "nobody")).toBe(absent.detail);
  // An approved consumer sees it.
  await ask("POST", "/subscriptions", { product: "secret", consumer: "vera", purpose: "x" }, as.alice);
  const [subscription] = ids(await ask("GET", "/subscriptions", undefined, as.alice));
  expect((await ask("GET", "/products/secret", undefined, as.vera)).status).toBe(404);
  await ask("POST", `/subscriptions/${subscription}/approve`, {}, as.alice);
  expect((await ask("GET", "/products/secret", undefined, as.vera)).status).toBe(200);
});

test("products, domains and lineage are changed by whom they belong to", async () => {
  const { ask, as } = await signedIn();
  await ask("POST", "/products", orders(), as.alice);
  const update = { domain: "sales", owner: "alice", status: "active" };
  const changes: [method: string, path: string, body?: object][] = [
    ["POST", "/products", orders({ id: "mine" })],
    ["PUT", "/products/orders", update],
    ["DELETE", "/products/orders"],
    ["POST", "/products/orders/versions", { version: "1", schema: { a: "string" } }],
    ["POST", "/products/orders/quality", { metrics: { completeness: 1 } }],
    ["POST", "/products/orders/attestations", { claim: "encrypted" }],
    ["PUT", "/domains/sales", { name: "Mine", owner: "eve" }],
    ["DELETE", "/domains/sales"],
  ];
  for (const [method, path, body] of changes) {
    const answer = await ask(method, path, body, { ...as.eve, ...ANY });
    expect([method, path, ...code(answer)]).toEqual([method, path, 403, "not_yours"]);
    expect((answer.body as { detail: string }).detail).toContain("alice");
  }
  // Nobody moves a product into another's domain, or makes another's from their own.
  await ask("POST", "/domains", { id: "lab", name: "Lab", owner: "carol" }, as.root);
  await ask("POST", "/products", orders({ id: "probe", domain: "lab", owner: "lena" }), as.lena);
  const moved = { domain: "sales", owner: "lena", status: "active" };
  expect(code(await ask("PUT", "/products/probe", moved, { ...as.lena, ...ANY }))).toEqual([
    403,
    "not_yours",
  ]);
  const into = { source: "probe", target: "orders" };
  expect(code(await ask("POST", "/lineage", into, as.lena))).toEqual([403, "not_yours"]);
  expect((await ask("POST", "/lineage", into, as.alice)).status).toBe(201);
  expect(code(await ask("DELETE", "/lineage/steps/probe/orders", undefined, as.lena))).toEqual([
    403,
    "not_yours",
  ]);
  // The owner of a product that somebody else's domain has changes it, and no other one.
  await ask("POST", "/products", orders({ id: "eves", owner: "eve" }), as.alice);
  const eves = { ...update, owner: "eve", description: "hers" };
  expect((await ask("PUT", "/products/eves", eves, { ...as.eve, ...ANY })).status).toBe(200);
  expect((await ask("PUT", "/products/orders", update, { ...as.root, ...ANY })).status).toBe(200);
});

test("what nobody has claimed is changed by operators, unless its domain is somebody's", async () => {
  const { ask, as } = await signedIn();
  await ask("POST", "/domains", { id: "env", name: "env", owner: "unclaimed" }, as.root);
  for (const [id, domain] of [
    ["env_a_b", "env"],
    ["sales_a_b", "sales"],
  ]) {
    await ask("POST", "/products", orders({ id, domain, owner: "unclaimed", status: "draft" }), as.root);
  }
  const claim = (id: string, by: { Authorization: string }): Promise<Answered> =>
    ask("POST", `/products/${id}/claim`, { owner: "eve" }, by);
  expect(code(await claim("env_a_b", as.vera))).toEqual([403, "role_required"]);
  expect(code(await claim("sales_a_b", as.eve))).toEqual([403, "not_yours"]);
  expect((await claim("env_a_b", as.eve)).status).toBe(200);
  expect(code(await claim("env_a_b", as.lena))).toEqual([403, "not_yours"]);
});

test("of a domain that nobody has claimed nobody gets at what others have claimed in it", async () => {
  const { ask, as } = await signedIn();
  const env = { id: "env", name: "env", owner: "unclaimed" };
  await ask("POST", "/domains", env, as.root);
  for (const id of ["env_a_b", "env_a_c"]) {
    const draft = orders({ id, domain: "env", owner: "unclaimed", status: "draft" });
    await ask("POST", "/products", draft, as.root);
  }
  const spy = (topicFilter: string) => ({
    ...orders({ id: "spy", domain: "env", owner: "eve" }),
    outputPorts: [{ kind: "mqtt", name: "spy", topicFilter }],
  });
  // Not even before anything is claimed: what is opened stays open.
  expect(code(await ask("POST", "/products", spy("env/#"), as.eve))).toEqual([403, "not_yours"]);
  const hers = { owner: "alice", visibility: "private", status: "active" };
  expect((await ask("POST", "/products/env_a_b/claim", hers, as.alice)).status).toBe(200);
  expect(code(await ask("POST", "/products", spy("env/a/b/raw"), as.eve))).toEqual([403, "not_yours"]);
  const taken = { name: "env", owner: "eve" };
  expect(code(await ask("PUT", "/domains/env", taken, { ...as.eve, ...ANY }))).toEqual([403, "not_yours"]);
  expect((await ask("GET", "/products/env_a_b", undefined, as.eve)).status).toBe(404);
  // What is still nobody's is there for everybody, and whose the domain is an administrator says.
  expect((await ask("POST", "/products/env_a_c/claim", { owner: "eve" }, as.eve)).status).toBe(200);
  expect((await ask("PUT", "/domains/env", taken, { ...as.root, ...ANY })).status).toBe(200);
  expect((await ask("POST", "/products", spy("env/#"), as.eve)).status).toBe(201);
});

test("a private product is answered as one that is not there whatever is sent", async () => {
  const { ask, as } = await signedIn();
  await ask("POST", "/products", orders({ id: "secret", visibility: "private" }), as.alice);
  const told = async (method: string, path: string, body?: unknown): Promise<unknown[]> => {
    const answers = ["secret", "nobody"].map(async (id) => {
      const { status, body: said } = await ask(method, path.replace("ID", id), body, as.eve);
      return {
        status,
        said: JSON.stringify(said)
          .replaceAll(id, "ID")
          .replace(/"requestId":"[^"]*"/, ""),
      };
    });
    return Promise.all(answers);
  };
  for (const [method, path, body] of [
    ["GET", "/products/ID?unknown=1"],
    ["GET", "/products/ID/versions?limit=0"],
    ["GET", "/products/ID/versions/none"],
    ["PUT", "/products/ID", {}],
    ["PUT", "/products/ID", orders()],
    ["DELETE", "/products/ID"],
    ["POST", "/products/ID/versions", {}],
    ["POST", "/products/ID/quality", {}],
    ["POST", "/products/ID/attestations", {}],
    ["POST", "/products/ID/claim", {}],
    ["POST", "/products/ID/subscriptions", {}],
    ["POST", "/products/ID/access-log", {}],
  ] as const) {
    const [hidden, none] = await told(method, path, body);
    expect([method, path, hidden]).toEqual([method, path, none]);
  }
});

test("nobody opens topics of others by declaring them as an own port", async () => {
  const { ask, as } = await signedIn();
  await ask("POST", "/domains", { id: "mine", name: "Mine", owner: "eve" }, as.eve);
  const ports = (...filters: string[]) => ({
    outputPorts: filters.map((topicFilter, i) => ({ kind: "mqtt", name: `p${i}`, topicFilter })),
  });
  const mine = (...filters: string[]) =>
    orders({ id: "mine", domain: "mine", owner: "eve", ...ports(...filters) });
  for (const filter of [
    "sales/n/s/raw",
    "#",
    "+/n/s/raw",
    "$SYS/#",
    "nobodys/n/s/raw",
    "/x",
    "mine/#",
    "mine",
  ]) {
    const isOwn = filter.startsWith("mine");
    const answer = await ask("POST", "/products", { ...mine(filter), id: "port" }, as.eve);
    expect([filter, ...code(answer)]).toEqual(isOwn ? [filter, 201, undefined] : [filter, 403, "not_yours"]);
    if (isOwn) break;
  }
  // Nor those of the mesh itself, by a domain of that name.
  await ask("POST", "/domains", { id: "mesh", name: "mesh", owner: "eve" }, as.eve);
  const mesh = { ...orders({ id: "all", domain: "mesh", owner: "eve" }), ...ports("mesh/#") };
  expect(code(await ask("POST", "/products", mesh, as.eve))).toEqual([403, "not_yours"]);
  // Nor by taking the name of a stream before its node comes up: the product of that name says who reads it.
  const squat = { ...mine(), id: "sales_till_orders" };
  expect(code(await ask("POST", "/products", squat, as.eve))).toEqual([403, "not_yours"]);
  const seed = {
    name: "sales_till_orders",
    domain: "mine",
    owner: "eve",
    description: "x",
    schema: { a: "string" },
  };
  expect((await ask("POST", "/register_product", seed, as.eve)).status).toBe(403);
  expect((await ask("POST", "/products", mine("mine/+/+/raw"), as.eve)).status).toBe(201);
  const put = (filters: string[], by: { Authorization: string }): Promise<Answered> => {
    const { id: _id, ...update } = mine(...filters) as { id: string };
    return ask("PUT", "/products/mine", update, { ...by, ...ANY });
  };
  expect(code(await put(["mine/+/+/raw", "sales/#"], as.eve))).toEqual([403, "not_yours"]);
  // What an administrator declared stays when the owner changes something else.
  expect((await put(["mine/+/+/raw", "sales/#"], as.root)).status).toBe(200);
  expect((await put(["sales/#"], as.eve)).status).toBe(200);
});

test("consumers are told where the data is, and the broker's password is for them alone", async () => {
  const folder = await temporaryFolder();
  const as = await peopleIn(folder, {
    root: { role: "admin" },
    alice: { role: "operator" },
    bob: { role: "viewer" },
  });
  // Nobody listens there.
  const broker = { urls: ["mqtt://127.0.0.1:1"] };
  const publicUrl = new URL("http://localhost:3000");
  const { ask } = await registryService({ broker, publicBrokers: ["mqtts://mesh.lan"], publicUrl }, folder);
  await ask("POST", "/domains", { ...SALES, id: "env", owner: "alice" }, as.root);
  const outputPorts = [
    { kind: "mqtt", name: "raw", topicFilter: "env/desk/light/raw" },
    { kind: "http", name: "files", address: "https://files.lan/orders" },
  ];
  await ask("POST", "/products", orders({ domain: "env", outputPorts }), as.alice);
  const access = async (by: { Authorization: string }): Promise<unknown> =>
    (await ask("GET", "/products/orders/access", undefined, by)).body;
  expect(await access(as.bob)).toEqual({
    product: "orders",
    may: { allowed: false, reason: expect.stringContaining("ask for it") },
    http: [],
  });
  const asked = await ask("POST", "/products/orders/subscriptions", { purpose: "x" }, as.bob);
  const { id } = asked.body as { id: string };
  const credential = (by: { Authorization: string }): Promise<Answered> =>
    ask("POST", `/subscriptions/${id}/credential`, undefined, by);
  expect(code(await credential(as.bob))).toEqual([409, "conflict"]);
  await ask("POST", `/subscriptions/${id}/approve`, {}, as.alice);
  expect(await access(as.bob)).toEqual({
    product: "orders",
    may: { allowed: true, reason: "subscription approved by alice" },
    mqtt: {
      urls: ["mqtts://mesh.lan"],
      topics: ["env/desk/light/raw"],
      username: "consumer.bob",
      open: true,
      credential: "none",
      available: false,
      reason: expect.stringContaining("cannot be reached"),
    },
    http: [
      { name: "files", address: "https://files.lan/orders" },
      {
        name: "history of env_desk_light",
        address: "http://localhost:3000/api/history/streams/env_desk_light/readings",
      },
    ],
  });
  expect(code(await credential(as.bob))).toEqual([503, "broker_unavailable"]);
  // The owner of one product does not get what opens all of a consumer's.
  expect(code(await credential(as.alice))).toEqual([404, "not_found"]);
  const { detail } = (await credential(as.alice)).body as { detail: string };
  expect(detail).toBe(`there is no subscription "${id}"`);
});

test("what is read is noted by who says so, and what others did by administrators only", async () => {
  const { ask, as } = await signedIn();
  await ask("POST", "/products", orders(), as.alice);
  const note = await ask("POST", "/products/orders/access-log", { what: "query" }, as.vera);
  expect([note.status, note.body]).toMatchObject([
    201,
    { who: "vera", what: "query", allowed: false, via: "client" },
  ]);
  expect(code(await ask("POST", "/products/orders/access-log", { consumer: "max" }, as.vera))).toEqual([
    403,
    "not_yours",
  ]);
  const entry = { who: "max", what: "read", product: "orders", allowed: true, count: 3 };
  const report = {
    entries: [entry, { ...entry, product: "nobody" }, { ...entry, allowed: false, reason: "no" }],
  };
  expect(code(await ask("POST", "/access-log", report, as.alice))).toEqual([403, "role_required"]);
  expect((await ask("POST", "/access-log", report, as.root)).body).toEqual({ taken: 2, unknown: ["nobody"] });
  const log = await ask("GET", "/products/orders/access-log", undefined, as.alice);
  expect(log.body).toHaveLength(4);
  expect(log.body).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ who: "max", allowed: true, count: 3, via: "historian" }),
      expect.objectContaining({ who: "max", allowed: false, reason: "no" }),
      expect.objectContaining({ who: "vera", what: "query" }),
      expect.objectContaining({ who: "vera", allowed: false, via: "registry" }),
    ]),
  );
  expect(code(await ask("GET", "/access-log", undefined, as.alice))).toEqual([403, "role_required"]);
  expect((await ask("GET", "/access-log?limit=2", undefined, as.root)).body).toHaveLength(2);
});
