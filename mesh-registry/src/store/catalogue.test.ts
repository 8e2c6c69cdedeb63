import type { Storage } from "@fieldmesh/storage";
import { expect, test } from "vitest";
import { domainInput } from "../resources/domain.js";
import { lineageInput } from "../resources/lineage-edge.js";
import { productInput } from "../resources/product.js";
import { versionInput } from "../resources/version.js";
import { embeddedStorage, temporaryFolder } from "../testing/embedded.js";
import { type Catalogue, openCatalogue } from "./catalogue.js";
import type { RegistryLimits } from "./limits.js";
import { RegistryError } from "./registry-error.js";

const anyVersion = (): void => undefined;

async function open(storage?: Storage, limits?: Partial<RegistryLimits>): Promise<Catalogue> {
  let now = 1_000;
  const clock = (): number => {
    now += 1;
    return now;
  };
  return openCatalogue({
    storage: storage ?? (await embeddedStorage(await temporaryFolder())),
    clock,
    limits,
  });
}

const product = (id: string, more: object = {}) =>
  productInput.parse({ id, domain: "sales", owner: "alice", ...more });
const addDomain = (catalogue: Catalogue, id = "sales") =>
  catalogue.domains.create(domainInput.parse({ id, name: id, owner: "alice" }));

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "done";
  } catch (error) {
    if (error instanceof RegistryError) return error.code;
    throw error;
  }
}

test("of 1,000 registrations at once all are there, none twice, also after a restart", async () => {
  const folder = await temporaryFolder();
  const storage = await embeddedStorage(folder);
  const catalogue = await open(storage);
  await addDomain(catalogue);
  const names = Array.from({ length: 1_000 }, (_, i) => `p${i}`);
  // Each is asked for twice, in two orders.
  const asked = [...names, ...names.toReversed()].map((id) => codeOf(catalogue.products.create(product(id))));
  const codes = await Promise.all(asked);
  expect(codes.filter((code) => code === "done")).toHaveLength(1_000);
  expect(codes.filter((code) => code === "exists")).toHaveLength(1_000);
  const idsOf = (of: Catalogue): string[] =>
    of.products.list({ limit: 5_000 }).items.map(({ value }) => value.id);
  expect(idsOf(catalogue)).toEqual(names.toSorted());
  await storage.close();
  const again = await open(await embeddedStorage(folder));
  expect(idsOf(again)).toEqual(names.toSorted());
});

test("two callers cannot close a circle together", async () => {
  const catalogue = await open();
  await addDomain(catalogue);
  for (const id of ["a", "b", "c"]) await catalogue.products.create(product(id));
  const edge = (source: string, target: string) =>
    codeOf(catalogue.lineage.create(lineageInput.parse({ source, target })));
  expect(await Promise.all([edge("a", "b"), edge("b", "c"), edge("c", "a"), edge("a", "b")])).toEqual([
    "done",
    "done",
    "cycle",
    "exists",
  ]);
  expect(await edge("a", "a")).toBe("cycle");
  expect(await edge("a", "nobody")).toBe("unknown_reference");
  expect(catalogue.lineage.downstream("a")).toEqual([
    { product: "b", depth: 1 },
    { product: "c", depth: 2 },
  ]);
  expect(catalogue.lineage.upstream("c", 1)).toEqual([{ product: "b", depth: 1 }]);
});

test("a domain does not go while a product is on its way into it", async () => {
  const catalogue = await open();
  await addDomain(catalogue);
  const codes = await Promise.all([
    codeOf(catalogue.products.create(product("a"))),
    codeOf(catalogue.domains.remove("sales", anyVersion)),
  ]);
  expect(codes).toEqual(["done", "conflict"]);
  await addDomain(catalogue, "empty");
  expect(
    await Promise.all([
      codeOf(catalogue.domains.remove("empty", anyVersion)),
      codeOf(catalogue.products.create(product("b", { domain: "empty" }))),
    ]),
  ).toEqual(["done", "unknown_reference"]);
});

test("a product that is retired has no lineage any more, also steps that were on their way", async () => {
  const folder = await temporaryFolder();
  const storage = await embeddedStorage(folder);
  const catalogue = await open(storage);
  await addDomain(catalogue);
  for (const id of ["a", "b", "c"]) await catalogue.products.create(product(id));
  const edge = (source: string, target: string) =>
    codeOf(catalogue.lineage.create(lineageInput.parse({ source, target })));
  const codes = await Promise.all([
    edge("a", "b"),
    codeOf(catalogue.products.retire("b", anyVersion)),
    edge("b", "c"),
  ]);
  expect(codes).toEqual(["done", "done", "conflict"]);
  expect(catalogue.lineage.list({ limit: 10 }).total).toBe(0);
  expect(catalogue.lineage.downstream("a")).toEqual([]);
  expect(await codeOf(catalogue.products.update("b", (now) => now, anyVersion))).toBe("conflict");
  await storage.close();
  const again = await open(await embeddedStorage(folder));
  expect(again.products.get("b").value.status).toBe("retired");
  expect(again.lineage.list({ limit: 10 }).total).toBe(0);
});

test("versions go up and never change; names that stores refuse are kept as they are", async () => {
  const catalogue = await open();
  await addDomain(catalogue);
  const metadata = { $set: { "a.b": 1 }, _id: null, "": ["x"] };
  await catalogue.products.create(product("a", { metadata }));
  expect(catalogue.products.get("a").value.metadata).toEqual(metadata);
  const schema = { $schema: "https://json-schema.org/draft/2020-12/schema", type: "object" };
  const publish = (version: string) =>
    codeOf(catalogue.versions.publish("a", versionInput.parse({ version, schema }), "alice"));
  expect(await Promise.all([publish("1.0"), publish("1.0.0"), publish("1.10"), publish("1.9")])).toEqual([
    "done",
    "exists",
    "done",
    "conflict",
  ]);
  const { items, total } = await catalogue.versions.list("a", { limit: 10 });
  expect(items.map(({ version }) => version)).toEqual(["1.10.0", "1.0.0"]);
  expect([total, items[0]?.schema]).toEqual([2, schema]);
});

test("no more are kept than there is room for", async () => {
  const catalogue = await open(undefined, { domains: 1, products: 1 });
  await addDomain(catalogue);
  expect(await codeOf(addDomain(catalogue, "other"))).toBe("too_many");
  await catalogue.products.create(product("a"));
  expect(await codeOf(catalogue.products.create(product("b")))).toBe("too_many");
});
