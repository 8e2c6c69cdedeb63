import { type Collection, StoreAwayError } from "@fieldmesh/storage";
import { expect, test } from "vitest";
import { embeddedStorage, temporaryFolder } from "../testing/embedded.js";
import { Table } from "./table.js";

interface Thing {
  text: string;
}

const codec = { encode: (value: Thing) => value, decode: (document: Thing) => document };

/** A real collection whose answers can be lost: before a write was done, or after. */
async function things() {
  const storage = await embeddedStorage(await temporaryFolder());
  const real = await storage.collection<Thing>("things", {});
  let fault: "before" | "after" | undefined;
  const through = async <R>(write: () => Promise<R>): Promise<R> => {
    const now = fault;
    fault = undefined;
    if (now === "before") throw new StoreAwayError("store", "away");
    const done = await write();
    if (now === "after") throw new StoreAwayError("store", "away");
    return done;
  };
  const collection: Collection<Thing> = {
    get: (id) => real.get(id),
    find: (query) => real.find(query),
    count: (index, equals) => real.count(index, equals),
    insert: (id, document) => through(() => real.insert(id, document)),
    replaceIf: (id, version, document) => through(() => real.replaceIf(id, version, document)),
    delete: (id, version) => through(() => real.delete(id, version)),
  };
  const table = await Table.open(collection, codec);
  const lose = (when: "before" | "after"): void => {
    fault = when;
  };
  return { table, real, collection, lose };
}

test("a table is as its store is, page by page, also when it is opened again", async () => {
  const { table, collection } = await things();
  for (const id of ["c", "a", "d", "b"]) await table.insert(id, { text: id });
  expect(await table.insert("a", { text: "twice" })).toBeUndefined();
  expect(await table.replace("a", 1, { text: "new" })).toMatchObject({ value: { text: "new" }, version: 2 });
  expect(await table.replace("a", 1, { text: "late" })).toBeUndefined();
  await table.remove("c");
  for (const each of [table, await Table.open(collection, codec)]) {
    expect(each.slice({ limit: 2 })).toMatchObject({
      items: [
        { value: { text: "new" }, version: 2 },
        { value: { text: "b" }, version: 1 },
      ],
      total: 3,
      next: "b",
    });
    expect(each.slice({ limit: 2, after: "b" }).items.map(({ value }) => value.text)).toEqual(["d"]);
    expect(each.slice({ limit: 9, after: "c", where: ({ text }) => text > "b" })).toMatchObject({ total: 2 });
  }
});

test.each(["before", "after"] as const)(
  "a write whose answer was lost %s it was done is looked up before the next one",
  async (when) => {
    const { table, real, lose } = await things();
    lose(when);
    await expect(table.insert("a", { text: "1" })).rejects.toThrow(StoreAwayError);
    expect(table.get("a")).toBeUndefined(); // what nobody was told of is not shown
    const again = await table.insert("a", { text: "1" });
    expect(again === undefined).toBe(when === "after");
    expect(table.get("a")).toEqual({ value: { text: "1" }, version: 1 });

    lose(when);
    await expect(table.replace("a", 1, { text: "2" })).rejects.toThrow(StoreAwayError);
    expect((await table.replace("a", 1, { text: "3" })) === undefined).toBe(when === "after");
    expect(table.get("a")?.value.text).toBe(when === "after" ? "2" : "3");

    lose(when);
    await expect(table.remove("a")).rejects.toThrow(StoreAwayError);
    await table.remove("a");
    expect([table.get("a"), await real.get("a"), table.size]).toEqual([undefined, undefined, 0]);
  },
);

test("what another writer put there is taken up when it is met", async () => {
  const { table, real } = await things();
  await real.insert("a", { text: "theirs" });
  expect(await table.insert("a", { text: "ours" })).toBeUndefined();
  expect(table.get("a")?.value.text).toBe("theirs");
});

test("who listens is told of what was written, with what was there before", async () => {
  const { table, lose } = await things();
  const told: unknown[] = [];
  const stop = table.onChange((id, now, before) => told.push([id, now?.value.text, before?.value.text]));
  await table.insert("a", { text: "1" });
  await table.replace("a", 1, { text: "2" });
  lose("before");
  await expect(table.replace("a", 2, { text: "3" })).rejects.toThrow(StoreAwayError);
  await table.remove("a");
  stop();
  await table.insert("b", { text: "1" });
  expect(told).toEqual([
    ["a", "1", undefined],
    ["a", "2", "1"],
    ["a", undefined, "2"],
  ]);
});
