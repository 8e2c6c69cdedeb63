import { expect, test } from "vitest";
import { type Claims, Turns } from "./turns.js";

/** Work that ends when it is told to. */
function bench() {
  const turns = new Turns();
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const ask = (name: string, claims: Claims): Promise<string> =>
    turns.run(claims, async () => {
      begun.push(name);
      await new Promise<void>((resolve) => ends.set(name, resolve));
      return name;
    });
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const end = async (name: string): Promise<void> => {
    ends.get(name)?.();
    await settle();
  };
  return { turns, begun, ask, end, settle };
}

test("work on one key is done in order, on others at once", async () => {
  const { begun, ask, end, settle, turns } = bench();
  const all = [ask("a1", { alone: ["a"] }), ask("a2", { alone: ["a"] }), ask("b", { alone: ["b"] })];
  await settle();
  expect(begun).toEqual(["a1", "b"]);
  await end("a1");
  expect(begun).toEqual(["a1", "b", "a2"]);
  await end("a2");
  await end("b");
  expect(await Promise.all(all)).toEqual(["a1", "a2", "b"]);
  expect(turns.size).toBe(0);
});

test("who shares a key waits only for those that have it alone, and they for it", async () => {
  const { begun, ask, end, settle, turns } = bench();
  const all = [
    ask("s1", { shared: ["k"] }),
    ask("s2", { shared: ["k"], alone: ["other"] }),
    ask("alone", { alone: ["k"] }),
    ask("s3", { shared: ["k"] }),
  ];
  await settle();
  expect(begun).toEqual(["s1", "s2"]);
  await end("s1");
  expect(begun).toEqual(["s1", "s2"]);
  await end("s2");
  expect(begun).toEqual(["s1", "s2", "alone"]);
  await end("alone");
  expect(begun).toEqual(["s1", "s2", "alone", "s3"]);
  await end("s3");
  await Promise.all(all);
  expect(turns.size).toBe(0);
});

test("work that fails gives its turn on", async () => {
  const turns = new Turns();
  const failed = turns.run({ alone: ["a"], shared: ["a", "b"] }, () => Promise.reject(new Error("no")));
  const next = turns.run({ alone: ["a", "b"] }, () => Promise.resolve("next"));
  await expect(failed).rejects.toThrow("no");
  expect(await next).toBe("next");
  expect(turns.size).toBe(0);
});
