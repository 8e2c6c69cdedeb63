import { lacksMongo, startMongo } from "@fieldmesh/storage/testing";
import { expect, onTestFinished, test } from "vitest";
import type { RegistryOptions } from "./options.js";
import { subscriptionId } from "./store/subscriptions.js";
import { orders, registryService, SALES, type Service } from "./testing/service.js";

type Step = [method: string, path: string, body?: unknown];

const STREAM = { kind: "mqtt", name: "raw", topicFilter: "sales/till/orders/raw" };
const SEED = {
  name: "seedling",
  domain: "garden",
  owner: "bob",
  description: "From before",
  schema: { amount: "decimal", "a.b": "json" },
};

/** Everything that is kept, written once. */
const WRITES: readonly Step[] = [
  ["POST", "/domains", SALES],
  ["POST", "/domains", SALES],
  ["POST", "/products", orders({ metadata: { $gt: "", "a.b": [null, 1] }, outputPorts: [STREAM] })],
  ["POST", "/products", orders({ id: "totals", inputPorts: [{ product: "orders" }], tags: ["PII"] })],
  ["POST", "/products", orders({ id: "bad id" })],
  ["POST", "/products", orders({ id: "orphan", domain: "nowhere" })],
  ["PUT", "/products/totals", { domain: "sales", owner: "carol", status: "active" }],
  ["POST", "/products/orders/versions", { version: "1", schema: { amount: "decimal" } }],
  ["POST", "/products/orders/versions", { version: "1.1", schema: { amount: "string" } }],
  ["POST", "/products/orders/versions", { version: "2", schema: { properties: { $id: {}, "a.b": {} } } }],
  ["POST", "/lineage", { source: "orders", target: "totals", metadata: { $set: { "x.y": 1 } } }],
  ["POST", "/lineage", { source: "totals", target: "orders" }],
  [
    "POST",
    "/policies",
    {
      id: "owned",
      name: "Owned",
      type: "metadata",
      scope: { kind: "global" },
      enforcement: "mandatory",
      rules: ["has(owner)"],
    },
  ],
  ["POST", "/products/orders/quality", { metrics: { "$gt.a": 1, timeliness_hours: 2.5 } }],
  ["POST", "/products/orders/attestations", { claim: "größe.ok" }],
  ["POST", "/subscriptions", { product: "orders", consumer: "ann", purpose: "reports" }],
  ["POST", "/subscriptions", { product: "orders", consumer: "ann", purpose: "reports" }],
  ["POST", `/subscriptions/${subscriptionId("orders", "ann")}/approve`, { expiresAt: 4_000_000_000_000 }],
  ["POST", "/products/orders/access-log", { what: "query", consumer: "ann" }],
  ["DELETE", "/products/orders"],
  ["POST", `/subscriptions/${subscriptionId("orders", "ann")}/revoke`, { reason: "$done" }],
  ["POST", "/templates", { id: "service", name: "Service", components: [{ name: "s3" }] }],
  [
    "POST",
    "/templates",
    {
      id: "node",
      name: "Node",
      parameters: [{ name: "label", default: "a.b" }],
      components: [{ name: "edge", settings: { sensors: { "x.y": `\${label}` } } }, { name: "credentials" }],
    },
  ],
  [
    "POST",
    "/products",
    { id: "readings", domain: "sales", owner: "alice", inputPorts: [{ product: "orders" }] },
  ],
  ["POST", "/provisions", { template: "node", product: "readings", parameters: { label: "$set" } }],
  ["POST", "/provisions", { template: "node", product: "readings", parameters: { label: "$set" } }],
  ["POST", "/register_product", SEED],
  ["PUT", "/product/seedling", { description: "Changed", schema: { amount: "integer" } }],
  ["POST", "/register_lineage", { source: "orders", target: "seedling", transformation: "joined" }],
  ["DELETE", "/product/totals"],
];

const READS = [
  "/domains",
  "/domains/sales",
  "/products?limit=2",
  "/products?q=ord",
  "/products?field=amount&status=active",
  "/products/facets",
  "/products/orders",
  "/products/totals",
  "/products/nobody",
  "/products/orders/versions",
  "/products/orders/versions/1.0.0",
  "/products/orders/subscriptions",
  "/lineage",
  "/lineage/upstream/seedling",
  "/lineage/downstream/orders",
  "/policies",
  "/products/orders/quality",
  "/products/orders/attestations",
  "/products/orders/compliance",
  "/subscriptions?product=orders",
  "/products/orders/access-log",
  "/products/orders/access-log?allowed=false&limit=1",
  "/products/orders/access",
  "/keys",
  "/templates",
  "/provisions",
  "/products/orders/contract",
  "/products/readings/contract?format=odcs",
  "/product/seedling",
];

/** Times, and what is made of them, differ from run to run. */
function steady(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (name, given: unknown) =>
      /(?:At|^at|^until|^since|^timestamp|_at|^requestId)$/.test(name) ? "…" : given,
    ),
  );
}

async function play(service: Service, steps: readonly Step[]): Promise<unknown[]> {
  const answers: unknown[] = [];
  for (const [method, path, body] of steps) {
    const answer = await service.ask(method, path, body, { "If-Match": "*" });
    answers.push([method, path, answer.status, answer.headers.get("x-total-count"), steady(answer.body)]);
  }
  return answers;
}

const reads = READS.map((path): Step => ["GET", path]);

/** What is answered while everything is written, read, and read again by another process of the same store. */
async function script(options: Partial<RegistryOptions>): Promise<Record<string, unknown>> {
  const service = await registryService(options);
  const written = await play(service, WRITES);
  // Forty at once: all are there, none twice.
  const many = await Promise.all(
    Array.from({ length: 80 }, (_, n) => service.ask("POST", "/products", orders({ id: `many-${n % 40}` }))),
  );
  const counts = new Map<number, number>();
  for (const { status } of many) counts.set(status, (counts.get(status) ?? 0) + 1);
  const read = await play(service, reads);
  await service.close();
  const again = await registryService(options, service.folder);
  return { written, counts: Object.fromEntries(counts), read, again: await play(again, reads) };
}

test("what is written is read, also after a restart", { timeout: 60_000 }, async () => {
  const { counts, read, again } = await script({});
  expect(counts).toEqual({ 201: 40, 409: 40 });
  expect(again).toEqual(read);
});

test.skipIf(lacksMongo())(
  "every answer on MongoDB is that of the embedded store",
  {
    timeout: 120_000,
  },
  async () => {
    const mongo = await startMongo();
    if (mongo === undefined) throw new Error("no server");
    onTestFinished(() => mongo.stop());
    const [embedded, onMongo] = [
      await script({}),
      await script({ storage: { kind: "mongodb", url: mongo.url } }),
    ];
    expect(onMongo).toEqual(embedded);
  },
);
