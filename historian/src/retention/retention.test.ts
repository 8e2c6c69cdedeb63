import type { LevelSize } from "@fieldmesh/storage";
import { expect, it } from "vitest";
import { embeddedStorage } from "../testing/embedded.js";
import { quiet } from "../testing/quiet.js";
import { DEFAULT_RETENTION, type HorizonDocument, Retention } from "./retention.js";

const NONE: LevelSize = { rows: 0, bytes: 0 };
const DAY_MS = 86_400_000;

it("removes of each level what is past its term, and of the documents what is past that of the hours", async () => {
  const collection = await (await embeddedStorage()).collection<HorizonDocument>("retention", {});
  const asked: [string, number][] = [];
  const now = 10_000 * DAY_MS;
  const retention = new Retention({
    series: {
      prune: (level, before) => {
        asked.push([level, before]);
        return Promise.resolve(level === "raw" ? { rows: 5, bytes: 20 } : NONE);
      },
    },
    documents: [
      {
        what: "events",
        prune: (before) => {
          asked.push(["events", before]);
          return Promise.resolve(3);
        },
      },
    ],
    collection,
    terms: () => DEFAULT_RETENTION,
    clock: () => now,
    log: quiet,
  });
  const report = await retention.run();
  expect(asked).toEqual([
    ["raw", now - 7 * DAY_MS],
    ["minute", now - 90 * DAY_MS],
    ["hour", now - 1_825 * DAY_MS],
    ["events", now - 1_825 * DAY_MS],
  ]);
  expect(report).toEqual({
    removed: { raw: { rows: 5, bytes: 20 }, minute: NONE, hour: NONE },
    documents: { events: 3 },
  });
});

it("does not take back what it removed when a term is made longer, after a restart neither", async () => {
  const collection = await (await embeddedStorage()).collection<HorizonDocument>("retention", {});
  let terms = DEFAULT_RETENTION;
  const now = 10_000 * DAY_MS;
  const open = async (): Promise<Retention> => {
    const retention = new Retention({
      series: { prune: () => Promise.resolve(NONE) },
      documents: [],
      collection,
      terms: () => terms,
      clock: () => now,
      log: quiet,
    });
    await retention.restore();
    return retention;
  };
  await (await open()).run();
  terms = { ...terms, raw: 30 * DAY_MS };
  expect((await open()).horizon().raw).toBe(now - 7 * DAY_MS);
});
