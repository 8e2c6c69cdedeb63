import { beforeEach, expect, test } from "vitest";
import { EngineBudget } from "./engine-budget.js";
import { EngineFeed, type FeedHost } from "./engine-feed.js";
import { ALONE } from "./inbox.js";

const CONNECT = "\x10";
const turn = (): Promise<void> => new Promise(setImmediate);

/** Stands for the engine: takes a batch when it is announced, and finishes it when the test says so. */
class Engine implements FeedHost {
  readonly given: string[] = [];
  readonly feed: EngineFeed;
  carry: FeedHost["carry"] = null;
  /** Packets of the next batch that it does not finish at once. */
  slow = 1;
  quiet = 0;
  #unfinished = 0;

  constructor(budget: EngineBudget) {
    this.feed = new EngineFeed(budget, this);
  }

  announce(): void {
    const batch = this.feed.read();
    if (batch === null) return;
    this.given.push(batch.toString("latin1"));
    this.#unfinished = this.slow;
    expect(this.feed.read()).toBeNull(); // it asks in the middle of its batch as well
  }

  finish(): void {
    this.#unfinished = 0;
    expect(this.feed.read()).toBeNull(); // its sign: it asks for more
  }

  unfinishedPackets(): number {
    return this.#unfinished;
  }

  onTaken(): void {}

  onQuiet(): void {
    this.quiet += 1;
  }

  push(text: string, kind = ALONE): void {
    const bytes = Buffer.from(text, "latin1");
    this.feed.inbox.push(kind, bytes, 0, bytes.length);
  }
}

let budget: EngineBudget;
let engine: Engine;
beforeEach(() => {
  budget = new EngineBudget(10);
  engine = new Engine(budget);
});

test("the engine gets the next batch when it has finished the last, a turn later", async () => {
  engine.push("a");
  engine.push("b");
  engine.feed.offer();
  engine.feed.offer();
  await turn();
  expect(engine.given).toEqual(["a"]);
  engine.finish();
  expect(engine.given).toEqual(["a"]);
  await turn();
  expect(engine.given).toEqual(["a", "b"]);
  expect(engine.feed.quiet).toBe(false);
  engine.finish();
  await turn();
  expect([engine.feed.quiet, engine.quiet]).toEqual([true, 1]);
});

test("what it finishes at once does not wait for its asking", async () => {
  engine.slow = 0;
  for (const text of ["a", "b", "c"]) engine.push(text);
  engine.feed.offer();
  for (let i = 0; i < 3; i++) await turn();
  expect(engine.given).toEqual(["a", "b", "c"]);
});

test("after CONNECT nothing more until it is ready", async () => {
  engine.push(CONNECT);
  engine.push("a");
  engine.feed.offer();
  engine.finish();
  await turn();
  expect(engine.given).toEqual([CONNECT]);
  engine.feed.ready();
  await turn();
  expect(engine.given).toEqual([CONNECT, "a"]);
});

test("what stands first may take the short way as soon as all before it is finished", async () => {
  engine.push("a", 1);
  engine.push("bc", 0x30);
  engine.carry = (_bytes, _start, end) => end;
  engine.feed.offer();
  engine.finish();
  await turn();
  expect(engine.given).toEqual(["a"]);
  expect(engine.feed.quiet).toBe(true);
});

test("all connections together have so many bytes in the engine, and one that ends gives back its own", async () => {
  const [first, second] = [new Engine(budget), new Engine(budget)];
  for (const each of [first, second]) {
    each.push("12345678");
    each.feed.offer();
  }
  expect([first.given, second.given]).toEqual([["12345678"], []]);
  first.feed.close();
  expect(second.given).toEqual(["12345678"]);
});
