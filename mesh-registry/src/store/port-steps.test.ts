import { describe, expect, test } from "vitest";
import { domainInput } from "../resources/domain.js";
import { lineageInput } from "../resources/lineage-edge.js";
import { type ProductInput, productInput } from "../resources/product.js";
import { embeddedStorage, temporaryFolder } from "../testing/embedded.js";
import { quiet } from "../testing/quiet.js";
import { type Catalogue, openCatalogue } from "./catalogue.js";
import { RegistryError } from "./registry-error.js";

const unchecked = (): void => undefined;

function productOf(id: string, ...sources: string[]): ProductInput {
  const inputPorts = sources.map((product) => ({ product }));
  return productInput.parse({ id, domain: "sales", owner: "alice", inputPorts });
}

async function open(folder: string): Promise<Catalogue & { close: () => Promise<void> }> {
  const storage = await embeddedStorage(folder);
  const catalogue = await openCatalogue({ storage, clock: () => 1_000, log: quiet });
  return { ...catalogue, close: () => storage.close() };
}

/** Products of these ids, made from nothing. */
async function world(...ids: string[]): Promise<Catalogue & { folder: string; close: () => Promise<void> }> {
  const folder = await temporaryFolder();
  const catalogue = await open(folder);
  await catalogue.domains.create(domainInput.parse({ id: "sales", name: "Sales", owner: "alice" }));
  for (const id of ids) await catalogue.products.create(productOf(id));
  return { ...catalogue, folder };
}

const stepsOf = ({ lineage }: Catalogue): string[] =>
  lineage.list({ limit: 100 }).items.map(({ value }) => `${value.source} → ${value.target}`);
const feed = ({ products }: Catalogue, id: string, ...sources: string[]) => {
  const { id: _id, ...update } = productOf(id, ...sources);
  return products.update(id, () => update, unchecked);
};

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "done",
    (error: unknown) => (error instanceof RegistryError ? error.code : String(error)),
  );
}

describe("input ports", () => {
  test("make steps of lineage, which go with them; what somebody declared stays", async () => {
    const catalogue = await world("a", "b");
    await catalogue.products.create(productOf("c", "a"));
    expect(stepsOf(catalogue)).toEqual(["a → c"]);
    await feed(catalogue, "c", "a", "b");
    expect(catalogue.lineage.upstream("c").map(({ product }) => product)).toEqual(["a", "b"]);
    expect(await codeOf(catalogue.lineage.remove("a", "c"))).toBe("conflict");
    expect(await codeOf(catalogue.lineage.create(lineageInput.parse({ source: "a", target: "c" })))).toBe(
      "exists",
    );
    await feed(catalogue, "c", "b");
    expect(stepsOf(catalogue)).toEqual(["b → c"]);
    await catalogue.lineage.create(lineageInput.parse({ source: "a", target: "c", type: "derived" }));
    await feed(catalogue, "c", "a");
    await feed(catalogue, "c");
    expect(stepsOf(catalogue)).toEqual(["a → c"]);
    expect(catalogue.lineage.get("a", "c").value).toMatchObject({ type: "derived" });
  });

  test("close no circle, and what is refused has changed nothing", async () => {
    const catalogue = await world("a");
    await catalogue.products.create(productOf("b", "a"));
    await catalogue.products.create(productOf("c", "b"));
    const refused = feed(catalogue, "a", "c");
    await expect(refused).rejects.toMatchObject({
      code: "cycle",
      faults: [{ pointer: "/inputPorts/0/product" }],
    });
    expect(catalogue.products.get("a").value.inputPorts).toEqual([]);
    // Two at once cannot close it together, and what one of them reserved is free again.
    await feed(catalogue, "b");
    const codes = await Promise.all([feed(catalogue, "a", "c"), feed(catalogue, "b", "a")].map(codeOf));
    expect(codes.toSorted()).toEqual(["cycle", "done"]);
    expect(stepsOf(catalogue)).toHaveLength(2);
  });

  test("of a retired product make none", async () => {
    const catalogue = await world("a", "b");
    await feed(catalogue, "b", "a");
    await catalogue.products.retire("a", unchecked);
    expect(stepsOf(catalogue)).toEqual([]);
    await feed(catalogue, "b", "a");
    expect(stepsOf(catalogue)).toEqual([]);
  });

  test("have their steps after a restart, also when the process was killed before it wrote them", async () => {
    const catalogue = await world("a", "b", "c");
    await feed(catalogue, "c", "a");
    await catalogue.close();
    const storage = await embeddedStorage(catalogue.folder);
    const edges = await storage.collection<{ source: string; target: string }>("lineage", {
      source: { fields: { source: "string" } },
      target: { fields: { target: "string" } },
    });
    await edges.delete("a~c");
    const left = {
      source: "b",
      target: "c",
      transformation: "",
      type: "direct",
      confidence: 1,
      metadata: "{}",
      byPort: true,
      createdAt: 1,
    };
    await edges.insert("b~c", left);
    await storage.close();
    expect(stepsOf(await open(catalogue.folder))).toEqual(["a → c"]);
  });
});
