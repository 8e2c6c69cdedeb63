import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StreamLedger } from "./ledger.js";
import type { LedgerTerms } from "./ledger-boot.js";
import type { SensorAccount } from "./messages.js";

const BOOT = 1_763_639_000;

function account(over: Partial<SensorAccount> & { lastSeq: number }): SensorAccount {
  return { read: over.lastSeq, suppressed: 0, dropped: [], held: [], keptFrom: 1, ...over };
}

function termsOf(ledger: StreamLedger, boot = BOOT): LedgerTerms {
  const terms = ledger.terms().find((candidate) => candidate.boot === boot);
  if (terms === undefined) throw new Error(`no terms of boot ${boot}`);
  return terms;
}

/** What is told piece by piece is what the terms count; of settled numbers only `dropped` has more. */
function agrees(ledger: StreamLedger, settles = false) {
  for (const { boot, countedFrom, apartFrom, lastSeq, pieces } of ledger.missing()) {
    const terms = termsOf(ledger, boot);
    expect({ countedFrom, lastSeq }).toEqual({ countedFrom: terms.countedFrom, lastSeq: terms.lastSeq });
    const count = (state: string, cause?: string) =>
      pieces
        .filter((piece) => piece.state === state && (cause === undefined || piece.cause === cause))
        .reduce((sum, { from, to }) => sum + to - from + 1, 0);
    expect([count("held"), count("unknown")]).toEqual([terms.held, terms.unknown]);
    if (!settles) expect(count("dropped")).toBe(terms.dropped);
    for (const [cause, dropped] of Object.entries(terms.droppedBy)) {
      expect(count("dropped", cause)).toBeLessThanOrEqual(dropped);
    }
    for (const [index, { from, to }] of pieces.entries()) {
      expect(from).toBeGreaterThan(pieces[index - 1]?.to ?? apartFrom - 1);
      expect(to).toBeLessThanOrEqual(lastSeq);
    }
  }
}

function addsUp(t: LedgerTerms) {
  expect(t.stored + t.dropped + t.held + t.unknown).toBe(t.lastSeq - t.countedFrom + 1);
  expect(Object.values(t.droppedBy).reduce((a, b) => a + b, 0)).toBe(t.dropped);
  for (const term of [t.stored, t.dropped, t.held, t.unknown]) expect(term).toBeGreaterThanOrEqual(0);
}

