import type { Storage } from "@fieldmesh/storage";
import { openStorage } from "@fieldmesh/storage";
import { lacksMongo, startMongo } from "@fieldmesh/storage/testing";
import { expect, onTestFinished, test } from "vitest";
import type { ComplianceChange } from "../resources/compliance.js";
import { embeddedStorage, temporaryFolder } from "../testing/embedded.js";
import { quiet } from "../testing/quiet.js";
import { openCatalogue } from "./catalogue.js";

const change = (product: string, at: number, state: ComplianceChange["state"]): ComplianceChange => ({
  product,
  version: null,
  at,
  state,
  before: null,
  rules: [{ policy: "p", rule: "$a.b >= 1", before: null, verdict: state, reason: "…" }],
});

async function remembers(begin: () => Promise<Storage>): Promise<void> {
  const open = async () => {
    const storage = await begin();
    const options = { storage, clock: Date.now, limits: { complianceChanges: 3 } };
    const { complianceRecords } = await openCatalogue(options);
    return { records: complianceRecords, storage };
  };
  const { records, storage } = await open();
  const states = ["unknown", "fail", "fail", "pass", "fail"] as const;
  for (const [at, state] of states.entries()) {
    await records.record(change("a", at, state), [{ policy: "p", rule: "$a.b >= 1", verdict: state }]);
  }
  await records.record(change("b", 9, "pass"), []);
  const times = async (of: typeof records, after?: string) => {
    const { items, total, next } = await of.changes("a", { limit: 2, after });
    return { at: items.map(({ at }) => at), total, next };
  };
  const page = await times(records);
  expect(page).toMatchObject({ at: [4, 3], total: 3 });
  expect(await times(records, page.next)).toMatchObject({ at: [2], total: 3 });
  expect(records.of("a")).toMatchObject({ state: "fail", since: 4, oldest: 3, sequence: 5 });

  await storage.close();
  const { records: again } = await open();
  expect(again.of("a")).toEqual(records.of("a"));
  await again.record(change("a", 5, "fail"), []);
  expect(again.of("a")).toMatchObject({ since: 4, verdicts: [] }); // the state is the same since then
  expect(await times(again)).toMatchObject({ at: [5, 4], total: 3 });
  // Whoever comes back under the name is told of after what was told before.
  await again.forget("a");
  expect(again.of("a")).toBeUndefined();
  await again.record(change("a", 6, "pass"), []);
  expect(await times(again)).toMatchObject({ at: [6, 5], total: 3 });
  expect(again.of("b")).toMatchObject({ state: "pass", sequence: 1 });
}

test("changes are kept newest first, the last ones only, also over a restart", async () => {
  const folder = await temporaryFolder();
  await remembers(() => embeddedStorage(folder));
});

test.skipIf(lacksMongo())("and the same on MongoDB", { timeout: 60_000 }, async () => {
  const mongo = await startMongo();
  if (mongo === undefined) throw new Error("no server");
  onTestFinished(() => mongo.stop());
  await remembers(async () => {
    const storage = await openStorage({
      address: { kind: "mongodb", url: mongo.url },
      service: "registry",
      hold: () => Promise.reject(new Error("not a folder")),
      log: quiet,
    });
    onTestFinished(() => storage.close());
    return storage;
  });
});
