import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Item, ItemKind } from "./entry.js";
import { NodeLog } from "./log.js";
import type { LogLimits } from "./options.js";
import { FROM_THE_START } from "./scan.js";

/** What one stream of one boot should look like. */
interface Expected {
  values: Map<number, unknown>;
  acked: Set<number>;
}
type Streams = Map<string, Expected>;

const SENSORS = ["a", "b"];
const LIMITS: Partial<LogLimits> = {
  heldBytes: 24_000,
  heldMs: 60_000,
  replayBytes: 8_000,
  replayMs: 20_000,
  memoryBytes: 1_000_000,
};

type Step =
  | { do: "readings"; sensor: string; count: number }
  | { do: "event"; sensor: string }
  | { do: "ack"; sensor: string; from: number; share: number }
  | { do: "write" }
  | { do: "pass"; ms: number }
  | { do: "restart" }
  | { do: "kill" };

const sensor = fc.constantFrom(...SENSORS);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("readings" as const),
      sensor,
      count: fc.integer({ min: 1, max: 60 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("event" as const), sensor }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("ack" as const),
      sensor,
      from: fc.double({ min: 0, max: 1, noNaN: true }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  { weight: 5, arbitrary: fc.constant<Step>({ do: "write" }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 30_000 }) }),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ do: "restart" }) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: "kill" }) },
);

