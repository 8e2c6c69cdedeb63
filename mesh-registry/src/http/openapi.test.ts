import { expect, test, vi } from "vitest";
import { provisionId } from "../provisioning/provisioner.js";
import { subscriptionId } from "../store/subscriptions.js";
import {
  answerSchema,
  type Description,
  descriptionOf,
  inlined,
  type Operation,
} from "../testing/description.js";
import { historianDouble } from "../testing/historian.js";
import { type Answered, orders, registryService, SALES, type Service } from "../testing/service.js";

/** What nobody should send. */
const WRONG: readonly unknown[] = [
  null,
  true,
  -1,
  1.5,
  1e308,
  "",
  " ",
  "a".repeat(70_000),
  "\u0000",
  "\ud800",
  "Größe 🌡️ ‮ \u200b",
  "../../etc/passwd",
  "<script>alert(1)</script>",
  "__proto__",
  { $gt: "" },
  { $ne: null, "a.b": 1, _id: 7 },
  JSON.parse('{"__proto__":{"admin":true},"constructor":{"prototype":{}}}'),
  [],
  [[[]]],
  [null],
  Array.from({ length: 2_000 }, (_, i) => String(i)),
];

const RAW = [
  "",
  "{",
  "[]",
  "null",
  '"text"',
  '{"id":1e999}',
  `${'{"metadata":'.repeat(20_000)}1${"}".repeat(20_000)}`,
  `{"metadata":${"[".repeat(60_000)}${"]".repeat(60_000)}}`,
  JSON.stringify({ description: "x".repeat(300_000) }),
];

const IN_PATH = [
  "orders",
  "nobody",
  "a".repeat(5_000),
  "%00",
  "%ff",
  "%F0%9F%98%80",
  "..%2f..",
  "a.b",
  "1.0.0",
];

const POLICY = {
  id: "orders",
  name: "Orders",
  type: "quality",
  scope: { kind: "global" },
  enforcement: "mandatory",
  rules: ["has(owner)"],
};

/** As clients that were there before register it. */
const SEED = {
  name: "seedling",
  domain: "sales",
  owner: "alice",
  description: "Orders",
  schema: { amount: "decimal" },
};
const STREAM = { id: "read", outputPorts: [{ kind: "mqtt", name: "raw", topicFilter: "env/a/b/raw" }] };

let made = 0;

const TEMPLATE = { name: "Service", components: [{ name: "compose" }, { name: "s3" }] };
const CONTRACT = { kind: "DataContract", id: "orders", domain: "sales", team: { name: "alice" } };
const PROVISION = { template: "service", product: "orders" };

/** What would be taken, each time of another name. */
function goodBody(path: string): Record<string, unknown> {
  made += 1;
  if (path.startsWith("/domains")) return path === "/domains" ? { ...SALES, id: `d${made}` } : omitId(SALES);
  if (path.endsWith("/versions")) return { version: `${made}.0.0`, schema: { type: "object" } };
  if (path === "/contracts") return { ...CONTRACT, id: `c${made}` };
  if (path.endsWith("/contract")) return CONTRACT;
  if (path === "/templates") return { id: `t${made}`, ...TEMPLATE };
  if (path.startsWith("/templates/")) return TEMPLATE;
  if (path === "/provisions")
    return { template: "service", product: `v${made}`, parameters: { domain: "sales" } };
  if (path === "/lineage") return { source: "orders", target: "invoices" };
  if (path === "/keys") return { name: `k${made}`, role: "viewer" };
  if (path === "/access-log") return { entries: [] };
  if (path.endsWith("/access-log")) return { what: "read" };
  if (path.startsWith("/subscriptions"))
    return { product: "orders", consumer: `c${made}`, purpose: "billing" };
  if (path.endsWith("/subscriptions")) return { consumer: `c${made}`, purpose: "billing" };
  if (path.endsWith("/quality")) return { metrics: { completeness: 98.5, timeliness_hours: made } };
  if (path.endsWith("/attestations")) return { claim: `claim_${made % 50}` };
  if (path === "/register_product") return { ...SEED, name: `s${made}` };
  if (path === "/product/{name}") return { description: "Other", tags: [], schema: SEED.schema };
  if (path === "/register_lineage") return { source: "orders", target: "invoices", transformation: "joined" };
  if (path === "/impact") return { streams: ["env_desk_a"], products: ["orders"] };
  if (path === "/policies") return { ...POLICY, id: `g${made}` };
  if (path.startsWith("/policies/")) return omitId(POLICY);
  return path === "/products" ? { ...orders({ id: `p${made}` }) } : omitId(orders());
}

