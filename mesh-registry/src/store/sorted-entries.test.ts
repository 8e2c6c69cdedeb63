import fc from "fast-check";
import { expect, test } from "vitest";
import { SortedEntries } from "./sorted-entries.js";

function idsOf(entries: SortedEntries<number>): [string, number][] {
  const found: [string, number][] = [];
  entries.forEach((value, id) => {
    found.push([id, value]);
  });
  return found;
}

test("entries are in order whatever comes and goes", () => {
  const change = fc.record({
    id: fc.string({ unit: fc.constantFrom("a", "Z", "0", "9", "_", "-", "~"), minLength: 1, maxLength: 3 }),
    remove: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 400 }), (changes) => {
      const entries = new SortedEntries<number>();
      const plain = new Map<string, number>();
      for (const [at, { id, remove }] of changes.entries()) {
        if (remove) {
          entries.delete(id);
          plain.delete(id);
        } else {
          entries.set(id, at);
          plain.set(id, at);
        }
      }
      expect(entries.size).toBe(plain.size);
      expect(entries.get("a")).toBe(plain.get("a"));
      const from: string[] = [];
      entries.forEachFrom("Z", (_value, id) => {
        from.push(id);
        return from.length < 3;
      });
      const after = [...plain.keys()].filter((id) => id >= "Z").toSorted();
      expect(from).toEqual(after.slice(0, 3));
      expect(idsOf(entries)).toEqual([...plain].toSorted(([a], [b]) => (a < b ? -1 : 1)));
    }),
  );
});

test("also over several blocks, filled and emptied in any order", () => {
  const entries = new SortedEntries<number>();
  const ids = Array.from({ length: 3_000 }, (_, n) => `p${String((n * 7_919) % 10_007).padStart(5, "0")}`);
  for (const [at, id] of ids.entries()) entries.set(id, at);
  for (const id of ids) entries.set(id, 1);
  expect(idsOf(entries)).toEqual(ids.toSorted().map((id) => [id, 1]));
  for (const id of ids.slice(0, 2_990)) entries.delete(id);
  entries.delete("nobody");
  expect(idsOf(entries).map(([id]) => id)).toEqual(ids.slice(2_990).toSorted());
  for (const id of ids.slice(2_990)) entries.delete(id);
  expect([entries.size, idsOf(entries)]).toEqual([0, []]);
});
