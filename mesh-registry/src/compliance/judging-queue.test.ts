import { expect, onTestFinished, test, vi } from "vitest";
import { JudgingQueue } from "./judging-queue.js";

test("what changes a thousand times is judged once, and again when it changes again", async () => {
  const judged: string[] = [];
  const queue = new JudgingQueue((id) => judged.push(id));
  onTestFinished(() => queue.close());
  for (let n = 0; n < 1_000; n++) for (const id of ["a", "b", "c"]) queue.add(id);
  expect(queue.size).toBe(3);
  await vi.waitFor(() => expect(judged).toEqual(["a", "b", "c"]), 10_000);
  queue.add("b");
  await vi.waitFor(() => expect(judged).toEqual(["a", "b", "c", "b"]), 10_000);
});

test("others have their turn while much is judged, and what takes long rests", async () => {
  const times: { id: string; at: number }[] = [];
  const queue: JudgingQueue = new JudgingQueue((id) => {
    times.push({ id, at: performance.now() });
    const end = performance.now() + (id === "long" ? 30 : 1);
    while (performance.now() < end); // it is the time that it takes that matters
    if (id === "long") queue.add(id);
  });
  onTestFinished(() => queue.close());
  for (let n = 0; n < 50; n++) queue.add(`p${n}`);
  queue.add("long");
  let turns = 0;
  const turn = (): void => {
    turns += 1;
    immediate = setImmediate(turn);
  };
  let immediate = setImmediate(turn);
  onTestFinished(() => clearImmediate(immediate));
  await vi.waitFor(() => expect(times.filter(({ id }) => id === "long")).toHaveLength(2), 10_000);
  expect(times).toHaveLength(52);
  const [first, second] = times.filter(({ id }) => id === "long").map(({ at }) => at);
  expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(600); // 20 times what it took
  expect(turns).toBeGreaterThan(3);
});