function omitId(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== "id"));
}

let turn = 0;

/** A third of them, another one each time: what a field is made of is fuzzed in many places. */
function someWrong(): unknown[] {
  turn += 1;
  return WRONG.filter((_, position) => (position + turn) % 3 === 0);
}

/** Each field in turn as something that it should not be, and what is in it, too. */
function* bodies(path: string, schema: Record<string, unknown>): Generator<unknown> {
  yield* WRONG;
  yield* RAW.map((text) => new Raw(text));
  const properties = (schema["properties"] ?? {}) as Record<string, Record<string, unknown>>;
  for (const [name, property] of Object.entries(properties)) {
    const isList = property["type"] === "array";
    for (const wrong of WRONG) yield { ...goodBody(path), [name]: wrong };
    for (const wrong of isList ? someWrong() : []) yield { ...goodBody(path), [name]: [wrong] };
    for (const field of Object.keys({
      ...(property["properties"] as object),
      ...oneOfProperties(property),
    })) {
      for (const wrong of someWrong()) {
        yield { ...goodBody(path), [name]: isList ? [{ [field]: wrong }] : { [field]: wrong } };
      }
    }
  }
  yield { ...goodBody(path), $where: "1" };
}

function oneOfProperties(property: Record<string, unknown>): object {
  const items = (property["items"] ?? {}) as { properties?: object; oneOf?: { properties?: object }[] };
  return Object.assign(
    {},
    items.properties,
    ...(items.oneOf ?? []).map(({ properties }) => properties),
  ) as object;
}