class Model {
  readonly clock = {
    at: 1_000_000,
    now: () => 1_763_640_000_000 + this.clock.at,
    monotonic: () => this.clock.at,
  };
  readonly #folder: string;
  log!: NodeLog;
  #boot = 0;
  #live: Streams = new Map();
  #durable: Streams = new Map();
  readonly #killed: NodeLog[] = [];
  #over = false;
  dropped: { kind: ItemKind; cause: string }[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  async open(): Promise<void> {
    this.log = await NodeLog.open({
      folder: this.#folder,
      limits: LIMITS,
      clock: this.clock,
      observer: {
        onDropped: (dropped) => this.dropped.push(dropped),
        onDiskError: (error) => {
          if (!this.#over) expect.unreachable(error.message);
        },
        onDiskRecovered: () => {},
      },
    });
    expect(this.log.report).toMatchObject({ tornBytes: 0, unreadable: [], lost: 0 });
    this.#check();
    this.#boot = this.log.lastBoot + 1;
    this.log.beginBoot(this.#boot);
    await this.#write();
  }

  /** The killed ones only let go of their files when all is over. */
  async close(): Promise<void> {
    this.#over = true;
    for (const log of [this.log, ...this.#killed]) await log.close();
  }

  async run(step: Step): Promise<void> {
    switch (step.do) {
      case "readings":
        for (let i = 0; i < step.count; i++) {
          const value = Math.round(Math.random() * 1_000);
          const reading = { sensor: step.sensor, value, unit: "1", timestamp: this.clock.now() };
          const { seq } = this.log.appendReading(isBad(value) ? { ...reading, quality: "bad" } : reading);
          this.#stream(`reading ${step.sensor} ${this.#boot}`).values.set(seq, value);
        }
        return;
      case "event": {
        const event = this.log.appendEvent({
          node: "n",
          sensor: step.sensor,
          rule: "r",
          state: "raised",
          severity: "info",
          value: 1,
          unit: "1",
          timestamp: 1,
          since: 1,
          message: "",
        });
        this.#stream(`event ${step.sensor}/r ${this.#boot}`).values.set(event.seq, 1);
        return;
      }
      case "ack":
        for (const kind of ["reading", "event"] as const) this.#acknowledge(kind, step);
        return;
      case "write":
        return this.#write();
      case "pass":
        this.clock.at += step.ms;
        return this.#write();
      case "restart":
        await this.log.close();
        this.#durable = copy(this.#live);
        return this.open();
      case "kill": // what was not written is gone; the folder stays as it is
        this.#live = copy(this.#durable);
        this.#killed.push(this.log);
        return this.open();
    }
  }

  #stream(id: string): Expected {
    const stream = this.#live.get(id) ?? { values: new Map(), acked: new Set() };
    this.#live.set(id, stream);
    return stream;
  }

  #acknowledge(kind: ItemKind, step: { sensor: string; from: number; share: number }): void {
    const key = kind === "reading" ? step.sensor : `${step.sensor}/r`;
    for (const [id, stream] of this.#live) {
      const [k, name, boot] = id.split(" ");
      if (k !== kind || name !== key) continue;
      const first = Math.ceil(step.from * stream.values.size);
      const last = first + Math.ceil(step.share * stream.values.size);
      for (let seq = Math.max(1, first); seq <= last; seq++) {
        const item = { kind, key, boot: Number(boot), seq };
        if (!this.log.isHeld(item)) continue;
        this.log.acknowledge(item);
        stream.acked.add(seq);
      }
    }
  }

  async #write(): Promise<void> {
    await this.log.write();
    this.#durable = copy(this.#live);
  }

  /** Each item that was given is exactly one of delivered, held and gone. */
  #check(): void {
    for (const [id, expected] of this.#live) {
      const [kind, key, boot] = id.split(" ") as [ItemKind, string, string];
      const stream = this.log.account(kind, key, Number(boot));
      const given = Math.max(0, ...expected.values.keys());
      if (stream === undefined) {
        expect([given, kind]).toEqual([0, kind]);
        continue;
      }
      expect(stream.lastSeq).toBe(given);
      if (kind === "reading") expect(stream.bad).toBe([...expected.values.values()].filter(isBad).length);
      const lost = new Set<number>();
      for (const [from, to] of stream.lost()) for (let seq = from; seq <= to; seq++) lost.add(seq);
      for (let seq = 1; seq <= given; seq++) {
        const places = [expected.acked.has(seq), stream.held.has(seq), lost.has(seq)].filter(Boolean);
        expect([id, seq, places.length]).toEqual([id, seq, 1]);
      }
    }
  }

  /** What is held can be read, in order; what can be read is what was given; the bounds hold. */
  async verify(): Promise<void> {
    await this.#write();
    this.#check();
    for (const kind of ["reading", "event"] as const) {
      const items: Item[] = [];
      for (let cursor = FROM_THE_START; ; ) {
        const batch = await this.log.held(kind, cursor, 7, (name) => items.some((item) => same(item, name)));
        if (batch.items.length === 0) break;
        items.push(...batch.items);
        cursor = batch.cursor;
      }
      expect(items.length).toBe(this.log.heldCount(kind));
    }
    for (const [id, expected] of this.#live) {
      const [kind, key = "", boot] = id.split(" ");
      if (kind !== "reading") continue;
      let before = 0;
      for await (const reading of this.log.read(key, Number(boot), 1, Number.MAX_SAFE_INTEGER)) {
        expect(reading.seq).toBeGreaterThan(before);
        expect(reading.value).toBe(expected.values.get(reading.seq));
        before = reading.seq;
      }
    }
    // Two segments may be in the making beyond each bound; snapshots come on top.
    const { bytes } = this.log.size();
    expect(bytes).toBeLessThan(24_000 + 8_000 + 4 * 3_000 + 12_000);
    if (this.log.heldCount("reading") > 0) {
      expect(this.dropped.filter(({ kind, cause }) => kind === "event" && cause === "full")).toEqual([]);
    }
  }
}

function isBad(value: unknown): boolean {
  return typeof value === "number" && value % 10 === 0;
}

function same(a: Item, b: { key: string; boot: number; seq: number }): boolean {
  return a.key === b.key && a.boot === b.boot && a.seq === b.seq;
}

function copy(streams: Streams): Streams {
  return new Map([...streams].map(([id, s]) => [id, { values: new Map(s.values), acked: new Set(s.acked) }]));
}

it("accounts for each item through any order of giving, acknowledging, dropping, ending and killing", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60 }), async (steps) => {
      const folder = await mkdtemp(join(tmpdir(), "fieldmesh-log-"));
      const model = new Model(folder);
      try {
        await model.open();
        for (const one of steps) await model.run(one);
        await model.verify();
      } finally {
        await model.close();
        await rm(folder, { recursive: true });
      }
    }),
    { numRuns: 60 },
  );
}, 60_000);
