import { join } from "node:path";
import { addToken, addUser, type Role } from "@fieldmesh/runtime";
import { expect, test } from "vitest";
import type { ImpactReport } from "../resources/impact.js";
import { temporaryFolder } from "../testing/embedded.js";
import { type Answered, orders, registryService, SALES } from "../testing/service.js";

const impact = ({ body }: Answered): ImpactReport => body as ImpactReport;

test("what is made of a product, whose it is, and who reads it; what is hidden is counted", async () => {
  const folder = await temporaryFolder();
  const usersFile = join(folder, "users.yaml");
  await addUser(usersFile, { name: "root", role: "admin", password: "correct horse battery" });
  const credential = async (name: string, role: Role): Promise<Record<string, string>> => ({
    Authorization: `Bearer ${await addToken(usersFile, { name, role })}`,
  });
  const admin = await credential("admin", "admin");
  const operator = await credential("oscar", "operator");
  const viewer = await credential("vera", "viewer");
  const { ask } = await registryService({}, folder);
  await ask("POST", "/domains", SALES, admin);
  const outputPorts = (sensor: string) => [
    { kind: "mqtt", name: "raw", topicFilter: `env/desk/${sensor}/raw` },
  ];
  for (const [id, more] of [
    ["a", { outputPorts: outputPorts("a") }],
    ["b", { outputPorts: outputPorts("b"), owner: "bob" }],
    ["sum", { owner: "carol" }],
    ["secret", { visibility: "private" }],
    ["page", { owner: "dan" }],
  ] as const) {
    await ask("POST", "/products", orders({ id, ...more }), admin);
  }
  for (const [source, target, confidence] of [
    ["a", "sum", 0.5],
    ["b", "sum", 0.9],
    ["sum", "secret", 1],
    ["secret", "page", 1],
  ] as const) {
    await ask("POST", "/lineage", { source, target, confidence }, admin);
  }
  for (const [product, consumer] of [
    ["a", "vera"],
    ["a", "ann"],
    ["secret", "spy"],
    ["page", "press"],
  ] as const) {
    const asked = { product, consumer, purpose: "x" };
    const { id } = (await ask("POST", "/subscriptions", asked, admin)).body as { id: string };
    const approved = await ask("POST", `/subscriptions/${id}/approve`, {}, { ...admin, "If-Match": "*" });
    expect(approved.status).toBe(200);
  }
  await ask("POST", "/products/sum/versions", { version: "2.1", schema: { value: "number" } }, admin);

  expect(impact(await ask("GET", "/products/a/impact", undefined, operator))).toEqual({
    products: [
      {
        product: "a",
        version: null,
        domain: "sales",
        owner: "alice",
        consumers: ["ann", "vera"],
        consumerCount: 2,
      },
    ],
    downstream: [
      {
        product: "sum",
        version: "2.1.0",
        domain: "sales",
        owner: "carol",
        consumers: [],
        consumerCount: 0,
        depth: 1,
        via: "a",
        confidence: 0.5,
      },
      {
        product: "page",
        version: null,
        domain: "sales",
        owner: "dan",
        consumers: ["press"],
        consumerCount: 1,
        depth: 3,
        via: null,
        confidence: 0.5,
      },
    ],
    owners: ["alice", "carol", "dan"],
    consumers: ["ann", "press", "vera"],
    hidden: { products: 1, consumers: 1 },
    more: 0,
  });
  expect(impact(await ask("GET", "/products/a/impact", undefined, viewer))).toMatchObject({
    products: [{ consumers: ["vera"], consumerCount: 2 }],
    consumers: ["vera"],
  });
  const all = impact(await ask("GET", "/products/a/impact", undefined, admin));
  expect(all.downstream.map(({ product, depth, via }) => [product, depth, via])).toEqual([
    ["sum", 1, "a"],
    ["secret", 2, "sum"],
    ["page", 3, "secret"],
  ]);
  expect(all.hidden).toEqual({ products: 0, consumers: 0 });

  const one = impact(await ask("GET", "/streams/env_desk_a/impact", undefined, operator));
  expect(one).toMatchObject({
    streams: [{ stream: "env_desk_a", products: ["a"] }],
    products: [{ product: "a" }],
    downstream: [{ product: "sum" }, { product: "page" }],
  });
  // The sensors of a dead node are one event, whose products are told once.
  const node = { streams: ["env_desk_a", "env_desk_b", "env_desk_nobody", "env_desk_a"] };
  const dead = impact(await ask("POST", "/impact", node, operator));
  expect(dead.streams).toEqual([
    { stream: "env_desk_a", products: ["a"] },
    { stream: "env_desk_b", products: ["b"] },
    { stream: "env_desk_nobody", products: [] },
  ]);
  expect(dead.products.map(({ product }) => product)).toEqual(["a", "b"]);
  expect(dead.downstream).toMatchObject([
    { product: "sum", depth: 1, confidence: 0.9 },
    { product: "page", depth: 3, confidence: 0.9 },
  ]);
  expect(dead.owners).toEqual(["alice", "bob", "carol", "dan"]);
  // What lies below another one that is hit is not told twice.
  const both = impact(await ask("POST", "/impact", { streams: ["env_desk_a"], products: ["sum"] }, operator));
  expect(both.products.map(({ product }) => product)).toEqual(["sum", "a"]);
  expect(both.downstream).toMatchObject([{ product: "page", depth: 2 }]);

  expect((await ask("GET", "/products/secret/impact", undefined, viewer)).status).toBe(404);
  expect((await ask("POST", "/impact", { products: ["secret"] }, viewer)).status).toBe(404);
  expect((await ask("POST", "/impact", {}, viewer)).status).toBe(422);
  expect((await ask("GET", "/streams/No%20stream/impact", undefined, viewer)).status).toBe(404);
});
