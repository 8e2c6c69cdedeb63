import type { SampleColumns } from "@fieldmesh/storage";
import { openMongoSeries, startMongo, type TestMongo } from "@fieldmesh/storage/testing";
import type { Benchmark } from "../benchmark.js";
import { spread } from "../statistics.js";
import { appendRates } from "./append.js";
import { readDay } from "./day.js";
import { Sensors } from "./sensors.js";
import type { Store } from "./stores.js";

/** Of the stand-in, which looks through whole collections: enough to fill blocks. */
const FEW = 50;
const STREAMS = 1_000;
const READINGS_PER_APPEND = 100; // of each stream
/** More than a block of each stream. */
const APPENDS = 11;

const silent = { info: () => {}, warn: () => {} };

/** The historian's store on MongoDB: round trips and documents; on a real one also what it takes and gives. */
export const mongodb: Benchmark = {
  title: "Storing readings in MongoDB",
  async run({ progress, quick }) {
    const mongo = await startMongo();
    if (mongo === undefined) throw new Error("no MongoDB server: name one in MONGO_URL, or install mongod");
    try {
      const isReal = mongo.kind === "mongodb";
      const streams = isReal ? STREAMS : FEW;
      progress(`round trips of appends over ${streams} streams`);
      const { commands, documents, bytes, readings, engine } = await countCommands(mongo, streams);
      const perThousand = (count: number) => ((count * 1_000) / readings).toFixed(2);
      const rows = [
        ["commands sent per 1,000 readings", perThousand(commands)],
        ["documents held per 1,000 readings", perThousand(documents)],
        ["bytes of documents per reading, before the server compresses them", (bytes / readings).toFixed(0)],
      ];
      const data: Record<string, unknown> = { commands, documents, bytes, readings };
      if (isReal) {
        progress("append rates");
        const store = await mongoStore(mongo, "rates");
        const rates = await appendRates(store, quick ? 10 : 40);
        await store.remove();
        progress("a day of one stream");
        const other = await mongoStore(mongo, "day");
        const day = await readDay(other, quick ? 10 : 50);
        await other.remove();
        rows.push(
          [
            `appended over ${STREAMS} streams, readings/s, acknowledged by a majority's journal`,
            spread(rates, 0),
          ],
          ["a day at 1 Hz (86,400 readings) to columns, ms", spread(day.againMs)],
        );
        Object.assign(data, { rates, day });
      }
      const where = isReal
        ? engine
        : `${engine}, which stands in for MongoDB in tests: its speed says nothing about MongoDB and is left out`;
      return {
        title: "Storing readings in MongoDB",
        about: `The historian's store on ${where}. ${APPENDS} appends of ${READINGS_PER_APPEND} readings of each of ${streams} streams.`,
        columns: ["", "Fieldmesh on MongoDB"],
        rows,
        data,
      };
    } finally {
      await mongo.stop();
    }
  },
};

async function countCommands(mongo: TestMongo, streams: number) {
  let commands = 0;
  const series = await openMongoSeries({
    url: mongo.url,
    service: "count",
    log: silent,
    watch: () => {
      commands += 1;
    },
  });
  const sensors = new Sensors(streams, 1_000);
  const readings = streams * READINGS_PER_APPEND * APPENDS;
  await series.append(new Map([...sensors.next(1)].slice(0, 1))); // makes the indexes
  commands = 0;
  for (let n = 0; n < APPENDS; n += 1) await series.append(sensors.next(READINGS_PER_APPEND));
  const sent = commands;
  const { raw } = await series.sizes();
  // Of each stream: its own, its blocks, and one of what is left over.
  const blocks = Math.floor((READINGS_PER_APPEND * APPENDS) / 1_024);
  const engine = `${series.engine.name} ${series.engine.version}`;
  await series.close();
  return { commands: sent, documents: streams * (2 + blocks), bytes: raw.bytes, readings, engine };
}

async function mongoStore(mongo: TestMongo, service: string): Promise<Store> {
  const openHere = () => openMongoSeries({ url: mongo.url, service, log: silent });
  let series = await openHere();
  return {
    name: "Fieldmesh, MongoDB",
    append: async (batch) => void (await series.append(batch)),
    read: async (stream) => {
      const found: SampleColumns[] = [];
      for await (const columns of series.range(stream, { from: 0, to: 8e15 })) found.push(columns);
      return found;
    },
    bytes: async () => (await series.sizes()).raw.bytes,
    reopen: async () => {
      await series.close();
      series = await openHere();
    },
    remove: () => series.close(), // its database goes with the server's test
  };
}
