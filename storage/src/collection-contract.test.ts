import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Collection, IndexDeclarations, Query, Storage, Stored } from "./collection.js";
import { DocumentError, IdTakenError, IndexError, QueryError } from "./errors.js";
import { openLmdbStorage } from "./lmdb/lmdb-storage.js";
import { openMongoStorage } from "./mongodb/mongo-storage.js";
import { lacksMongo, startMongo, type TestMongo } from "./testing/mongo-server.js";
import { upsert } from "./upsert.js";

/** Where a store is for one test, so that it can be opened again. */
interface Place {
  open(): Promise<Storage>;
  remove(): Promise<void>;
}

/** What every adapter has to pass. A new one adds itself here. */
const ADAPTERS: { name: string; skip: boolean; place: () => Promise<Place> }[] = [
  {
    name: "LMDB",
    skip: false,
    place: async () => {
      const folder = await mkdtemp(join(tmpdir(), "fieldmesh-store-"));
      const hold = () => Promise.resolve({ release: () => Promise.resolve() });
      return {
        open: () => openLmdbStorage(folder, "test", hold),
        remove: () => rm(folder, { recursive: true, force: true }),
      };
    },
  },
  {
    name: "MongoDB",
    skip: lacksMongo(),
    place: async () => {
      mongo ??= await startMongo();
      if (mongo === undefined) throw new Error("no server");
      const { url } = mongo;
      // A part of its own for each test, as services have.
      places += 1;
      const service = `test-${places}`;
      return {
        open: () => openMongoStorage({ url, service, log: { info: () => {}, warn: () => {} } }),
        remove: () => Promise.resolve(),
      };
    },
  },
];

let mongo: TestMongo | undefined;
let places = 0;
afterAll(() => mongo?.stop());

interface Product {
  name?: string | null;
  owner?: { team: string };
  rank?: number;
  open?: boolean;
  tags?: string[];
}

const INDEXES = {
  rank: { fields: { rank: "number" } },
  team: { fields: { "owner.team": "string", rank: "number" } },
  open: { fields: { open: "boolean", name: "string" } },
  tag: { fields: { tags: "string" } },
} as const satisfies IndexDeclarations;

const UNIQUE = { name: { fields: { name: "string" }, unique: true } } as const satisfies IndexDeclarations;

for (const { name, skip, place } of ADAPTERS) {
  describe.skipIf(skip)(`Collection on ${name}`, () => collectionContract(place));
}