class Raw {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

function* requests(path: string, { parameters = [], requestBody }: Operation, description: Description) {
  const inPath = parameters.filter((each) => each.in === "path").map(({ name }) => name);
  const fill = (value: string): string => inPath.reduce((all, name) => all.replace(`{${name}}`, value), path);
  const url = fill(
    path.startsWith("/domains") ? "sales" : path.startsWith("/product/") ? "seedling" : "orders",
  );
  for (const value of inPath.length === 0 ? [] : IN_PATH) {
    // What needs no If-Match would change what is to stay as it is.
    if (!url.endsWith("/seedling") || value !== "orders") yield { url: fill(value), body: undefined };
  }
  for (const { name } of parameters.filter((each) => each.in === "query")) {
    yield { url: `${url}?${name}[$gt]=&${name}=1&${name}=2`, body: undefined };
    for (const wrong of someWrong()) {
      const sent = typeof wrong === "string" ? wrong : JSON.stringify(wrong);
      const text = encodeURIComponent(Buffer.from(sent).toString()); // no half of a surrogate pair
      yield { url: `${url}?${name}=${text.slice(0, 6_000)}`, body: undefined };
    }
  }
  const schema = requestBody?.content["application/json"]?.schema;
  if (schema === undefined) return;
  for (const body of bodies(path, inlined(schema, description) as Record<string, unknown>))
    yield { url, body };
}

async function fuzz(service: Service, description: Description): Promise<Map<number, number>> {
  const counts = new Map<number, number>();
  for (const [path, operations] of Object.entries(description.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const schemas = new Map<number, ReturnType<typeof answerSchema>>();
      const check = (answer: Answered, what: string): void => {
        counts.set(answer.status, (counts.get(answer.status) ?? 0) + 1);
        if (answer.status >= 500) expect.fail(`${what}: ${answer.status} ${JSON.stringify(answer.body)}`);
        if (!schemas.has(answer.status)) {
          schemas.set(answer.status, answerSchema(description, operation, answer.status));
        }
        const parsed = schemas.get(answer.status)?.safeParse(answer.body);
        if (parsed?.success === false) expect.fail(`${what}: ${parsed.error.message}`);
      };
      const left = requests(path, operation, description);
      const caller = async (): Promise<void> => {
        for (let next = left.next(); next.done !== true; next = left.next()) {
          const { url, body } = next.value;
          const sent = body instanceof Raw ? body.text : body === undefined ? body : JSON.stringify(body);
          const answer = await service.ask(method.toUpperCase(), url, sent, { "If-Match": '"none"' });
          check(answer, `${method} ${url.slice(0, 80)} ${sent?.slice(0, 200) ?? ""}`);
        }
      };
      await Promise.all(Array.from({ length: 8 }, caller));
    }
  }
  return counts;
}

async function world(service: Service): Promise<void> {
  await service.ask("POST", "/domains", SALES);
  for (const id of ["orders", "invoices"]) await service.ask("POST", "/products", orders({ id }));
  const port = { kind: "mqtt", name: "raw", topicFilter: "env/+/+/raw" };
  const sla = { availability: 99, freshness: "24h" };
  await service.ask(
    "POST",
    "/products",
    orders({
      id: "full",
      sla,
      metadata: { $a: 1 },
      outputPorts: [port],
      inputPorts: [{ product: "orders" }],
    }),
  );
  await service.ask("POST", "/products/orders/versions", { version: "1", schema: { amount: "decimal" } });
  await service.ask("POST", "/lineage", { source: "orders", target: "full" });
  await service.ask("POST", "/register_product", SEED);
  await service.ask("POST", "/products", orders(STREAM));
  await service.ask("POST", "/templates", { id: "service", ...TEMPLATE });
  await service.ask("POST", "/provisions", PROVISION);
  await service.ask("POST", "/policies", POLICY);
  await service.ask("POST", "/products/orders/quality", { metrics: { completeness: 98.5 } });
  await service.ask("POST", "/products/orders/attestations", { claim: "encrypted" });
  await service.ask("POST", "/subscriptions", { product: "orders", consumer: "bob", purpose: "billing" });
}

test("whatever is sent to an endpoint that the description names: no 5xx, answers as described, nothing spoilt", {
  timeout: 300_000,
}, async () => {
  const service = await registryService();
  await world(service);
  const description = await descriptionOf(service);
  const kept = ["/domains/sales", "/products/orders", "/products/full", "/products/orders/versions/1.0.0"];
  const read = (from: Service): Promise<unknown[]> =>
    Promise.all(kept.map(async (path) => (await from.ask("GET", path)).body));
  const before = await read(service);
  const counts = await fuzz(service, description);
  expect(counts.get(422) ?? 0).toBeGreaterThan(500);
  expect(counts.get(201) ?? 0).toBeGreaterThan(5); // some of it is odd, but right
  expect(await read(service)).toEqual(before);
  const total = async (from: Service) => (await from.ask("GET", "/products")).headers.get("x-total-count");
  const products = await total(service);
  await service.close();
  const again = await registryService({}, service.folder);
  expect(await read(again)).toEqual(before);
  expect(await total(again)).toBe(products);
});

/** Of what nothing goes on in this test. */
const EMPTY = new Set(["/conflicts"]);

test("every answer to a good request is as described", async () => {
  const { url: historianUrl } = await historianDouble("env_a_b", { from: 0, readings: 3 });
  const service = await registryService({ historianUrl });
  await world(service);
  const description = await descriptionOf(service);
  expect(description.openapi).toBe("3.1.0");
  const good: [path: string, described: string][] = [
    ["/domains", "/domains"],
    ["/domains/sales", "/domains/{id}"],
    ["/products?domain=sales&limit=1000", "/products"],
    ["/products/facets?domain=sales", "/products/facets"],
    ["/products/full", "/products/{id}"],
    ["/products/orders/versions", "/products/{id}/versions"],
    ["/products/orders/versions/1.0", "/products/{id}/versions/{version}"],
    ["/lineage?source=orders", "/lineage"],
    ["/products/orders/lineage", "/products/{id}/lineage"],
    ["/lineage/steps/orders/full", "/lineage/steps/{source}/{target}"],
    ["/lineage/upstream/full", "/lineage/upstream/{id}"],
    ["/lineage/downstream/orders", "/lineage/downstream/{id}"],
    ["/policies", "/policies"],
    ["/policies/orders", "/policies/{id}"],
    ["/compliance?state=pass", "/compliance"],
    ["/products/full/compliance", "/products/{id}/compliance"],
    ["/products/orders/compliance/history", "/products/{id}/compliance/history"],
    ["/products/orders/policies", "/products/{id}/policies"],
    ["/products/orders/quality", "/products/{id}/quality"],
    ["/products/orders/attestations", "/products/{id}/attestations"],
    ["/products/orders/impact", "/products/{id}/impact"],
    ["/analytics/domains", "/analytics/domains"],
    ["/analytics/lineage-stats", "/analytics/lineage-stats"],
    ["/analytics/usage?days=1", "/analytics/usage"],
    ["/report", "/report"],
    ["/streams/env_desk_a/impact", "/streams/{stream}/impact"],
    ["/products/orders/contract?format=json", "/products/{id}/contract"],
    ["/products/orders/asyncapi", "/products/{id}/asyncapi"],
    ["/templates", "/templates"],
    ["/templates/service", "/templates/{id}"],
    ["/provisions?state=ready", "/provisions"],
    [`/provisions/${provisionId(PROVISION)}`, "/provisions/{id}"],
    [`/provisions/${provisionId(PROVISION)}/bundle?format=json`, "/provisions/{id}/bundle"],
    ["/subscriptions", "/subscriptions"],
    ["/products/full/access", "/products/{id}/access"],
    ["/products/orders/access-log?allowed=true", "/products/{id}/access-log"],
    ["/access-log", "/access-log"],
    ["/keys", "/keys"],
    ["/subscriptions/inbox", "/subscriptions/inbox"],
    [`/subscriptions/${subscriptionId("orders", "bob")}`, "/subscriptions/{id}"],
    ["/products/orders/subscriptions", "/products/{id}/subscriptions"],
    ["/product/seedling", "/product/{name}"],
    ["/data/sales/read", "/data/{domain}/{dataset}"],
    ["/conflicts", "/conflicts"],
    ["/historian/configuration", "/historian/configuration"],
    ["/health", "/health"],
    ["/metrics", "/metrics"],
    ["/docs", "/docs"],
    ["/openapi.json", "/openapi.json"],
  ];
  const described = Object.entries(description.paths).filter(([, operations]) => "get" in operations);
  expect(good.map(([, path]) => path).toSorted()).toEqual(described.map(([path]) => path).toSorted());
  await vi.waitFor(async () => {
    const { body } = await service.ask("GET", "/products/orders/compliance/history");
    expect(body).not.toEqual([]);
  }, 10_000);
  for (const [path, of] of good) {
    const answer = await service.ask("GET", path);
    const operation = description.paths[of]?.["get"];
    const schema = operation === undefined ? undefined : answerSchema(description, operation, answer.status);
    expect([path, answer.status, schema?.safeParse(answer.body).error]).toEqual([path, 200, undefined]);
    if (Array.isArray(answer.body) && !EMPTY.has(path)) {
      expect([path, answer.body.length > 0]).toEqual([path, true]);
    }
  }
});
