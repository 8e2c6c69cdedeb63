import type { LossEntry } from "@fieldmesh/protocol";
import { type ConsumerState, createStreamConsumer, type StreamConsumer } from "@fieldmesh/runtime";
import type { Collection } from "@fieldmesh/storage";
import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { embeddedStorage } from "../testing/embedded.js";
import { FakeLink } from "../testing/fake-link.js";
import { FakeNode } from "../testing/fake-node.js";
import { quiet } from "../testing/quiet.js";
import { createLossLedger, type LossLedger } from "./loss-ledger.js";
import { LOSS_INDEXES, type LossLedgerDocument } from "./loss-store.js";

const STREAM = "env_desk_temperature";
const START = 1_763_640_000_000;

type Step =
  | { do: "pass"; seconds: number }
  | { do: "cut" | "connect" | "stop" | "kill" | "start" | "forget" | "stats" }
  | { do: "lose" | "deafen" | "jumble"; on: boolean }
  | { do: "drop" | "giveUp"; count: number }
  | { do: "link"; up: boolean }
  | { do: "clock"; aheadMs: number }
  | { do: "flush" | "checkpoint" | "die" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("pass" as const), seconds: fc.integer({ min: 1, max: 12 }) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom("cut" as const, "connect", "stop", "kill", "start", "forget", "stats"),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom("lose" as const, "deafen", "jumble"), on: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom("drop" as const, "giveUp"),
      count: fc.integer({ min: 1, max: 5 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("link" as const), up: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("clock" as const),
      aheadMs: fc.constantFrom(-3_600_000, 0, 3_600_000),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("flush" as const, "checkpoint", "die") }) },
);

/** Readings come twice and in another order, as from brokers and networks that do as they like. */
class JumblingLink extends FakeLink {
  jumbling = false;
  #waiting: [string, string][] = [];

  override send(topic: string, payload: string, retain = false): void {
    if (this.jumbling && topic.endsWith("/raw")) this.#waiting.push([topic, payload], [topic, payload]);
    else super.send(topic, payload, retain);
  }

  deliver(): void {
    // An order that is none, and the same at each run.
    const jumbled = this.#waiting.map((message, n) => ({ message, key: (n * 7_919 + 13) % 101 }));
    this.#waiting = [];
    for (const { message } of jumbled.toSorted((a, b) => a.key - b.key)) super.send(...message);
  }
}

type How = "on time" | "otherwise" | "given up";
type Seen = Map<number, Map<number, How>>;

/** A node, its broker and a historian, driven step by step. */
class World {
  readonly #collection: Collection<LossLedgerDocument>;
  #link = new JumblingLink();
  /** Of the node's clock, which nobody measures. */
  #aheadMs = 0;
  readonly #node = new FakeNode(this.#link, () => Date.now() + this.#aheadMs);
  #boot = START / 1_000;
  losses: LossLedger | undefined;
  consumer: StreamConsumer | undefined;
  #state: ConsumerState | undefined;
  #checkpointAt = 0;
  /** What this test saw come, by boot and number. */
  #seen: Seen = new Map();
  #seenThen: Seen = new Map();

  constructor(collection: Collection<LossLedgerDocument>) {
    this.#collection = collection;
  }

