import type { AlarmEvent, Alarms, AlarmView } from "@fieldmesh/protocol";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { AlarmBook, type AlarmChange, type AlarmsKnown, type PresentAlarm } from "./book.js";

const STREAM = { domain: "env", node: "a", sensor: "x" };
const KEY = "env_a_x/hot";

function event(state: "raised" | "cleared", seq: number, more: Partial<AlarmEvent> = {}): AlarmEvent {
  const at = seq * 1_000;
  const base = { node: "a", sensor: "x", rule: "hot", severity: "warning" as const, value: 31, unit: "Cel" };
  return { ...base, state, timestamp: at, since: at, boot: 1, seq, message: "hot", ...more };
}

let changes: AlarmChange[];
let present: Map<string, PresentAlarm>;
let history: Map<string, AlarmView>;
let book: AlarmBook;

function newBook(maxHistory = 100): AlarmBook {
  return new AlarmBook({
    maxHistory,
    onChange: (change) => changes.push(change),
    onPresent: (key, one) => (one === undefined ? void present.delete(key) : void present.set(key, one)),
    onHistory: (id, alarm) => void history.set(id, alarm),
    onHistoryDropped: (id) => void history.delete(id),
  });
}

beforeEach(() => {
  changes = [];
  present = new Map();
  history = new Map();
  book = newBook();
});

