import fc from "fast-check";
import { expect, test } from "vitest";
import { DueTimes } from "./due-times.js";

const step = fc.record({
  id: fc.constantFrom("a", "b", "c"),
  at: fc.oneof(fc.integer({ min: 0, max: 60_000 }), fc.constant(Number.POSITIVE_INFINITY)),
  now: fc.integer({ min: 0, max: 60_000 }),
});

test("each thing is taken once, never before it is due and at most 5 s after", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const due = new DueTimes();
      const model = new Map<string, number>();
      let now = 0;
      for (const { id, at, now: next } of steps) {
        due.set(id, at);
        model.set(id, at);
        now = Math.max(now, next);
        const taken = due.take(now);
        for (const each of taken) {
          expect(model.get(each)).toBeLessThanOrEqual(now);
          model.delete(each);
        }
        for (const left of model.values()) expect(left).toBeGreaterThan(now - 5_000);
      }
    }),
  );
});

test("what is put off is not taken at its old time", () => {
  const due = new DueTimes();
  due.set("a", 10_000);
  due.set("a", 300_000);
  due.set("b", 10_000);
  due.delete("b");
  expect(due.take(20_000)).toEqual([]);
  expect(due.take(300_000)).toEqual(["a"]);
  expect(due.take(900_000)).toEqual([]);
});