  async begin(): Promise<void> {
    const losses = createLossLedger({
      collection: this.#collection,
      consumer: () => consumer,
      clock: () => Date.now(),
      log: quiet,
    });
    const consumer = createStreamConsumer({
      links: [this.#link],
      by: "test",
      log: quiet,
      measureClocks: false,
      ...(this.#state === undefined ? {} : { state: structuredClone(this.#state) }),
      onReading: (arrived) => {
        const { boot, seq, backfill } = arrived.reading;
        const seen = this.#seen.get(boot) ?? new Map<number, How>();
        this.#seen.set(boot, seen.set(seq, backfill === true ? "otherwise" : "on time"));
        losses.arrived(arrived);
      },
      onNode: (node, change) => losses.node(node, change),
      onAsked: ({ name }, { boot, from, to }) => losses.asked(name, boot, from, to),
      onAnswered: ({ name }) => losses.answered(name),
      onLink: (index, connected) => losses.link(connected, Date.now(), index),
    });
    this.losses = losses;
    this.consumer = consumer;
    await losses.restore();
    if (this.#state !== undefined) losses.awayBetween(this.#checkpointAt, Date.now());
    consumer.start();
    if (this.#node.connected) this.#node.tell(true);
  }

  async step(one: Step): Promise<void> {
    const node = this.#node;
    switch (one.do) {
      case "pass":
        await this.#pass(one.seconds);
        return;
      case "cut":
        if (node.connected) node.cut();
        return;
      case "connect":
        if (node.running && !node.connected) node.connect();
        return;
      case "stop":
        if (node.running) node.stop();
        return;
      case "kill":
        if (node.running) node.kill();
        return;
      case "start":
        this.#boot = Math.max(this.#boot + 1, Math.floor(Date.now() / 1_000));
        if (!node.running) node.start(this.#boot);
        return;
      case "forget":
        node.forget();
        return;
      case "stats":
        if (node.running) node.stats();
        return;
      case "lose":
        node.losing = one.on;
        return;
      case "deafen":
        node.deaf = one.on;
        return;
      case "jumble":
        this.#link.jumbling = one.on;
        return;
      case "drop":
        if (node.running) node.drop(one.count, "full");
        return;
      case "giveUp":
        this.#giveUp(one.count);
        return;
      case "link":
        if (one.up && !this.#link.connected) {
          this.#link.connect();
          if (node.connected) node.tell(true);
        } else if (!one.up && this.#link.connected) this.#link.disconnect();
        return;
      case "clock":
        this.#aheadMs = one.aheadMs;
        return;
      case "flush":
        await this.losses?.flush();
        return;
      case "checkpoint":
        await this.losses?.flush();
        this.#state = structuredClone(this.consumer?.save());
        this.#checkpointAt = Date.now();
        this.#seenThen = structuredClone(this.#seen);
        return;
      case "die":
        if (this.#state === undefined) return;
        await this.close();
        await this.#pass(3);
        this.#restart();
        await this.begin();
        return;
    }
  }

  /** What came since the checkpoint comes again; what was given up of before it stays so. */
  #restart(): void {
    for (const [boot, seen] of this.#seenThen) {
      for (const [seq, how] of this.#seen.get(boot) ?? []) {
        if (how === "given up" && seen.has(seq)) seen.set(seq, how);
      }
    }
    this.#seen = structuredClone(this.#seenThen);
  }

  /** The historian cannot keep the oldest that came. */
  #giveUp(count: number): void {
    const [row] = this.losses?.account(STREAM) ?? [];
    const seen = [...(this.#seen.get(row?.boot ?? 0) ?? [])];
    const counted = seen.filter(([seq, how]) => how !== "given up" && seq >= (row?.countedFrom ?? 0));
    for (const [seq] of counted.toSorted(([a], [b]) => a - b).slice(0, count)) {
      this.losses?.dropped(STREAM, row?.boot ?? 0, [[seq, seq]], "historian-full");
      this.#seen.get(row?.boot ?? 0)?.set(seq, "given up");
    }
  }

  async #pass(seconds: number): Promise<void> {
    for (let n = 0; n < seconds; n++) {
      await vi.advanceTimersByTimeAsync(1_000);
      this.#node.read();
      this.#link.deliver();
      if ((Date.now() - START) % 10_000 === 0 && this.#node.running) this.#node.stats();
      this.losses?.tick(Date.now());
    }
  }

  async close(): Promise<void> {
    await this.consumer?.close();
  }

  /** The identity, from the entries. */
  async check(): Promise<void> {
    const terms = this.consumer
      ?.stream({ domain: "env", node: "desk", sensor: "temperature" })
      ?.ledger.terms();
    if (this.losses === undefined || terms === undefined) return;
    const { entries } = await this.losses.entries(STREAM, { limit: 1_000 });
    const account = this.losses.account(STREAM);
    expect(account.map(({ boot }) => boot)).toEqual(terms.map(({ boot }) => boot).reverse());
    for (const row of account) {
      const term = terms.find(({ boot }) => boot === row.boot);
      const { countedFrom, lastSeq, stored, dropped, held, unknown, late, recovered } = row;
      const seen = [...(this.#seen.get(row.boot) ?? [])].filter(([seq]) => seq >= countedFrom);
      const count = (which: string) => seen.filter(([, how]) => how === which).length;
      expect({ countedFrom, lastSeq, stored, dropped, held, unknown }).toEqual({
        countedFrom: term?.countedFrom,
        lastSeq: term?.lastSeq,
        stored: (term?.stored ?? 0) - count("given up"),
        dropped: (term?.dropped ?? 0) + count("given up"),
        held: term?.held,
        unknown: term?.unknown,
      });
      expect(lastSeq - countedFrom + 1).toBe(stored + dropped + held + unknown);
      const sum = (explanation: LossEntry["explanation"]) =>
        entries
          .filter((entry) => entry.boot === row.boot && entry.explanation === explanation)
          .reduce((total, { count }) => total + count, 0);
      expect({
        dropped: sum("dropped"),
        held: sum("held"),
        unknown: sum("unknown"),
        late: sum("late"),
        recovered: sum("recovered"),
      }).toEqual({ dropped, held, unknown, late, recovered });
      expect(stored).toBe(count("on time") + late + recovered);
    }
    for (const { count, from, to, fromAt, toAt, open, explanation, came } of entries) {
      expect(count).toBeLessThanOrEqual(from === 0 ? 0 : to - from + 1);
      expect(toAt ?? Date.now()).toBeGreaterThanOrEqual(fromAt);
      expect(came !== undefined).toBe(explanation === "late" || explanation === "recovered");
      if (explanation === "held") expect(open).toBe(true);
    }
  }
}

const open = async () =>
  await (await embeddedStorage()).collection<LossLedgerDocument>("losses", LOSS_INDEXES);

async function empty(used: Collection<LossLedgerDocument>): Promise<void> {
  const { items } = await used.find({ index: "id", limit: 1_000 });
  await Promise.all(items.map(({ id }) => used.delete(id)));
}

async function run(collection: Collection<LossLedgerDocument>, steps: readonly Step[]): Promise<void> {
  vi.useFakeTimers({
    now: START,
    toFake: ["Date", "setTimeout", "setInterval", "clearTimeout", "clearInterval", "performance"],
  });
  const world = new World(collection);
  try {
    await world.begin();
    await world.step({ do: "start" });
    for (const one of steps) {
      await world.step(one);
      await world.check();
    }
    // Whatever happened: with everything connected again nothing stays unexplained.
    for (const one of [
      { do: "lose", on: false },
      { do: "deafen", on: false },
      { do: "jumble", on: false },
      { do: "link", up: true },
      { do: "start" },
      { do: "connect" },
      { do: "pass", seconds: 150 },
    ] as const) {
      await world.step(one);
    }
    await world.check();
    for (const { held, unknown } of world.losses?.account(STREAM) ?? [])
      expect({ held, unknown }).toEqual({ held: 0, unknown: 0 });
  } finally {
    await world.close();
    vi.useRealTimers();
    await empty(collection);
  }
}

it("believes its consumer's ledger over what it kept later", async () => {
  const pass = { do: "pass" as const, seconds: 5 };
  await run(await open(), [
    pass,
    { do: "checkpoint" },
    { do: "cut" },
    pass,
    { do: "connect" },
    { do: "flush" },
    { do: "die" },
    pass,
  ]);
});

it("sums up to the identity at every step, whatever happens in whatever order", {
  timeout: 120_000,
}, async () => {
  const collection = await open();
  const steps = fc.array(step, { maxLength: 30, size: "max" });
  await fc.assert(
    fc.asyncProperty(steps, (some) => run(collection, some)),
    { numRuns: 60 },
  );
});
