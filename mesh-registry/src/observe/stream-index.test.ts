import { fitsFilter } from "@fieldmesh/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Product } from "../resources/product.js";
import type { Products } from "../store/products.js";
import type { Kept, TableListener } from "../store/table.js";
import { createStreamIndex, streamsNamedBy } from "./stream-index.js";

const STREAM = "env_desk_temperature";
const TOPIC = "env/desk/temperature/raw";

/** Products that come and go, without a store behind. */
class Shelf implements Pick<Products, "all" | "find" | "onChange"> {
  readonly #kept = new Map<string, Kept<Product>>();
  #listener: TableListener<Product> = () => undefined;

  put(id: string, more: Partial<Product> = {}, ...filters: string[]): void {
    const value: Product = {
      id,
      domain: "env",
      owner: "ann",
      description: "",
      tags: [],
      status: "active",
      visibility: "restricted",
      sla: {},
      metadata: {},
      outputPorts: filters.map((topicFilter, i) => ({ kind: "mqtt", name: `p${i}`, topicFilter })),
      inputPorts: [],
      createdAt: this.#kept.size,
      updatedAt: 0,
      ...more,
    };
    this.#change(id, { value, version: 1, json: "" });
  }

  take(id: string): void {
    this.#change(id, undefined);
  }

  #change(id: string, now: Kept<Product> | undefined): void {
    const before = this.#kept.get(id);
    if (now === undefined) this.#kept.delete(id);
    else this.#kept.set(id, now);
    this.#listener(id, now, before);
  }

  all = (): Iterable<Kept<Product>> => this.#kept.values();
  find = (id: string): Kept<Product> | undefined => this.#kept.get(id);
  onChange = (listener: TableListener<Product>): (() => void) => {
    this.#listener = listener;
    return () => undefined;
  };
}

test("streams of publishers that have neither node nor birth are of who names them, too", () => {
  const { products, index } = shelf();
  products.put("old", { visibility: "private" }, "env/temperature/raw");
  expect(index.governorOf("env_legacy_temperature")?.id).toBe("old");
  expect([...index.streams()]).toEqual(["env_legacy_temperature"]);
  products.put("wide", { visibility: "private" }, "env/+/raw");
  expect(index.streamsOf("wide")).toEqual([]);
  expect(index.heard("env_legacy_door")).toBe(true);
  expect(index.heard("env_legacy_door")).toBe(false);
  expect(index.heard("no stream")).toBe(false);
  expect(index.streamsOf("wide")).toEqual(["env_legacy_door"]);
  products.take("old");
  expect(index.governorOf("env_legacy_temperature")?.id).toBe("wide");
});

function shelf() {
  const products = new Shelf();
  return { products, index: createStreamIndex(products) };
}

describe("the word about a stream has", () => {
  test("its own product before all others, once somebody has claimed it, also when it is retired", () => {
    const { products, index } = shelf();
    products.put("climate", {}, TOPIC);
    products.put(STREAM, { owner: "unclaimed", status: "draft" });
    expect(index.governorOf(STREAM)?.id).toBe("climate");
    products.put(STREAM, { owner: "bob", status: "retired" });
    expect(index.governorOf(STREAM)?.id).toBe(STREAM);
    expect(index.streamsOf("climate")).toEqual([]);
    expect(index.streamsOf(STREAM)).toEqual([STREAM]);
  });

  test("a port that names it before one that covers it, and the eldest of either", () => {
    const { products, index } = shelf();
    products.put("all", {}, "env/#");
    products.put("younger", { createdAt: 9 }, TOPIC);
    products.put("elder", { createdAt: 5 }, TOPIC);
    products.put("env_hall_light", { owner: "unclaimed", status: "draft" });
    expect(index.governorOf(STREAM)?.id).toBe("elder");
    expect(index.governorOf("env_hall_light")?.id).toBe("all");
    expect(index.streamsOf("all")).toEqual(["env_hall_light"]);
    products.take("elder");
    products.take("younger");
    expect(index.governorOf(STREAM)?.id).toBe("all");
    products.take("all");
    expect(index.governorOf(STREAM)).toBeUndefined();
  });

  test("nobody of another domain, nor by a draft", () => {
    const { products, index } = shelf();
    products.put("foreign", { domain: "sales" }, TOPIC, "env/#");
    products.put("planned", { status: "draft" }, TOPIC);
    expect(index.governorOf(STREAM)).toBeUndefined();
  });
});

test("those who offer the same stream contend for it, unless one is made from the other", () => {
  const { products, index } = shelf();
  products.put(STREAM);
  products.put("copy", {}, TOPIC);
  expect(index.contenders(STREAM).map(({ id }) => id)).toEqual([STREAM, "copy"]);
  products.put("copy", { inputPorts: [{ product: STREAM }] }, TOPIC);
  expect(index.contenders(STREAM)).toEqual([]);
  products.put("copy", { status: "retired" }, TOPIC);
  expect(index.contenders(STREAM)).toEqual([]);
});

test("what is known is what a fresh look finds, whatever came and went", () => {
  const filters = fc.subarray([TOPIC, "env/desk/+/raw", "env/hall/light/raw", "env/#", "sales/x"]);
  const ids = fc.constantFrom(STREAM, "env_hall_light", "orders", "env_hall_door");
  const change = fc.record({
    id: ids,
    filters,
    gone: fc.boolean(),
    owner: fc.constantFrom("ann", "unclaimed"),
    status: fc.constantFrom("draft", "active", "retired"),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      const { products, index } = shelf();
      for (const { id, filters: given, gone, owner, status } of changes) {
        if (gone) products.take(id);
        else products.put(id, { owner, status, createdAt: 1 }, ...given);
      }
      const fresh = createStreamIndex({
        all: products.all,
        find: products.find,
        onChange: () => () => undefined,
      });
      expect([...index.streams()].sort()).toEqual([...fresh.streams()].sort());
      for (const stream of fresh.streams()) {
        expect(index.governorOf(stream)?.id).toBe(fresh.governorOf(stream)?.id);
        expect(index.contenders(stream)).toEqual(fresh.contenders(stream));
      }
      for (const node of ["desk", "hall"]) {
        const here = [...fresh.streams()].filter((stream) => stream.startsWith(`env_${node}_`));
        expect([...index.streamsOfNode("env", node)].sort()).toEqual(here.sort());
      }
      for (const { value } of products.all()) {
        expect(index.streamsOf(value.id)).toEqual(fresh.streamsOf(value.id));
        for (const stream of streamsNamedBy(value)) expect([...index.streams()]).toContain(stream);
      }
    }),
    { numRuns: 60 },
  );
});

test.each([
  ["env/desk/temperature/raw", true],
  ["env/desk/+/raw", true],
  ["env/#", true],
  ["#", true],
  ["env/desk/temperature/raw/#", true],
  ["env/desk/temperature", false],
  ["env/desk/temperature/raw/+", false],
  ["env/+/raw", false],
  ["lab/#", false],
])("a filter %s covers a topic of readings: %s", (filter, is) => {
  expect(fitsFilter(filter, TOPIC)).toBe(is);
});
