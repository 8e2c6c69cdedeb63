import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createMeasurement, type MeasureDocument, type Measurement } from "@fieldmesh/historian";
import { encodeBirth, encodeReading, encodeStats, type SensorStats } from "@fieldmesh/protocol";
import {
  type ArrivedReading,
  type ConsumerClock,
  createLog,
  createStreamConsumer,
  type MessageHandler,
  type MqttLink,
  type StreamConsumer,
} from "@fieldmesh/runtime";
import { type Collection, openSeries, type Sample, type Series } from "@fieldmesh/storage";
import type { BenchContext, Benchmark } from "../benchmark.js";
import { median, spread } from "../statistics.js";

/** Measuring may add a fifth to ingest: to all that a reading costs from its message to the store. */
const MOST = 1.2;
const NODES = 50;
const SENSORS = 20;
const MANY_STREAMS = 10_000;
const START = 1_763_640_000_000;
const BOOT = 1_763_639_000;
const log = createLog("bench", { level: "silent" });

/** Nothing is kept: what a store costs is measured elsewhere. */
const nowhere: Collection<MeasureDocument> = {
  get: () => Promise.resolve(undefined),
  insert: (id, document) => Promise.resolve({ id, version: 1, document }),
  replaceIf: (id, version, document) => Promise.resolve({ id, version: version + 1, document }),
  delete: () => Promise.resolve(true),
  find: () => Promise.resolve({ items: [] }),
  count: () => Promise.resolve(0),
};

/** Time that passes as the load says. */
class LoadClock implements ConsumerClock {
  ms = START;
  now(): number {
    return this.ms;
  }
  monotonic(): number {
    return this.ms;
  }
}