describe("the alarms", () => {
  test("each event counts once, and the newest decides, in whatever order and however often they come", () => {
    // What a node did: raise and clear in turn, over two boots.
    const told = [1, 2].flatMap((boot) =>
      [1, 2, 3, 4, 5].map((seq) =>
        event(seq % 2 === 1 ? "raised" : "cleared", seq, { boot, timestamp: boot * 100_000 + seq * 1_000 }),
      ),
    );
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(8)), fc.boolean(), (early, twice) => {
        // Some came at once, the newest when it was connected again, then those that it had overtaken.
        const first = told.filter((_, index) => early.includes(index));
        const rest = told.filter((_, index) => index < 9 && !early.includes(index));
        const received = [...first, ...told.slice(9), ...rest, ...(twice ? told : [])];
        changes = [];
        history = new Map();
        const one = newBook();
        for (const each of received) one.event(STREAM, each, false);
        expect(one.standing(KEY)?.event).toMatchObject({ boot: 2, seq: 5 });
        expect(
          changes.filter(
            ({ what, alarm }) => what === "raised" && alarm.event.boot === 2 && alarm.event.seq === 5,
          ),
        ).toHaveLength(1);
        const ended = [...history.values()].filter(
          ({ event: raise }) => raise.state === "raised" && raise.boot === 2,
        );
        const times = ended.map(({ event: raise, endedAt }) => [raise.seq, endedAt]);
        times.sort(([one = 0], [other = 0]) => one - other);
        expect(times).toEqual([
          [1, 202_000],
          [3, 204_000],
        ]);
      }),
    );
  });

  test("an acknowledgement holds for exactly the raise that it names", () => {
    book.event(STREAM, event("raised", 1), false);
    book.acknowledge(STREAM, "hot", { boot: 1, seq: 1, by: "ann", at: 5 });
    expect(book.standing(KEY)?.ack?.by).toBe("ann");
    book.acknowledge(STREAM, "hot", { boot: 1, seq: 1, by: "ann", at: 5 });
    expect(changes.map(({ what }) => what)).toEqual(["raised", "acknowledged"]);
    book.event(STREAM, event("raised", 1), false); // published again after a reconnect
    expect(book.standing(KEY)?.ack?.by).toBe("ann");
    book.event(STREAM, event("cleared", 2), false);
    book.event(STREAM, event("raised", 3), false);
    expect(book.standing(KEY)?.ack).toBeUndefined();
    book.acknowledge(STREAM, "hot", null);
    expect(history.get(`${KEY} 1 1`)?.ack?.by).toBe("ann");
  });

  test("an acknowledgement may come before its raise, as both are retained", () => {
    book.acknowledge(STREAM, "hot", { boot: 1, seq: 1, by: "ann", at: 5 });
    book.event(STREAM, event("raised", 1), false);
    expect(book.standing(KEY)?.ack?.by).toBe("ann");
  });

  test("a repeat of the older form is the same raise, until it expires", () => {
    book.event(STREAM, event("raised", 10, { boot: 0 }), true);
    book.event(STREAM, event("raised", 20, { boot: 0, value: 33 }), true);
    expect(book.standing(KEY)?.event).toMatchObject({ seq: 10, value: 33 });
    book.expired(KEY, 99);
    expect(changes.map(({ what }) => what)).toEqual(["raised", "ended"]);
    expect(history.get(`${KEY} 0 10`)).toMatchObject({ ended: "expired", endedAt: 99 });
  });

  test("a node that is offline is one raise for as long as it is, and after a restart", () => {
    const offline = event("raised", 3, { sensor: "node", rule: "offline" });
    const node = { ...STREAM, sensor: "node" };
    book.derived(node, "offline", offline, 1);
    book.derived(node, "offline", offline, 2);
    expect(changes).toHaveLength(1);
    const restarted = newBook();
    restarted.restore(present, history.values());
    restarted.derived(node, "offline", offline, 3);
    expect(changes).toHaveLength(1);
    restarted.derived(node, "offline", undefined, 4);
    expect(changes.map(({ what }) => what)).toEqual(["raised", "cleared"]);
    expect(restarted.full()).toMatchObject({ standing: {}, history: [{ endedAt: 4 }] });
  });

  test("what was removed is over and forgotten", () => {
    book.event(STREAM, event("raised", 1), false);
    book.acknowledge(STREAM, "hot", { boot: 1, seq: 1, by: "ann", at: 5 });
    expect(book.keysOf("env", "a")).toEqual([KEY]);
    expect(book.keysOf("env", "a", "x")).toEqual([KEY]);
    expect(book.keysOf("env", "a", "xy")).toEqual([]);
    book.remove(KEY, 9);
    expect(book.keysOf("env", "a")).toEqual([]);
    expect(present.size).toBe(0);
    expect(history.get(`${KEY} 1 1`)?.ended).toBe("removed");
  });

  test("the history is bounded, and what falls out is said", () => {
    book = newBook(3);
    for (let seq = 1; seq <= 20; seq += 2) {
      book.event(STREAM, event("raised", seq), false);
      book.event(STREAM, event("cleared", seq + 1), false);
    }
    expect([...history.values()].map(({ event: raise }) => raise.seq)).toEqual([15, 17, 19]);
    expect(book.full().history.map(({ event: raise }) => raise.seq)).toEqual([19, 17, 15]);
  });

  test("a browser that is told what changed holds what one holds that is told everything", () => {
    const step = fc.record({
      rule: fc.constantFrom("a", "b", "c"),
      seq: fc.integer({ min: 1, max: 12 }),
      what: fc.constantFrom("raised", "cleared", "ack", "remove", "tell"),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const one = newBook();
        const browser: { standing: Alarms["standing"]; history: AlarmView[] } = { standing: {}, history: [] };
        let known: AlarmsKnown | undefined;
        const tell = (): void => {
          const told = one.since(known);
          if (told === undefined) return;
          known = told.known;
          const { full, standing, history: newer } = told.alarms;
          browser.standing = { ...(full ? {} : browser.standing), ...standing };
          const ids = new Set(newer.map(({ key, event: raise }) => `${key} ${raise.seq}`));
          const older = full
            ? []
            : browser.history.filter(({ key, event: raise }) => !ids.has(`${key} ${raise.seq}`));
          browser.history = [...newer, ...older];
        };
        for (const { rule, seq, what } of steps) {
          if (what === "tell") tell();
          else if (what === "ack") one.acknowledge(STREAM, rule, { boot: 1, seq, by: "ann", at: seq });
          else if (what === "remove") one.remove(`env_a_x/${rule}`, seq);
          else one.event(STREAM, event(what, seq, { rule }), false);
        }
        tell();
        const standing = Object.fromEntries(
          Object.entries(browser.standing).filter(([, alarm]) => alarm !== null),
        );
        expect(standing).toEqual(one.full().standing);
        const ids = (list: AlarmView[]): string[] => list.map((alarm) => JSON.stringify(alarm)).sort();
        expect(ids(browser.history)).toEqual(ids(one.full().history));
      }),
    );
  });
});