function collectionContract(makePlace: () => Promise<Place>): void {
  let place: Place;
  let storage: Storage;
  let products: Collection<Product>;

  beforeEach(async () => {
    place = await makePlace();
    storage = await place.open();
    products = await storage.collection<Product>("products", INDEXES);
  });

  afterEach(async () => {
    await storage.close();
    await place.remove();
  });

  async function reopen(): Promise<void> {
    await storage.close();
    storage = await place.open();
  }

  async function idsOf(query: Query, collection = products): Promise<string[]> {
    return (await collection.find(query)).items.map((item) => item.id);
  }

  it("says what it is", () => {
    expect(storage.engine.name).not.toBe("");
    expect(storage.engine.version).toMatch(/^\d+\./);
    expect(storage.engine.at).not.toBe("");
  });

  it("keeps documents with their versions, over a restart", async () => {
    const document = { name: "Temperatur °C 😀", owner: { team: "a" }, rank: -1.5e300, tags: [] };
    expect(await products.insert("p1", document)).toEqual({ id: "p1", version: 1, document });
    expect(await products.replaceIf("p1", 1, { rank: 2 })).toMatchObject({ version: 2 });
    await reopen();
    products = await storage.collection<Product>("products", INDEXES);
    expect(await products.get("p1")).toEqual({ id: "p1", version: 2, document: { rank: 2 } });
    expect(await idsOf({ index: "team", limit: 10 })).toEqual([]);
    expect(await idsOf({ index: "rank", equals: [2], limit: 10 })).toEqual(["p1"]);
    expect(await products.get("p2")).toBeUndefined();
  });

  it("keeps any JSON, arrays within arrays too", async () => {
    const anything = await storage.collection<Record<string, unknown>>("anything", {});
    const document = { ranges: [[1, 5], [[7]], []], list: [{ a: [[null, true, "x"]] }], n: 2 ** 53, o: {} };
    await anything.insert("a", document);
    expect((await anything.get("a"))?.document).toEqual(document);
    await anything.replaceIf("a", 1, { ranges: [[]] });
    expect((await anything.find({ index: "id", limit: 1 })).items[0]?.document).toEqual({ ranges: [[]] });
  });

  it("gives and takes copies", async () => {
    const document: Product = { tags: ["a"] };
    await products.insert("p1", document);
    document.tags?.push("b");
    (await products.get("p1"))?.document.tags?.push("c");
    expect((await products.get("p1"))?.document).toEqual({ tags: ["a"] });
  });

  it("refuses a second document of one id", async () => {
    await products.insert("p1", {});
    await expect(products.insert("p1", { rank: 1 })).rejects.toThrow(IdTakenError);
    expect(await products.count("rank")).toBe(0);
  });

  it("replaces only the version that was named, and of many at once exactly one", async () => {
    await products.insert("p1", { rank: 0 });
    expect(await products.replaceIf("p1", 2, { rank: 9 })).toBeUndefined();
    expect(await products.replaceIf("absent", 1, { rank: 9 })).toBeUndefined();
    const tries = Array.from({ length: 20 }, (_, rank) => products.replaceIf("p1", 1, { rank }));
    const won = (await Promise.all(tries)).filter((stored) => stored !== undefined);
    expect(won.length).toBe(1);
    expect(await products.get("p1")).toEqual(won[0]);
    const inserts = await Promise.allSettled(Array.from({ length: 20 }, () => products.insert("p2", {})));
    expect(inserts.filter(({ status }) => status === "fulfilled").length).toBe(1);
  });

  it("deletes, by version where one is named", async () => {
    await products.insert("p1", { rank: 1, tags: ["a", "b"] });
    expect(await products.delete("p1", 2)).toBe(false);
    expect(await products.delete("p1", 1)).toBe(true);
    expect(await products.delete("p1")).toBe(false);
    expect(await products.get("p1")).toBeUndefined();
    expect(await products.count("tag")).toBe(0);
    expect(await products.insert("p1", {})).toMatchObject({ version: 1 });
  });

  it("upserts whatever the version", async () => {
    await Promise.all(Array.from({ length: 5 }, (_, rank) => upsert(products, "p1", { rank })));
    expect((await products.get("p1"))?.version).toBe(5);
  });

  it("finds by the fields of an index, in their order and then by id", async () => {
    await products.insert("c", { owner: { team: "x" }, rank: 1 });
    await products.insert("b", { owner: { team: "x" }, rank: 1 });
    await products.insert("a", { owner: { team: "x" }, rank: 2 });
    await products.insert("d", { owner: { team: "y" }, rank: 0 });
    await products.insert("e", { owner: { team: "x" } }); // no rank: not in this index
    expect(await idsOf({ index: "team", limit: 10 })).toEqual(["b", "c", "a", "d"]);
    expect(await idsOf({ index: "team", equals: ["x"], limit: 10 })).toEqual(["b", "c", "a"]);
    expect(await idsOf({ index: "team", equals: ["x"], order: "descending", limit: 10 })).toEqual([
      "a",
      "c",
      "b",
    ]);
    expect(await idsOf({ index: "team", equals: ["x", 1], limit: 10 })).toEqual(["b", "c"]);
    expect(await idsOf({ index: "team", equals: ["z"], limit: 10 })).toEqual([]);
    expect(await products.count("team")).toBe(4);
    expect(await products.count("team", ["x"])).toBe(3);
    expect(await products.count("team", ["x", 1])).toBe(2);
    expect(await products.count("id")).toBe(5);
    expect(await products.count("id", ["a"])).toBe(1);
    expect(await products.count("id", ["zz"])).toBe(0);
  });

  it("finds by ranges, ends included or not", async () => {
    for (const rank of [-10, -1, 0, 0.5, 3, 1e9])
      await products.insert(`p${rank}`, { rank, owner: { team: "x" } });
    const ranks = async (query: Partial<Query>) =>
      (await products.find({ index: "rank", limit: 10, ...query })).items.map((item) => item.document.rank);
    expect(await ranks({ range: { gte: 0 } })).toEqual([0, 0.5, 3, 1e9]);
    expect(await ranks({ range: { gt: 0 } })).toEqual([0.5, 3, 1e9]);
    expect(await ranks({ range: { lt: 0 } })).toEqual([-10, -1]);
    expect(await ranks({ range: { lte: 0 } })).toEqual([-10, -1, 0]);
    expect(await ranks({ range: { gt: -10, lt: 3 } })).toEqual([-1, 0, 0.5]);
    expect(await ranks({ range: { gte: -10, lte: 3 }, order: "descending" })).toEqual([3, 0.5, 0, -1, -10]);
    expect(await ranks({ range: { gt: 3, lt: 3 } })).toEqual([]);
    expect(await idsOf({ index: "team", equals: ["x"], range: { gt: 3 }, limit: 10 })).toEqual([
      "p1000000000",
    ]);
    expect(await idsOf({ index: "id", range: { gte: "p0", lt: "p1" }, limit: 10 })).toEqual(["p0", "p0.5"]);
    expect(await idsOf({ index: "id", equals: ["p3"], limit: 10 })).toEqual(["p3"]);
  });

  it("orders strings by their bytes, false before true, and finds each element of an array", async () => {
    const names = ["b", "a", "ä", "😀", "\uffff", "", "a\u0000b", "A", "ab"];
    for (const [n, name] of names.entries()) {
      await products.insert(`n${n}`, {
        name,
        open: name < "b",
      });
    }
    const { items } = await products.find({ index: "open", limit: 100 });
    expect(items.map(({ document }) => [document.open, document.name])).toEqual([
      [false, "b"],
      [false, "ä"],
      [false, "\uffff"],
      [false, "😀"],
      [true, ""],
      [true, "A"],
      [true, "a"],
      [true, "a\u0000b"],
      [true, "ab"],
    ]);
    await products.insert("t1", { tags: ["x", "y", "x"] });
    await products.insert("t2", { tags: ["y"] });
    expect(await idsOf({ index: "tag", equals: ["y"], limit: 10 })).toEqual(["t1", "t2"]);
    expect(await products.count("tag", ["x"])).toBe(1);
    await products.replaceIf("t1", 1, { tags: ["z"] });
    expect(await idsOf({ index: "tag", limit: 10 })).toEqual(["t2", "t1"]);
  });

  it("goes through pages without leaving out or repeating any, while others come and go", async () => {
    for (let n = 0; n < 25; n += 1) await products.insert(`p${String(n).padStart(2, "0")}`, { rank: n % 3 });
    for (const order of ["ascending", "descending"] as const) {
      const seen: string[] = [];
      let after: string | undefined;
      let pages = 0;
      do {
        const page = await products.find({ index: "rank", order, limit: 4, after });
        seen.push(...page.items.map(({ id }) => id));
        after = page.next;
        pages += 1;
        await products.delete(seen[0] ?? ""); // the cursor does not need what it stands on
      } while (after !== undefined);
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen.length).toBe(order === "ascending" ? 25 : 24);
      expect(pages).toBe(order === "ascending" ? 7 : 6);
    }
    expect((await products.find({ index: "id", limit: 1_000 })).next).toBeUndefined();
  });

  it("keeps a unique index unique, over inserts, replacements and races", async () => {
    const named = await storage.collection<Product>("named", UNIQUE);
    await named.insert("p1", { name: "one" });
    const second = named.insert("p2", { name: "one" });
    await expect(second).rejects.toThrow(IndexError);
    await expect(second).rejects.toThrow('"p1" has name "one" already');
    await named.insert("p2", { name: "two" });
    await expect(named.replaceIf("p2", 1, { name: "one" })).rejects.toMatchObject({
      reason: "taken",
      index: "name",
    });
    expect(await named.get("p2")).toMatchObject({ version: 1, document: { name: "two" } });
    expect(await named.replaceIf("p2", 1, { name: "two" })).toMatchObject({ version: 2 });
    await named.delete("p1");
    await named.insert("p3", { name: "one" });
    const races = Array.from({ length: 10 }, (_, n) => named.insert(`r${n}`, { name: "raced" }));
    const won = (await Promise.allSettled(races)).filter(({ status }) => status === "fulfilled");
    expect(won.length).toBe(1);
    await expect(named.insert("p4", {})).rejects.toThrow("name is undefined: index name takes a string");
  });

  it("builds indexes that are declared later, and forgets those that are not any more", async () => {
    await products.insert("p1", { name: "same", rank: 1 });
    await products.insert("p2", { name: "same", rank: 2 });
    await reopen();
    const later = await storage.collection<Product>("products", { name: { fields: { name: "string" } } });
    expect(await idsOf({ index: "name", equals: ["same"], limit: 10 }, later)).toEqual(["p1", "p2"]);
    await expect(later.find({ index: "rank", limit: 10 })).rejects.toThrow(QueryError);
    await later.insert("p3", { name: "same", rank: 3 });
    await reopen();
    await expect(storage.collection("products", UNIQUE)).rejects.toThrow(
      /"p1" and "p2" have the same values/,
    );
    await reopen();
    products = await storage.collection("products", INDEXES);
    expect(await idsOf({ index: "rank", limit: 10 })).toEqual(["p1", "p2", "p3"]);
  });

  it("refuses what no store could keep, before it writes anything", async () => {
    const wrong: [string, object, RegExp][] = [
      ["", {}, /id/],
      ["x".repeat(257), {}, /256 bytes/],
      ["a\nb", {}, /control/],
      ["\ud800", {}, /UTF-8/],
      ["p", { "a.b": 1 }, /names do not begin/],
      ["p", { $set: 1 }, /names do not begin/],
      ["p", { a: { _id: 1 } }, /names do not begin/],
      ["p", { a: Number.NaN }, /a: NaN/],
      ["p", { a: { b: [1, Number.POSITIVE_INFINITY] } }, /a\.b\[1\]/],
      ["p", { a: new Date() }, /a: expected a plain object/],
      ["p", { a: 1n }, /a: a bigint/],
      ["p", { a: () => 1 }, /a: a function/],
      ["p", { a: [undefined] }, /a\[0\]: undefined/],
      ["p", [], /not an array/],
      ["p", { a: "x".repeat(1_048_576) }, /1048576/],
    ];
    for (const [id, document, message] of wrong) {
      const insert = products.insert(id, document);
      await expect(insert).rejects.toThrow(DocumentError);
      await expect(insert).rejects.toThrow(message);
    }
    await expect(products.insert("p", { rank: "high" } as object)).rejects.toThrow("rank is string");
    await expect(products.insert("p", { tags: ["a", 1] } as object)).rejects.toThrow(IndexError);
    await expect(products.insert("p", { owner: [{ team: "x" }], rank: 1 } as object)).rejects.toThrow(
      "owner.team is an array",
    );
    await expect(products.insert("p", { tags: ["x".repeat(501)] })).rejects.toThrow(
      "longer than the 500 bytes",
    );
    expect(await products.count("id")).toBe(0);
    expect(await products.get("x".repeat(5_000))).toBeUndefined();
    expect(await products.delete("\n")).toBe(false);
  });

  it("takes the longest id and index values there may be", async () => {
    const longest = { a: "ä".repeat(250), b: "\u0001".repeat(250), c: "\u0002".repeat(250) };
    const wide = await storage.collection<typeof longest>("wide", {
      all: { fields: { a: "string", b: "string", c: "string" } },
    });
    const id = "i".repeat(256);
    await wide.insert(id, longest);
    expect((await wide.find({ index: "all", equals: Object.values(longest), limit: 1 })).items[0]?.id).toBe(
      id,
    );
  });

  it("refuses queries that contradict the declaration", async () => {
    const wrong: Query[] = [
      { index: "none", limit: 1 },
      { index: "rank", limit: 0 },
      { index: "rank", limit: 1_001 },
      { index: "rank", limit: 1.5 },
      { index: "rank", equals: ["1"], limit: 1 },
      { index: "rank", equals: [1, 2], limit: 1 },
      { index: "rank", range: { gt: "1" }, limit: 1 },
      { index: "rank", equals: [1], range: { gt: 1 }, limit: 1 },
      { index: "rank", range: { gt: 1, gte: 1 }, limit: 1 },
      { index: "rank", after: "nonsense", limit: 1 },
      { index: "rank", after: Buffer.from('["1","p"]').toString("base64url"), limit: 1 },
      { index: "id", equals: [1], limit: 1 },
    ];
    for (const query of wrong) await expect(products.find(query)).rejects.toThrow(QueryError);
    await expect(products.count("none")).rejects.toThrow(QueryError);
    await expect(products.count("rank", ["1"])).rejects.toThrow(QueryError);
    await expect(storage.collection("others", { id: { fields: { a: "string" } } })).rejects.toThrow(
      IndexError,
    );
    await expect(storage.collection("../others", {})).rejects.toThrow("collection");
    await expect(storage.collection("products", {})).rejects.toThrow("open already");
  });

  it("does the same as a list in memory would, whatever is done in whatever order", async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(operation, { maxLength: 25 }),
        fc.array(query, { maxLength: 6 }),
        async (operations, queries) => {
          run += 1;
          const collection = await storage.collection<Product>(`run-${run}`, INDEXES);
          const model = new Map<string, Stored<Product>>();
          for (const one of operations) await apply(collection, model, one);
          for (const one of queries) {
            const expected = findInModel(model, one);
            const got: Stored<Product>[] = [];
            let after: string | undefined;
            do {
              const page = await collection.find({ ...one, after });
              expect(page.items.length).toBeLessThanOrEqual(one.limit);
              got.push(...page.items);
              after = page.next;
            } while (after !== undefined);
            expect(got).toEqual(expected);
            if (one.range === undefined)
              expect(await collection.count(one.index, one.equals)).toBe(expected.length);
          }
        },
      ),
      { numRuns: 40 },
    );
  }, 60_000);
}