describe("the ledger of a stream", () => {
  it("counts every reading once, however often it comes", () => {
    const ledger = new StreamLedger();
    ledger.joinAtStart(BOOT);
    expect(ledger.receive(BOOT, 1)).toEqual({ outcome: "new", outOfOrder: false });
    expect(ledger.receive(BOOT, 1)).toEqual({ outcome: "duplicate", outOfOrder: false });
    expect(ledger.receive(BOOT, 3)).toEqual({ outcome: "new", outOfOrder: false });
    expect(ledger.receive(BOOT, 2)).toEqual({ outcome: "new", outOfOrder: true });
    expect(termsOf(ledger)).toMatchObject({
      stored: 3,
      duplicates: 1,
      outOfOrder: 1,
      unknown: 0,
      lastSeq: 3,
    });
  });

  it("knows a gap, and that one which is held or gone is none", () => {
    const ledger = new StreamLedger();
    ledger.joinAtStart(BOOT);
    for (const seq of [1, 2, 9, 10]) ledger.receive(BOOT, seq);
    expect(ledger.gaps()).toEqual([{ boot: BOOT, from: 3, to: 8 }]);
    ledger.account(
      BOOT,
      account({
        lastSeq: 12,
        held: [
          [5, 6],
          [11, 12],
        ],
        dropped: [[3, 3, "full"]],
      }),
    );
    expect(ledger.gaps()).toEqual([
      { boot: BOOT, from: 4, to: 4 },
      { boot: BOOT, from: 7, to: 8 },
    ]);
    ledger.gone(BOOT, [[7, 8, "expired"]]);
    expect(termsOf(ledger)).toMatchObject({ stored: 4, dropped: 3, held: 4, unknown: 1, lastSeq: 12 });
    expect(termsOf(ledger).droppedBy).toEqual({ full: 1, expired: 2 });
  });

  it("believes what came over what was said to be gone or held", () => {
    const ledger = new StreamLedger();
    ledger.joinAtStart(BOOT);
    ledger.account(BOOT, account({ lastSeq: 4, dropped: [[1, 2, "full"]], held: [[3, 4]] }));
    for (const seq of [1, 3]) ledger.receive(BOOT, seq, true);
    expect(termsOf(ledger)).toMatchObject({ stored: 2, dropped: 1, held: 1, unknown: 0 });
  });

  it("counts from the first stats it sees when it joins later", () => {
    const ledger = new StreamLedger();
    ledger.account(BOOT, account({ lastSeq: 5_000, keptFrom: 4_000 }));
    ledger.receive(BOOT, 5_001);
    expect(termsOf(ledger)).toMatchObject({ countedFrom: 5_001, stored: 1, unknown: 0 });
    expect(ledger.gaps()).toEqual([]);
  });

  it("counts what it took live before those stats, and what they say is held", () => {
    const live = new StreamLedger();
    for (const seq of [4_998, 4_999]) live.receive(BOOT, seq);
    live.account(BOOT, account({ lastSeq: 5_000 }));
    expect(termsOf(live)).toMatchObject({ countedFrom: 4_998, stored: 2, unknown: 1 });

    const held = new StreamLedger();
    held.account(BOOT, account({ lastSeq: 5_000, held: [[4_000, 5_000]] }));
    expect(termsOf(held)).toMatchObject({ countedFrom: 4_000, held: 1_001, unknown: 0 });
  });

  it("does not let another consumer's backfill move where it began", () => {
    const ledger = new StreamLedger();
    ledger.receive(BOOT, 7, true);
    ledger.account(BOOT, account({ lastSeq: 100 }));
    expect(termsOf(ledger)).toMatchObject({ countedFrom: 101, stored: 0, unknown: 0 });
    expect(ledger.receive(BOOT, 7, true).outcome).toBe("duplicate");
  });

  it("counts the next boot from 1, as it was there when it began", () => {
    const ledger = new StreamLedger();
    ledger.account(BOOT, account({ lastSeq: 5_000 }));
    ledger.receive(BOOT + 60, 4);
    expect(ledger.gaps()).toEqual([{ boot: BOOT + 60, from: 1, to: 3 }]);
  });

  it("asks for nothing of boots that ended before it joined", () => {
    const ledger = new StreamLedger();
    ledger.account(BOOT, account({ lastSeq: 50 }));
    ledger.account(BOOT - 100, account({ lastSeq: 900 }));
    expect(ledger.terms().map((t) => t.boot)).toEqual([BOOT]);
    ledger.account(BOOT - 50, account({ lastSeq: 900, held: [[850, 900]] }));
    expect(termsOf(ledger, BOOT - 50)).toMatchObject({ countedFrom: 850, held: 51 });
  });

  it("keeps what it stored of a killed node beyond what the node remembers", () => {
    const ledger = new StreamLedger();
    ledger.joinAtStart(BOOT);
    for (let seq = 1; seq <= 100; seq++) ledger.receive(BOOT, seq);
    ledger.account(BOOT + 9, account({ lastSeq: 0 }));
    ledger.account(BOOT, account({ lastSeq: 95 }));
    expect(termsOf(ledger)).toMatchObject({
      lastSeq: 100,
      stored: 100,
      reportedSeq: 95,
      read: 95,
      unknown: 0,
    });
  });

  it("holds nothing of a boot that the node no longer speaks of", () => {
    const ledger = new StreamLedger();
    ledger.joinAtStart(BOOT);
    ledger.account(BOOT, account({ lastSeq: 10, held: [[1, 10]] }));
    ledger.releaseExcept(new Set([BOOT + 1]));
    expect(termsOf(ledger)).toMatchObject({ held: 0, unknown: 10 });
  });

  it("names what it gave up to stay within its bound of ranges", () => {
    const ledger = new StreamLedger({ maxRanges: 16 });
    ledger.joinAtStart(BOOT);
    for (let seq = 1; seq <= 1_999; seq += 2) ledger.receive(BOOT, seq);
    const terms = termsOf(ledger);
    addsUp(terms);
    expect(terms.stored).toBe(1_000);
    expect(terms.droppedBy["overflow"]).toBeGreaterThan(900);
    expect(ledger.toJSON().boots[0]?.received.length).toBeLessThanOrEqual(16);
  });

  it("folds the oldest boots and says how much was in them", () => {
    const ledger = new StreamLedger({ maxBoots: 3 });
    for (let boot = 1; boot <= 10; boot++) {
      ledger.receive(boot, 1);
      ledger.account(boot, account({ lastSeq: 2 }));
    }
    expect(ledger.terms().map((t) => t.boot)).toEqual([8, 9, 10]);
    expect(ledger.folded).toMatchObject({ boots: 7, newest: 7, stored: 7, unknown: 7 });
    expect(ledger.receive(5, 1).outcome).toBe("duplicate");
    expect(ledger.folded.late).toBe(1);
  });

  it("is not emptied by made-up boots", () => {
    const ledger = new StreamLedger({ maxBoots: 3 });
    ledger.account(BOOT, account({ lastSeq: 10 }));
    for (let n = 1; n <= 50; n++) ledger.receive(BOOT + 1_000_000 + n, 1);
    expect(ledger.receive(BOOT, 11).outcome).toBe("new");
    expect(termsOf(ledger).stored).toBe(1);
  });

  it("counts a cause named like a property of objects", () => {
    const ledger = new StreamLedger();
    ledger.joinAtStart(BOOT);
    ledger.account(BOOT, account({ lastSeq: 3, dropped: [[1, 2, "__proto__"]] }));
    addsUp(termsOf(ledger));
    expect(termsOf(ledger).dropped).toBe(2);
  });

  it("refuses to read what another version wrote", () => {
    const json = { ...new StreamLedger().toJSON(), v: 2 } as unknown as Parameters<
      typeof StreamLedger.fromJSON
    >[0];
    expect(() => StreamLedger.fromJSON(json)).toThrow(/version 2/);
  });
});

