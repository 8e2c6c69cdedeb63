import { lacksOwnMongo } from "@fieldmesh/storage/testing";
import { describe, expect, it } from "vitest";
import { historyHolds } from "./harness/history.js";
import { House } from "./harness/house.js";
import { HOLDS_WITHIN_MS, identityHolds, nothingIsHeld, shownRows } from "./harness/identity.js";
import { FAULTS } from "./table.js";

const FULL = process.env["FAULTS"] === "full";
const OUTAGE_MS = FULL ? 60_000 : 10_000;
/** Of the 100/s that the sensors read on an idle machine: enough to say that they went on. */
const LEAST_PER_SECOND = 10;
const { FAULT_BROKER, FAULT_STORE } = process.env;

/** Each fault on both brokers and both stores, or, in turn, on a pair of them; FAULT_BROKER and FAULT_STORE pick one. */
const cases = FAULTS.flatMap((fault, index) => {
  const turns = { broker: inTurn(fault.brokers, index), store: inTurn(fault.stores, Math.floor(index / 2)) };
  const brokers = fault.brokers.filter(
    (broker) => broker === (FAULT_BROKER ?? (FULL ? broker : turns.broker)),
  );
  const stores = fault.stores.filter((store) => store === (FAULT_STORE ?? (FULL ? store : turns.store)));
  return brokers.flatMap((broker) =>
    stores.map((store) => ({ name: `${fault.name}, on ${broker} and ${store}`, fault, broker, store })),
  );
});

function inTurn<T>(kinds: readonly T[], index: number): T | undefined {
  return kinds[index % kinds.length];
}

const isRoot = process.getuid?.() === 0;
const noMongo = cases.some(({ store }) => store === "mongodb") && lacksOwnMongo();

describe("the identity holds within 60 s of the end of", () => {
  for (const { name, fault, broker, store } of cases) {
    const noMount = fault.needsRoot === true && !isRoot;
    if (noMount) process.stderr.write(`skipped: ${name}: needs root, to mount a small disk\n`);
    const skipped = noMount || (store === "mongodb" && noMongo);
    // Two houses side by side: most of a fault is waiting.
    (skipped ? it.skip : it.concurrent)(name, async () => {
      const house = await House.build({ broker, store, outageMs: OUTAGE_MS, ...fault.house }, fault.between);
      try {
        await house.start();
        const { id } = house.node.settings;
        const before = house.witness.storedOf(id);
        const begun = performance.now();
        await fault.inflict(house);
        const ended = performance.now();
        await house.flows();
        await identityHolds(house.witness, house.node);
        const tookMs = performance.now() - ended;
        expect(tookMs).toBeLessThan(HOLDS_WITHIN_MS);
        const stored = house.witness.storedOf(id);
        process.stderr.write(`${name}: held after ${(tookMs / 1_000).toFixed(1)} s, ${stored} readings\n`);
        // What was read during the fault came in the end.
        const seconds = (ended - begun) / 1_000;
        expect(house.witness.storedOf(id) - before, shownRows(house.witness, id)).toBeGreaterThan(
          seconds * LEAST_PER_SECOND,
        );
        if (fault.mayDrop !== true) {
          const dropped = house.witness.rows(id).reduce((sum, row) => sum + row.dropped, 0);
          expect(dropped, shownRows(house.witness, id)).toBe(0);
        }
        await fault.afterwards?.(house);

        const check = {
          historian: house.historian,
          witness: house.witness,
          node: id,
          sensors: house.node.settings.sensors,
          mayDrop: fault.mayDrop === true,
        };
        await historyHolds({ ...check, still: false });
        // Once the node has ended as it should, to the last reading.
        const still = fault.leavesRunning !== true;
        if (still) await nothingIsHeld(house.witness, house.node);
        await house.node.stop();
        await historyHolds({ ...check, still });
      } finally {
        await house.close();
      }
    });
  }
});
