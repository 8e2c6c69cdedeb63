import { expect, test } from "vitest";
import { ALONE, Inbox, MAX_BATCH_BYTES } from "./inbox.js";

const bytes = Buffer.from("aabbccdd");

test("neighbours of one kind are one batch; other kinds, gaps and buffers are not joined", () => {
  const inbox = new Inbox();
  inbox.push(1, bytes, 0, 2);
  inbox.push(1, bytes, 2, 4);
  inbox.push(2, bytes, 4, 6);
  inbox.push(2, Buffer.from("zz"), 0, 2);
  inbox.push(ALONE, bytes, 6, 7);
  inbox.push(ALONE, bytes, 7, 8);
  expect(inbox.bytes).toBe(10);
  const batches: string[] = [];
  while (!inbox.empty) batches.push(String(inbox.shift()));
  expect(batches).toEqual(["aabb", "cc", "zz", "d", "d"]);
  expect(inbox.bytes).toBe(0);
  expect(inbox.shift()).toBeNull();
});

test("a batch does not grow past its bound, but one packet may be larger", () => {
  const inbox = new Inbox();
  const large = Buffer.alloc(3 * MAX_BATCH_BYTES);
  inbox.push(1, large, 0, MAX_BATCH_BYTES - 1);
  inbox.push(1, large, MAX_BATCH_BYTES - 1, MAX_BATCH_BYTES + 1);
  inbox.push(1, large, MAX_BATCH_BYTES + 1, large.length);
  expect(inbox.nextBytes).toBe(MAX_BATCH_BYTES - 1);
  inbox.shift();
  expect(inbox.nextBytes).toBe(2);
  inbox.shift();
  expect(inbox.nextBytes).toBe(large.length - MAX_BATCH_BYTES - 1);
});

test("somebody else may take what stands first, as far as it can", () => {
  const inbox = new Inbox();
  inbox.push(1, bytes, 0, 4);
  inbox.push(2, bytes, 4, 8);
  inbox.shorten(2, () => expect.unreachable());
  inbox.shorten(1, (_bytes, start) => start + 2);
  expect(inbox.bytes).toBe(6);
  inbox.shorten(1, (_bytes, _start, end) => end);
  expect(inbox.bytes).toBe(4);
  expect(String(inbox.shift())).toBe("ccdd");
});