const MAX_SEQ = 40;
const range = fc
  .tuple(fc.integer({ min: 1, max: MAX_SEQ }), fc.integer({ min: 0, max: 10 }))
  .map(([from, length]): [number, number] => [from, Math.min(MAX_SEQ, from + length)]);
const lost = fc
  .tuple(range, fc.constantFrom("full", "expired"))
  .map(([[a, b], cause]): [number, number, string] => [a, b, cause]);
const action = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant("receive" as const), seq: fc.integer({ min: 1, max: MAX_SEQ }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("account" as const),
      lastSeq: fc.integer({ min: 0, max: MAX_SEQ }),
      dropped: fc.array(lost, { maxLength: 3 }),
      held: fc.array(range, { maxLength: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("gone" as const), ranges: fc.array(lost, { maxLength: 2 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("save" as const) }) },
);

describe("the terms of the identity", () => {
  it("add up and agree with a model that keeps every number, whatever comes in whatever order", () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), fc.boolean(), (actions, fromStart) => {
        let ledger = new StreamLedger();
        const stored = new Set<number>();
        const gone = new Set<number>();
        let held = new Set<number>();
        let lastSeq = 0;
        let from: number | undefined;
        const upTo = (ranges: readonly (readonly [number, number, ...unknown[]])[], into: Set<number>) => {
          for (const [a, b] of ranges) for (let n = a; n <= Math.min(b, lastSeq); n++) into.add(n);
        };
        if (fromStart) {
          ledger.joinAtStart(BOOT);
          from = 1;
        }
        for (const step of actions) {
          switch (step.do) {
            case "receive": {
              const duplicate = stored.has(step.seq);
              expect(ledger.receive(BOOT, step.seq).outcome).toBe(duplicate ? "duplicate" : "new");
              stored.add(step.seq);
              lastSeq = Math.max(lastSeq, step.seq);
              break;
            }
            case "account":
              from ??= Math.max(
                1,
                Math.min(step.lastSeq + 1, ...stored, ...step.held.slice(0, 1).map(([a]) => a)),
              );
              lastSeq = Math.max(lastSeq, step.lastSeq);
              held = new Set();
              upTo(step.held, held);
              upTo(step.dropped, gone);
              ledger.account(BOOT, account(step));
              break;
            case "gone":
              upTo(step.ranges, gone);
              ledger.gone(BOOT, step.ranges);
              break;
            case "save":
              ledger = StreamLedger.fromJSON(JSON.parse(JSON.stringify(ledger)));
              break;
          }
          const terms = ledger.terms()[0];
          if (terms === undefined) continue;
          addsUp(terms);
          agrees(ledger);
          const first = Math.min(from ?? Math.min(...stored, lastSeq + 1), lastSeq + 1);
          const expected = { stored: 0, dropped: 0, held: 0, unknown: 0 };
          for (let n = first; n <= lastSeq; n++) {
            if (stored.has(n)) expected.stored++;
            else if (gone.has(n)) expected.dropped++;
            else if (held.has(n)) expected.held++;
            else expected.unknown++;
          }
          expect(terms).toMatchObject({ ...expected, countedFrom: first, lastSeq });
          const asked = ledger.gaps(1_000).reduce((sum, gap) => sum + gap.to - gap.from + 1, 0);
          expect(asked).toBe(terms.unknown);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("add up when the ledger has to forget", () => {
    fc.assert(
      fc.property(
        fc.array(action, { maxLength: 80 }),
        fc.integer({ min: 3, max: 8 }),
        (actions, maxRanges) => {
          const ledger = new StreamLedger({ maxRanges });
          for (const step of actions) {
            if (step.do === "receive") ledger.receive(BOOT, step.seq);
            if (step.do === "account") ledger.account(BOOT, account(step));
            if (step.do === "gone") ledger.gone(BOOT, step.ranges);
            ledger.terms().forEach(addsUp);
            agrees(ledger, true);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