/** A link into which messages are put by hand: no broker is measured here. */
class HandLink implements MqttLink {
  readonly connected = true;
  readonly url = "mqtt://bench";
  receive: MessageHandler = () => {};
  start(): void {}
  onConnect() {
    return () => {};
  }
  onDisconnect() {
    return () => {};
  }
  onMessage(handler: MessageHandler) {
    this.receive = handler;
    return () => {};
  }
  publish(): Promise<void> {
    return Promise.resolve();
  }
  subscribe(): Promise<void> {
    return Promise.resolve();
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** µs of CPU, garbage collection included. */
interface Spent {
  /** Parse, ledger, queue, and the meters where there are any. */
  wayIn: number;
  /** Until the readings are safe in the store. */
  store: number;
}

/** The historian's way in: parse, ledger, queue, the meters where there are any, and the store. */
class Intake {
  readonly clock = new LoadClock();
  readonly link = new HandLink();
  readonly measurement: Measurement | undefined;
  readonly consumer: StreamConsumer;
  readonly #series: Series;
  #queue: [string, Sample][] = [];

  constructor(measured: boolean, series: Series) {
    this.#series = series;
    const { clock, link } = this;
    const measurement = measured
      ? createMeasurement({ collection: nowhere, consumer: () => this.consumer, clock, log })
      : undefined;
    this.measurement = measurement;
    this.consumer = createStreamConsumer({
      links: [link],
      by: "bench",
      log,
      clock,
      resend: false,
      onReading: (arrived) => {
        this.#queue.push([arrived.name, sampleOf(arrived)]);
        measurement?.arrived(arrived);
      },
      onDuplicate: ({ name }, at) => measurement?.duplicate(name, at),
      onNode: (node, change) => measurement?.node(node, change),
    });
    this.consumer.start();
  }

  /** The clocks of the nodes are taken as measured: nothing waits for them. */
  measureClocks(): void {
    for (const node of this.consumer.nodes.values()) {
      this.measurement?.node(
        { ...node, legacy: false, clockOffset: { offsetMs: 3, delayMs: 1, at: START } },
        "offset",
      );
    }
  }

  /** One second: stats every tenth, every stream's reading, a tick, and all of it stored. */
  async second(messages: readonly (readonly [string, Buffer])[], at: number): Promise<Spent> {
    this.clock.ms = at;
    const info = { retain: false, dup: false, qos: 1 as const };
    const before = process.cpuUsage();
    for (const [topic, payload] of messages) this.link.receive(topic, payload, info);
    this.measurement?.tick(at);
    const wayIn = process.cpuUsage(before);
    const storing = process.cpuUsage();
    await this.#series.append(new Map(this.#queue.map(([name, sample]) => [name, [sample]])));
    const store = process.cpuUsage(storing);
    this.#queue = [];
    return { wayIn: wayIn.user + wayIn.system, store: store.user + store.system };
  }
}

function sampleOf({ reading, clockOffsetMs }: ArrivedReading): Sample {
  const { boot, seq, timestamp, value, unit } = reading;
  return { boot, seq, at: timestamp - clockOffsetMs, timestamp, value, unit };
}

function births(): [string, Buffer][] {
  return Array.from({ length: NODES }, (_, node) => [
    `env/node-${node}/birth`,
    Buffer.from(
      encodeBirth({
        node: `node-${node}`,
        domain: "env",
        boot: BOOT,
        version: "1",
        host: "bench",
        startedAt: START,
        sensors: Array.from({ length: SENSORS }, (__, sensor) => ({
          id: `sensor-${sensor}`,
          type: "temperature",
          valueType: "number",
          unit: "Cel",
          range: { min: -40, max: 85 },
          intervalMs: 1_000,
          driver: "simulated",
          rules: [],
        })),
      }),
    ),
  ]);
}

function readings(seq: number, at: number): [string, Buffer][] {
  const messages: [string, Buffer][] = [];
  for (let node = 0; node < NODES; node++) {
    for (let sensor = 0; sensor < SENSORS; sensor++) {
      const reading = {
        node: `node-${node}`,
        sensor: `sensor-${sensor}`,
        value: 20 + ((seq * 7 + sensor * 13) % 1_000) / 100,
        unit: "Cel",
        timestamp: at - delayOf(node * SENSORS + sensor + seq),
        boot: BOOT,
        seq,
      };
      messages.push([`env/node-${node}/sensor-${sensor}/raw`, Buffer.from(encodeReading(reading))]);
    }
    if (seq % 10 !== node % 10) continue;
    const account: SensorStats = {
      read: seq,
      suppressed: 0,
      bad: 0,
      lastSeq: seq,
      dropped: [],
      held: [],
      keptFrom: 1,
      state: "ok",
    };
    const sensors = Object.fromEntries(Array.from({ length: SENSORS }, (_, id) => [`sensor-${id}`, account]));
    const stats = { boot: BOOT, timestamp: at, sensors, log: { bytes: 0, oldest: null }, previous: [] };
    messages.push([`env/node-${node}/stats`, Buffer.from(encodeStats(stats))]);
  }
  return messages;
}

/** Most take some ms, one in a hundred some hundreds. */
function delayOf(n: number): number {
  const spreadOut = (n * 7_919) % 100;
  return spreadOut === 0 ? 300 + (n % 400) : 2 + (spreadOut % 15);
}

type Samples = Record<"without" | "with", Spent[]>;

async function ingest(context: BenchContext): Promise<Samples> {
  const folder = await mkdtemp(join(tmpdir(), "fieldmesh-measure-"));
  const open = (service: string): Promise<Series> =>
    openSeries({ address: { kind: "folder", path: folder }, service, log });
  const stores = { without: await open("without"), with: await open("with") };
  try {
    return await ingestInto(stores, context);
  } finally {
    await stores.without.close();
    await stores.with.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function ingestInto(
  stores: Record<"without" | "with", Series>,
  { progress, quick }: BenchContext,
): Promise<Samples> {
  const subjects = { without: new Intake(false, stores.without), with: new Intake(true, stores.with) };
  const samples: Samples = { without: [], with: [] };
  const names = ["without", "with"] as const;
  for (const name of names) {
    await subjects[name].second(births(), START);
    subjects[name].measureClocks();
  }
  const rounds = quick ? 4 : 12;
  const seconds = 60;
  let seq = 0;
  for (let round = -2; round < rounds; round++) {
    progress(round < 0 ? "warming up" : `round ${round + 1} of ${rounds}`);
    const us = { without: { wayIn: 0, store: 0 }, with: { wayIn: 0, store: 0 } };
    for (let second = 0; second < seconds; second++) {
      seq += 1;
      const at = START + seq * 1_000;
      const messages = readings(seq, at);
      // Whoever comes first finds the messages cold: in turns.
      const order = second % 2 === 0 ? names : names.toReversed();
      for (const name of order) {
        const spent = await subjects[name].second(messages, at);
        us[name].wayIn += spent.wayIn;
        us[name].store += spent.store;
      }
    }
    if (round < 0) continue;
    const count = seconds * NODES * SENSORS;
    for (const name of names) {
      samples[name].push({ wayIn: us[name].wayIn / count, store: us[name].store / count });
    }
  }
  for (const name of names) await subjects[name].consumer.close();
  return samples;
}

/** Bytes for each of many streams, after an hour of readings with all kinds of delays. */
function memory(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const used = () => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const clock = new LoadClock();
  const before = used();
  const measurement = createMeasurement({
    collection: nowhere,
    consumer: () => {
      throw new Error("nobody asks");
    },
    clock,
    log,
  });
  for (let second = 1; second <= 60; second++) {
    const at = START + second * 20_000;
    clock.ms = at;
    for (let id = 0; id < MANY_STREAMS; id++) {
      const stream = { domain: "env", node: `node-${id}`, sensor: "temperature" };
      const reading = {
        node: stream.node,
        sensor: "temperature",
        value: 20,
        unit: "Cel",
        timestamp: at - delayOf(id + second) + 3,
        boot: BOOT,
        seq: second,
      };
      const arrived = {
        stream,
        reading,
        accounted: true,
        outOfOrder: false,
        arrivedAt: at,
        clockOffsetMs: 3,
      };
      measurement.arrived({ ...arrived, name: `env_node-${id}_temperature` });
    }
  }
  const bytes = (used() - before) / MANY_STREAMS;
  measurement.counts("env_node-0_temperature", 60_000); // in use until here
  return bytes;
}

/** What measuring the streams adds to the way in of readings, and what it keeps in memory. */
export const measure: Benchmark = {
  title: "Measuring streams",
  async run(context) {
    const samples = await ingest(context);
    context.progress(`memory of ${MANY_STREAMS} streams`);
    const bytes = memory();
    const ratiosOf = (us: (spent: Spent) => number): number[] =>
      samples.with.map((spent, round) => {
        const without = samples.without[round];
        return us(spent) / (without === undefined ? Number.NaN : us(without));
      });
    const ratios = ratiosOf(({ wayIn, store }) => wayIn + store);
    const wayIn = ({ wayIn: us }: Spent): number => us;
    const streams = NODES * SENSORS;
    return {
      title: "Measuring streams",
      about: `Readings of ${streams} streams through the parser, the ledger and the queue into the embedded store, safe on the medium, a second's worth at a time, with and without the meters of the historian (each stream over 1 minute, 1 hour, 24 hours and 30 days); ${samples.with.length} runs of ${60 * streams} readings each, stats and ticks included.`,
      columns: ["", "µs of CPU per reading"],
      rows: [
        ["parse, ledger, queue", spread(samples.without.map(wayIn), 2)],
        ["the same, measured", spread(samples.with.map(wayIn), 2)],
        ["of each run, measured / not measured", spread(ratiosOf(wayIn), 2)],
        [
          "the store",
          spread(
            samples.without.map(({ store }) => store),
            2,
          ),
        ],
        ["of each run, all of ingest, measured / not measured", spread(ratios, 2)],
        [`memory for each of ${MANY_STREAMS} streams`, `${(bytes / 1_024).toFixed(1)} KiB`],
      ],
      required: [
        { text: `measuring adds at most ${Math.round((MOST - 1) * 100)} %`, met: median(ratios) <= MOST },
      ],
      data: { ...samples, ratios, bytesPerStream: bytes },
    };
  },
};
