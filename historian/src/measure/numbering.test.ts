import { StreamLedger } from "@fieldmesh/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Numbering } from "./numbering.js";

const START = 1_763_640_000_000;
const BOOT = 1_763_639_000;

/** When each number that is missing is taken to have been read. */
class Missing {
  readonly times = new Map<string, number>();
  readonly sink = (from: number, to: number, timeOf: (seq: number) => number, sign: 1 | -1) => {
    for (let seq = from; seq <= to; seq++) {
      const key = String(timeOf(seq));
      const count = (this.times.get(key) ?? 0) + sign;
      if (count === 0) this.times.delete(key);
      else this.times.set(key, count);
    }
  };
  get count(): number {
    return [...this.times.values()].reduce((a, b) => a + b, 0);
  }
  get least(): number {
    return Math.min(0, ...this.times.values());
  }
}

const unheard = (): number | undefined => undefined;

describe("numbering", () => {
  it("takes missing numbers to have been read evenly between their neighbours, and each off when it comes", () => {
    const missing = new Missing();
    const numbering = new Numbering(missing.sink);
    numbering.put(BOOT, 1, START);
    numbering.put(BOOT, 5, START + 4_000);
    expect([...missing.times.keys()].map(Number)).toEqual([START + 1_000, START + 2_000, START + 3_000]);
    expect(numbering.place(BOOT, 3)).toEqual({ known: false, after: START, before: START + 4_000 });
    numbering.put(BOOT, 3, START + 1_800);
    expect([...missing.times.keys()].map(Number)).toEqual([START + 1_000, START + 3_000]);
    expect(numbering.place(BOOT, 2)).toEqual({ known: false, after: START, before: START + 1_800 });
    expect(numbering.place(BOOT, 4)).toEqual({ known: false, after: START + 1_800, before: START + 4_000 });
    expect(numbering.place(BOOT, 3).known).toBe(true);
  });

  it("has nothing missing of numbers that came without being seen here", () => {
    const missing = new Missing();
    const numbering = new Numbering(missing.sink);
    const ledger = new StreamLedger();
    ledger.joinAtStart(BOOT);
    numbering.put(BOOT, 1, START);
    for (let seq = 1; seq <= 7; seq++) if (seq !== 6) ledger.receive(BOOT, seq);
    numbering.put(BOOT, 7, START + 6_000);
    expect(missing.count).toBe(5);
    numbering.reconcile(ledger.missing(), unheard, START + 6_000);
    expect([...missing.times.keys()].map(Number)).toEqual([START + 5_000]);
  });

  it("agrees with the ledger on how many are missing, whatever comes in whatever order, kept in between or not", () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ kind: fc.constant("reading" as const), seq: fc.integer({ min: 1, max: 60 }) }),
      },
      fc.record({ kind: fc.constant("stats" as const), seq: fc.integer({ min: 0, max: 60 }) }),
      fc.record({ kind: fc.constant("gone" as const), seq: fc.integer({ min: 1, max: 60 }) }),
      fc.record({ kind: fc.constant("reboot" as const), seq: fc.constant(0) }),
      fc.record({ kind: fc.constant("restart" as const), seq: fc.constant(0) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.boolean(), (steps, fromStart) => {
        const missing = new Missing();
        let numbering = new Numbering(missing.sink);
        const ledger = new StreamLedger();
        let boot = BOOT;
        let given = 0;
        let now = START;
        if (fromStart) ledger.joinAtStart(boot);
        for (const { kind, seq } of steps) {
          now += 1_000;
          if (kind === "reading") {
            given = Math.max(given, seq);
            if (ledger.receive(boot, seq).outcome === "duplicate") {
              const counted = (ledger.terms().at(-1)?.countedFrom ?? 0) <= seq;
              if (counted) expect(numbering.place(boot, seq).known).toBe(true);
              continue;
            }
            const { known, after, before } = numbering.place(boot, seq);
            expect(known).toBe(false);
            expect(after).toBeLessThanOrEqual(before);
            numbering.put(boot, seq, Math.min(before, Math.max(after, now - 500)));
          } else if (kind === "stats") {
            given = Math.max(given, seq);
            ledger.account(boot, {
              read: given,
              suppressed: 0,
              lastSeq: given,
              dropped: [],
              held: [],
              keptFrom: 1,
            });
          } else if (kind === "gone") ledger.gone(boot, [[seq, seq + 3, "expired"]]);
          else if (kind === "restart") {
            const kept = JSON.parse(JSON.stringify(numbering)) as ReturnType<Numbering["toJSON"]>;
            numbering = new Numbering(missing.sink);
            numbering.restore(kept);
          } else if (boot < BOOT + 3) {
            boot += 1;
            given = 0;
          }
          numbering.reconcile(ledger.missing(), unheard, now);
          const terms = ledger.terms();
          const open = terms.reduce((sum, term) => sum + term.dropped + term.held + term.unknown, 0);
          expect(missing.count).toBe(open);
          expect(missing.least).toBe(0);
          for (const time of missing.times.keys()) expect(Number(time)).toBeLessThanOrEqual(now);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("forgets which numbers of many gaps are missing, not how many, and is told when they come", () => {
    const missing = new Missing();
    const numbering = new Numbering((from, to, _, sign) => missing.sink(from, to, () => 0, sign));
    for (let seq = 1; seq <= 999; seq += 2) numbering.put(BOOT, seq, START + seq * 1_000);
    expect(missing.count).toBe(499);
    for (let seq = 2; seq <= 998; seq += 2) {
      const { known, after, before } = numbering.place(BOOT, seq);
      expect(known).toBe(false);
      expect([after <= START + seq * 1_000, before >= START + seq * 1_000]).toEqual([true, true]);
      numbering.put(BOOT, seq, START + seq * 1_000);
    }
    expect(missing.count).toBe(0);
  });
});
