import { StoreAwayError } from "@fieldmesh/storage";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { embeddedStorage, temporaryFolder } from "../testing/embedded.js";
import { openAccessCollections } from "./access-collections.js";
import { type AccessLog, type AccessTold, openAccessLog } from "./access-log.js";

const READ: AccessTold = {
  product: "orders",
  who: "bob",
  what: "read",
  allowed: true,
  reason: "public",
  via: "historian",
};

async function open(
  folder: string,
  { limit = 1_000, clock = () => 1_000_000 }: { limit?: number; clock?: () => number } = {},
): Promise<AccessLog & { end: () => Promise<void> }> {
  const storage = await embeddedStorage(folder);
  const { accesses: entries, usage } = await openAccessCollections(storage);
  const log = await openAccessLog({ entries, usage, limit, clock });
  onTestFinished(() => log.close());
  const end = async (): Promise<void> => {
    await log.close();
    await storage.close();
  };
  return Object.assign(log, { end });
}

test("the same within a minute is one entry, and it outlives a restart", async () => {
  const folder = await temporaryFolder();
  let now = 1_000_000;
  const log = await open(folder, { clock: () => now });
  log.record(READ);
  now += 59_999;
  log.record({ ...READ, count: 4 });
  expect(await log.list({ product: "orders", limit: 10 })).toEqual({
    items: [{ ...READ, at: 1_000_000, lastAt: 1_059_999, count: 5 }],
    total: 1,
  });
  now += 1;
  log.record(READ);
  log.record({ ...READ, allowed: false, reason: "not approved" });
  await log.end();
  const again = await open(folder, { clock: () => now });
  const { items, total } = await again.list({ product: "orders", limit: 10 });
  expect([items.map(({ allowed, count }) => `${allowed} ${count}`).toSorted(), total]).toEqual([
    ["false 1", "true 1", "true 5"],
    3,
  ]);
  expect((await again.list({ product: "orders", allowed: false, limit: 10 })).items).toMatchObject([
    { reason: "not approved" },
  ]);
  expect([...again.usage()]).toEqual([
    {
      product: "orders",
      reads: 6,
      lastAt: 1_060_000,
      consumers: [{ name: "bob", reads: 6, lastAt: 1_060_000 }],
    },
  ]);
});

test("pages go on where they ended, newest first", async () => {
  let now = 1_000_000;
  const log = await open(await temporaryFolder(), { clock: () => now });
  for (const who of ["a", "b", "c"]) {
    now += 1;
    log.record({ ...READ, who });
  }
  const first = await log.list({ product: "orders", limit: 2 });
  expect(first.items.map(({ who }) => who)).toEqual(["c", "b"]);
  const second = await log.list({ product: "orders", limit: 2, after: first.next });
  expect([second.items.map(({ who }) => who), second.next]).toEqual([["a"], undefined]);
});

test("no more are kept than the limit says, and none for longer than 90 days: the oldest go", async () => {
  let now = 1_000_000;
  const log = await open(await temporaryFolder(), { limit: 20, clock: () => now });
  for (let i = 0; i < 50; i += 1) {
    now += 1;
    log.record({ ...READ, who: `c${i}` });
  }
  await log.list({ limit: 1 });
  const { items, total } = await log.list({ limit: 100 });
  expect([items.length, total, items[0]?.who, items.at(-1)?.who]).toEqual([20, 20, "c49", "c30"]);
  now += 91 * 86_400_000;
  log.record({ ...READ, who: "late" });
  await log.list({ limit: 1 });
  expect((await log.list({ limit: 100 })).items.map(({ who }) => who)).toEqual(["late"]);
});

test("what comes faster than it is written is dropped and counted; refusals last", async () => {
  const log = await open(await temporaryFolder(), { limit: 100_000 });
  for (let i = 0; i < 10_500; i += 1) log.record({ ...READ, who: `c${i}` });
  expect(log.dropped).toBe(500);
  log.record({ ...READ, who: "mallory", allowed: false });
  expect(log.dropped).toBe(500);
  expect((await log.list({ product: "orders", allowed: false, limit: 10 })).total).toBe(1);
}, 30_000);

test("what could not be written is kept until it can be, and not written twice", async () => {
  const storage = await embeddedStorage(await temporaryFolder());
  const { accesses, usage } = await openAccessCollections(storage);
  const faults: ("before" | "after")[] = ["before", "after"];
  /** The store is lost before it has the entry, then once it has it. */
  const insert: typeof accesses.insert = async (id, document) => {
    const fault = faults.shift();
    if (fault === "before") throw new StoreAwayError("here", "a test");
    const stored = await accesses.insert(id, document);
    if (fault === "after") throw new StoreAwayError("here", "a test");
    return stored;
  };
  const entries: typeof accesses = {
    insert,
    get: (id) => accesses.get(id),
    replaceIf: (id, version, document) => accesses.replaceIf(id, version, document),
    delete: (id, version) => accesses.delete(id, version),
    find: (query) => accesses.find(query),
    count: (index, equals) => accesses.count(index, equals),
  };
  const log = await openAccessLog({ entries, usage, limit: 10, clock: () => 1_000_000 });
  onTestFinished(() => log.close());
  log.record({ ...READ, count: 3 });
  const list = () => log.list({ product: "orders", limit: 10 });
  await expect(list()).rejects.toThrow(StoreAwayError);
  await expect(list()).rejects.toThrow(StoreAwayError);
  log.record(READ);
  expect((await list()).items).toMatchObject([{ who: "bob", count: 4 }]);
});

test("whatever is told in whatever order: nothing is lost or counted twice", async () => {
  const told = fc.record({
    who: fc.constantFrom("a", "b"),
    allowed: fc.boolean(),
    at: fc.integer({ min: 0, max: 300_000 }),
    count: fc.integer({ min: 1, max: 5 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(told, { maxLength: 30 }), fc.nat(30), async (all, pause) => {
      const log = await open(await temporaryFolder(), { clock: () => 300_000 });
      for (const [position, each] of all.entries()) {
        log.record({ ...READ, ...each });
        if (position === pause) await log.list({ limit: 1 });
      }
      const { items } = await log.list({ limit: 1_000 });
      const sum = (entries: readonly { count: number }[]): number =>
        entries.reduce((before, { count }) => before + count, 0);
      const refused = (entries: readonly { allowed: boolean; count: number }[]): number =>
        sum(entries.filter(({ allowed }) => !allowed));
      expect([sum(items), refused(items)]).toEqual([sum(all), refused(all)]);
      expect([...log.usage()].reduce((before, { reads }) => before + reads, 0)).toBe(sum(all) - refused(all));
      await log.end();
    }),
    { numRuns: 15 },
  );
}, 30_000);
