import { StreamLedger } from "@fieldmesh/protocol";
import { describe, expect, it } from "vitest";
import { BootBook, type Surroundings } from "./boot-book.js";
import type { Entry } from "./entry.js";
import { Tally } from "./tally.js";

const BOOT = 1_763_639_000;
const around = (now: number): Surroundings => ({
  now,
  intervalMs: 1_000,
  connectedAt: undefined,
  absentAt: () => undefined,
});
const sum = (entries: readonly Entry[], explanation: Entry["explanation"]) =>
  entries
    .filter((entry) => entry.explanation === explanation)
    .reduce((total, { numbers }) => total + numbers.count, 0);

describe("a stream that loses every other reading", () => {
  it("has few entries, whose sums are those of the ledger also when that has to forget", () => {
    const ledger = new StreamLedger();
    ledger.joinAtStart(BOOT);
    const removed = new Set<string>();
    const book = new BootBook(BOOT, ({ id }) => removed.add(id));
    const settled: Entry[] = [];
    const view = () => ledger.missing()[0];
    for (let seq = 1; seq <= 6_001; seq += 2) {
      ledger.receive(BOOT, seq);
      book.arrived({ seq, at: seq * 1_000, backfill: false }, view, around(seq * 1_000));
      if (seq % 50 !== 1) continue;
      const [now] = ledger.missing();
      if (now !== undefined) settled.push(...book.sync(now, around(seq * 1_000)));
      expect(book.missing.all.length).toBeLessThanOrEqual(256);
    }
    const [terms] = ledger.terms();
    expect(terms?.droppedBy["overflow"]).toBeGreaterThan(1_000); // the ledger's own bound was reached
    expect(sum(book.missing.all, "unknown")).toBe(terms?.unknown);
    expect(sum([...book.missing.all, ...settled], "dropped")).toBe(terms?.dropped);
    expect(book.missing.folded).toBeGreaterThan(0);
    for (const entry of book.missing.all) expect(removed).not.toContain(entry.id);
    for (const { fromAt, toAt, numbers } of settled) {
      expect(fromAt).toBeGreaterThanOrEqual((numbers.min ?? 0) * 1_000 - 1_000);
      expect(toAt).toBeLessThanOrEqual((numbers.max ?? 0) * 1_000 + 1_000);
    }
  });

  it("has few entries of what came otherwise, too", () => {
    const ledger = new StreamLedger();
    ledger.joinAtStart(BOOT);
    const book = new BootBook(BOOT, () => {});
    const view = () => ledger.missing()[0];
    for (let seq = 1; seq <= 1_000; seq++) {
      ledger.receive(BOOT, seq, seq % 2 === 0);
      book.arrived({ seq, at: seq * 1_000, backfill: seq % 2 === 0 }, view, around(seq * 1_000));
    }
    expect(book.grown.all.length).toBeLessThanOrEqual(64);
    expect(sum(book.grown.all, "late")).toBe(500);
    expect(book.counts.late).toBe(500);
    expect(book.grown.folded).toBeGreaterThan(0);
  });
});

describe("a tally", () => {
  it("counts each number once within its bound, kept and restored", () => {
    let tally = new Tally();
    for (let n = 0; n < 2_000; n++) tally.add((n + 1) * 2);
    tally = Tally.fromJSON(JSON.parse(JSON.stringify(tally)) as ReturnType<Tally["toJSON"]>);
    expect(tally.count).toBe(2_000);
    expect(tally.toJSON().ranges.length).toBeLessThanOrEqual(256);
    tally.add(3_990, 3_998);
    expect(tally.count).toBe(2_004);
  });
});
