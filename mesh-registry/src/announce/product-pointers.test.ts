import { expect, test } from "vitest";
import { domainInput } from "../resources/domain.js";
import { type ProductInput, productInput, productUpdate } from "../resources/product.js";
import { versionInput } from "../resources/version.js";
import { type Catalogue, openCatalogue } from "../store/catalogue.js";
import { embeddedStorage, temporaryFolder } from "../testing/embedded.js";
import { announceProducts } from "./product-pointers.js";

const anyVersion = (): void => undefined;

/** A catalogue, and what is to stand at the broker because of it. */
async function announced(base = "http://localhost:3000/api/mesh") {
  const storage = await embeddedStorage(await temporaryFolder());
  const catalogue: Catalogue = await openCatalogue({ storage, clock: Date.now });
  await catalogue.domains.create(domainInput.parse({ id: "env", name: "Env", owner: "ann" }));
  const standing = new Map<string, string>();
  const announce = (topic: string, payload: string | undefined): void => {
    if (payload === undefined) standing.delete(topic);
    else standing.set(topic, payload);
  };
  const begin = () =>
    announceProducts({ announcer: { announce }, catalogue, hrefOf: (id) => `${base}/products/${id}` });
  return { catalogue, standing, begin };
}

function air(more: object = {}): ProductInput {
  return productInput.parse({
    id: "air",
    domain: "env",
    owner: "ann",
    status: "active",
    visibility: "public",
    ...more,
  });
}

test("active public products are pointed at, as long as they are that", async () => {
  const { catalogue, standing, begin } = await announced();
  const { products, versions } = catalogue;
  await products.create(air({ id: "before" }));
  const stop = begin();
  await products.create(air());
  await products.create(air({ id: "hidden", visibility: "restricted" }));
  await products.create(air({ id: "planned", status: "draft" }));
  await versions.publish("air", versionInput.parse({ version: "1", schema: { value: "number" } }), "ann");
  expect([...standing.keys()].toSorted()).toEqual(["mesh/product/air", "mesh/product/before"]);
  expect(JSON.parse(standing.get("mesh/product/air") ?? "")).toEqual({
    id: "air",
    domain: "env",
    version: "1.0.0",
    href: "http://localhost:3000/api/mesh/products/air",
  });
  const { id: _, ...now } = air({ status: "deprecated" });
  await products.update("air", () => productUpdate.parse(now), anyVersion);
  await products.retire("before", anyVersion);
  expect([...standing]).toEqual([]);
  stop();
  await products.create(air({ id: "after" }));
  expect([...standing]).toEqual([]);
});

test.each([
  ["few ports", "http://localhost:3000", 2, ["id", "domain", "href", "topics"]],
  ["many ports", "http://localhost:3000", 50, ["id", "domain", "href"]],
  ["a long address", `http://${"a".repeat(400)}`, 50, ["id", "domain", "href"]],
])("with %s it fits into 512 bytes, and is what it can be", async (_what, base, ports, fields) => {
  const { catalogue, standing, begin } = await announced(base);
  const stop = begin();
  const outputPorts = Array.from({ length: ports }, (_, i) => ({
    kind: "mqtt",
    name: `p${i}`,
    topicFilter: `env/desk-${i}/temperature/raw`,
  }));
  const id = "a".repeat(100);
  await catalogue.products.create(air({ id, outputPorts }));
  const payload = standing.get(`mesh/product/${id}`) ?? "";
  expect(Buffer.byteLength(payload)).toBeLessThanOrEqual(512);
  expect(Object.keys(JSON.parse(payload) as object)).toEqual(fields);
  stop();
});
