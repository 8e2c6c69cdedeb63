import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { PacketIdentifiers } from "./packet-identifiers.js";

const take = (identifiers: PacketIdentifiers): number => {
  const id = identifiers.next;
  identifiers.take();
  return id;
};

test("no identifier is given again before it was acknowledged, nor one that the session has in use", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 65_535 }),
      fc.uniqueArray(fc.integer({ min: 1, max: 20 })),
      fc.array(fc.nat({ max: 30 }), { maxLength: 200 }),
      (first, session, steps) => {
        const taken = new Set(session);
        const under: number[] = [];
        const identifiers = new PacketIdentifiers(first, {
          isTaken: (id) => taken.has(id),
          onExhausted: () => expect.unreachable(),
        });
        for (const step of steps) {
          const acknowledged = step > 20 ? under.splice(step % Math.max(1, under.length), 1)[0] : undefined;
          if (acknowledged !== undefined) identifiers.acknowledged(acknowledged);
          const id = take(identifiers);
          expect(id).toBeGreaterThan(0);
          expect(id).toBeLessThanOrEqual(65_535);
          expect(under).not.toContain(id);
          expect(taken.has(id)).toBe(false);
          under.push(id);
        }
      },
    ),
  );
});

test("goes round over one that is still out", () => {
  const identifiers = new PacketIdentifiers(1, { isTaken: () => false, onExhausted: () => undefined });
  const stays = take(identifiers);
  for (let i = 2; i <= 65_535; i++) identifiers.acknowledged(take(identifiers));
  expect(stays).toBe(1);
  expect(take(identifiers)).toBe(2);
});

test("says once that a client acknowledges nothing, and still answers while the connection ends", () => {
  const onExhausted = vi.fn();
  const identifiers = new PacketIdentifiers(1, { isTaken: () => false, onExhausted });
  for (let i = 0; i < 70_000; i++) take(identifiers);
  expect(onExhausted).toHaveBeenCalledOnce();
});
