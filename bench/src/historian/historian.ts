import type { Benchmark } from "../benchmark.js";
import { median, percentile, spread } from "../statistics.js";
import { memoryOver } from "./memory.js";
import { occupancyBytes } from "./occupancy.js";
import { Sensors } from "./sensors.js";
import { fieldmeshStore, plainStore, type Store } from "./stores.js";

const STREAMS = 1_000;
const READINGS_PER_APPEND = 50; // of each stream: a second's worth at 50,000 readings/s
const DAY = 86_400; // readings of one stream at 1 Hz
const POINTS_MS = 20; // for a day to 1,000 points; most of it is left for thinning and the answer
const MANY = 10_000;
/** What the garbage collector leaves one time and not another. */
const FLAT_MIB = 8;

/** What the historian's store takes and gives: readings in, a day out, bytes on the medium, memory. */
export const historian: Benchmark = {
  title: "Storing readings",
  async run({ progress, quick }) {
    const seconds = quick ? 10 : 40;
    const appended: Record<string, number[]> = {};
    const days: Record<string, { firstMs: number; againMs: number[] }> = {};
    for (const make of [fieldmeshStore, plainStore]) {
      const store = await make();
      progress(`${store.name}: append over ${STREAMS} streams`);
      appended[store.name] = await appendRates(store, seconds);
      await store.remove();
      const other = await make();
      progress(`${store.name}: a day of one stream`);
      days[store.name] = await readDay(other, quick ? 10 : 50);
      await other.remove();
    }
    progress("bytes per reading");
    const bytes = await occupancyBytes();
    if (bytes === undefined) progress("OCCUPANCY_DATA names no folder with the recorded dataset: left out");
    progress(`memory over ${MANY} streams`);
    const rounds = quick ? 80 : 160;
    const memory = { few: await memoryOver(STREAMS, rounds, 10), many: await memoryOver(MANY, rounds, 1) };

    const names = Object.keys(appended);
    const [ours = "", peer = ""] = names;
    const row = (text: string, cell: (name: string) => string) => [text, cell(ours), cell(peer)];
    const rows = [
      row(`appended over ${STREAMS} streams, readings/s, safe on the medium`, (name) =>
        spread(appended[name] ?? [], 0),
      ),
      row(
        "a day at 1 Hz (86,400 readings) to columns, just opened, ms",
        (name) => days[name]?.firstMs.toFixed(1) ?? "",
      ),
      row("the same again, ms", (name) => spread(days[name]?.againMs ?? [])),
    ];
    const bytesOf = (name: string) =>
      bytes?.find(({ store }) => store === name)?.bytesPerReading ?? Number.NaN;
    if (bytes !== undefined) {
      rows.push(row("bytes of the file per reading, recorded dataset", (name) => bytesOf(name).toFixed(2)));
    }
    const quarter = rounds / 4;
    const before = median(memory.many.slice(2 * quarter, 3 * quarter));
    const after = median(memory.many.slice(3 * quarter));
    const few = median(memory.few.slice(3 * quarter));
    rows.push([`memory of its own with ${STREAMS} streams, MiB`, few.toFixed(0), ""]);
    rows.push([`with ${MANY} streams, MiB`, `${after.toFixed(0)}`, ""]);
    rows.push(["of that more than in the quarter of the run before, MiB", (after - before).toFixed(1), ""]);
    const rate = median(appended[ours] ?? []);
    const again = days[ours]?.againMs ?? [];
    return {
      title: "Storing readings",
      about: `The historian's embedded store beside LMDB with an entry for each reading. Appends of ${READINGS_PER_APPEND} readings of each of ${STREAMS} streams, each waited for until it is safe on the medium, over ${seconds} s. The recorded dataset is an office room over three weeks (temperature, humidity, light, CO2, occupancy; a reading a minute), of which whole blocks are counted, with all of the file's pages that hold readings, numbers and records.`,
      columns: ["", ...names],
      rows,
      required: [
        { text: "at least 50,000 readings/s", met: rate >= 50_000 },
        {
          text: `a day to columns in half of the ${POINTS_MS} ms for 1,000 points`,
          met: percentile(again, 50) <= POINTS_MS / 2,
        },
        ...(bytes === undefined ? [] : [{ text: "under 5 bytes per reading", met: bytesOf(ours) < 5 }]),
        { text: `memory flat over ${MANY} streams (${FLAT_MIB} MiB)`, met: after - before < FLAT_MIB },
      ],
      data: { appended, days, bytes, memory },
    };
  },
};

/** Readings/s of each second. */
async function appendRates(store: Store, seconds: number): Promise<number[]> {
  const sensors = new Sensors(STREAMS, 20);
  const rates: number[] = [];
  await store.append(sensors.next(READINGS_PER_APPEND)); // warms up
  for (let second = 0; second < seconds; second += 1) {
    let readings = 0;
    let busyMs = 0;
    while (busyMs < 1_000) {
      const batch = sensors.next(READINGS_PER_APPEND);
      const startedAt = performance.now();
      await store.append(batch);
      busyMs += performance.now() - startedAt;
      readings += STREAMS * READINGS_PER_APPEND;
    }
    rates.push((readings / busyMs) * 1_000);
  }
  return rates;
}

async function readDay(store: Store, rounds: number): Promise<{ firstMs: number; againMs: number[] }> {
  const sensors = new Sensors(1, 1_000);
  const [stream = ""] = sensors.streams;
  for (let read = 0; read < DAY; read += 600) await store.append(sensors.next(600));
  await store.reopen();
  const once = async () => {
    const startedAt = performance.now();
    const columns = await store.read(stream);
    const ms = performance.now() - startedAt;
    if (columns.reduce((sum, { length }) => sum + length, 0) !== DAY) throw new Error("readings are missing");
    return ms;
  };
  const firstMs = await once();
  const againMs: number[] = [];
  for (let round = 0; round < rounds; round += 1) againMs.push(await once());
  return { firstMs, againMs };
}
