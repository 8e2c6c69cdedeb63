import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { Flusher } from "./flusher.js";
import { OutwardQueue } from "./outward-queue.js";

/** A queue whose writes finish when the test says so. */
function queue() {
  const sent: Buffer[] = [];
  const pending: (() => void)[] = [];
  const sizes: number[] = [];
  const counters = { bytesSent: 0 };
  const subject = new OutwardQueue(new Flusher(), counters, (chunks, done) => {
    sizes.push(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    sent.push(...chunks.map((chunk) => Buffer.from(chunk)));
    pending.push(done);
  });
  const finish = (): void => pending.shift()?.();
  return { subject, sizes, counters, finish, pending, bytes: () => Buffer.concat(sent) };
}

test("what is pushed in one turn leaves in one write, texts and bytes in their order", async () => {
  const { subject, sizes, bytes, finish, counters } = queue();
  subject.push(Buffer.from("a"));
  subject.pushText("ü");
  subject.push(Buffer.alloc(5_000, "b"));
  subject.pushText("c");
  expect(subject.bytes).toBe(5_004);
  expect(sizes).toEqual([]);
  await new Promise(setImmediate);
  expect(sizes).toEqual([5_004]);
  expect(bytes().toString()).toBe(`aü${"b".repeat(5_000)}c`);
  finish();
  expect(subject.bytes).toBe(0);
  expect(counters.bytesSent).toBe(5_004);
});

test("one write at a time is under way, and a full queue is written in small ones", async () => {
  const { subject, sizes, finish, pending } = queue();
  for (let i = 0; i < 20; i++) subject.push(Buffer.alloc(50_000));
  await new Promise(setImmediate);
  expect(pending).toHaveLength(1);
  expect(sizes[0]).toBeLessThanOrEqual(32 * 1024);
  while (pending.length > 0) finish();
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(1_000_000);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(256 * 1024);
});

test("a queue that does not move copies: other connections' buffers are not held, nor changed bytes sent", async () => {
  const { subject, bytes, finish, pending } = queue();
  subject.push(Buffer.alloc(70_000, "x"));
  const foreign = Buffer.alloc(3_000, "y");
  subject.push(foreign);
  foreign.fill("z");
  await new Promise(setImmediate);
  while (pending.length > 0) finish();
  expect(bytes().subarray(70_000).toString()).toBe("y".repeat(3_000));
});

test("who waits for room is told once, also at the end", async () => {
  const { subject, finish } = queue();
  const below = vi.fn();
  const never = vi.fn();
  subject.push(Buffer.alloc(10_000));
  subject.whenBelow(100, below);
  await new Promise(setImmediate);
  expect(below).not.toHaveBeenCalled();
  finish();
  expect(below).toHaveBeenCalledTimes(1);
  subject.push(Buffer.alloc(10));
  subject.whenBelow(-1, never);
  subject.close();
  expect(subject.bytes).toBe(0);
  subject.push(Buffer.alloc(10));
  expect(subject.bytes).toBe(0);
});

test("any pushes come out as they went in", async () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.uint8Array({ minLength: 2_000, maxLength: 9_000 }),
    fc.string(),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(piece, fc.boolean()), { maxLength: 40 }), async (pieces) => {
      const { subject, bytes, finish, pending } = queue();
      for (const [value, pause] of pieces) {
        if (typeof value === "string") subject.pushText(value);
        else subject.push(Buffer.from(value));
        if (pause) await new Promise(setImmediate);
        if (pause) finish();
      }
      await new Promise(setImmediate);
      while (pending.length > 0) finish();
      expect(bytes().equals(Buffer.concat(pieces.map(([value]) => Buffer.from(value as string))))).toBe(true);
    }),
    { numRuns: 100 },
  );
});