type Operation =
  | { kind: "insert"; id: string; document: Product }
  | { kind: "replace"; id: string; version: number; document: Product }
  | { kind: "delete"; id: string; version: number | undefined };

const id = fc.constantFrom("a", "b", "c", "é", "😀");
const rank = fc.constantFrom(-1, 0, 1, 2.5);
const team = fc.constantFrom("x", "y", "", "x\u0000");
const document: fc.Arbitrary<Product> = fc.record(
  {
    rank,
    owner: fc.record({ team }),
    open: fc.boolean(),
    name: team,
    tags: fc.array(team, { maxLength: 3 }),
  },
  { requiredKeys: [] },
);
const version = fc.integer({ min: 1, max: 3 });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ kind: fc.constant("insert" as const), id, document }),
  fc.record({ kind: fc.constant("replace" as const), id, version, document }),
  fc.record({ kind: fc.constant("delete" as const), id, version: fc.option(version, { nil: undefined }) }),
);

const order = fc.constantFrom("ascending" as const, "descending" as const);
const limit = fc.integer({ min: 1, max: 4 });
const bounds = fc.oneof(
  fc.record({ gte: rank }),
  fc.record({ gt: rank }),
  fc.record({ lt: rank }),
  fc.record({ gt: rank, lte: rank }),
);
const query: fc.Arbitrary<Query> = fc.oneof(
  fc.record({ index: fc.constantFrom("rank", "team", "open", "tag", "id"), order, limit }),
  fc.record({ index: fc.constant("rank"), range: bounds, order, limit }),
  fc.record({ index: fc.constant("rank"), equals: fc.tuple(rank), order, limit }),
  fc.record({ index: fc.constant("team"), equals: fc.tuple(team), order, limit }),
  fc.record({ index: fc.constant("team"), equals: fc.tuple(team), range: bounds, order, limit }),
  fc.record({ index: fc.constant("team"), equals: fc.tuple(team, rank), order, limit }),
  fc.record({ index: fc.constant("tag"), equals: fc.tuple(team), order, limit }),
);

async function apply(collection: Collection<Product>, model: Map<string, Stored<Product>>, one: Operation) {
  const current = model.get(one.id);
  if (one.kind === "insert") {
    const done = await collection.insert(one.id, one.document).catch((error: unknown) => error);
    if (current !== undefined) expect(done).toBeInstanceOf(IdTakenError);
    else model.set(one.id, { id: one.id, version: 1, document: one.document });
  } else if (one.kind === "replace") {
    const done = await collection.replaceIf(one.id, one.version, one.document);
    expect(done !== undefined).toBe(current?.version === one.version);
    if (done !== undefined)
      model.set(one.id, { id: one.id, version: one.version + 1, document: one.document });
  } else {
    const expected = current !== undefined && (one.version === undefined || one.version === current.version);
    expect(await collection.delete(one.id, one.version)).toBe(expected);
    if (expected) model.delete(one.id);
  }
  expect(await collection.get(one.id)).toEqual(model.get(one.id));
}

type Key = (string | number | boolean)[];

/** The same question, answered by sorting a list. */
function findInModel(model: Map<string, Stored<Product>>, { index, equals = [], range = {}, order }: Query) {
  const entries: { key: Key; stored: Stored<Product> }[] = [];
  for (const stored of model.values()) {
    for (const values of modelValues(index, stored)) entries.push({ key: [...values, stored.id], stored });
  }
  const bound = equals.length;
  const found = entries.filter(({ key }) => {
    if (equals.some((value, at) => key[at] !== value)) return false;
    const value = key[bound] ?? "";
    return (
      (range.gte === undefined || value >= range.gte) &&
      (range.gt === undefined || value > range.gt) &&
      (range.lte === undefined || value <= range.lte) &&
      (range.lt === undefined || value < range.lt)
    );
  });
  found.sort((a, b) => compareKeys(a.key, b.key));
  if (order === "descending") found.reverse();
  return found.map(({ stored }) => stored);
}

function modelValues(index: string, { document }: Stored<Product>): Key[] {
  const { rank, owner, open, name, tags } = document;
  if (index === "id") return [[]];
  if (index === "rank") return rank === undefined ? [] : [[rank]];
  if (index === "team") return owner === undefined || rank === undefined ? [] : [[owner.team, rank]];
  if (index === "open") return open === undefined || name == null ? [] : [[open, name]];
  return [...new Set(tags ?? [])].map((tag) => [tag]);
}

function compareKeys(a: Key, b: Key): number {
  for (const [at, value] of a.entries()) {
    const other = b[at] ?? "";
    const order =
      typeof value === "string" && typeof other === "string"
        ? Buffer.compare(Buffer.from(value), Buffer.from(other))
        : Number(value) - Number(other);
    if (order !== 0) return order;
  }
  return 0;
}
