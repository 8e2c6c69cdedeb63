import type { Benchmark } from "../benchmark.js";
import { median, spread } from "../statistics.js";
import { appendRates, READINGS_PER_APPEND, STREAMS } from "./append.js";
import { type DayTimes, readDay } from "./day.js";
import { memoryOver } from "./memory.js";
import { occupancyBytes } from "./occupancy.js";
import { fieldmeshStore, plainStore } from "./stores.js";

const POINTS_MS = 20; // for a day to 1,000 points
const MANY = 10_000;
/** What the garbage collector leaves one time and not another. */
const FLAT_MIB = 8;

/** What the historian's store takes and gives: readings in, a day out, bytes on the medium, memory. */
export const historian: Benchmark = {
  title: "Storing readings",
  async run({ progress, quick }) {
    const seconds = quick ? 10 : 40;
    const appended: Record<string, number[]> = {};
    const days: Record<string, DayTimes> = {};
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
      row("to 1,000 points by largest triangle, ms", (name) => spread(days[name]?.triangleMs ?? [])),
      row("to 1,000 points by least and greatest, ms", (name) => spread(days[name]?.minMaxMs ?? [])),
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
    const { triangleMs = [], minMaxMs = [] } = days[ours] ?? {};
    const points = Math.max(median(triangleMs), median(minMaxMs));
    return {
      title: "Storing readings",
      about: `The historian's embedded store beside LMDB with an entry for each reading. Appends of ${READINGS_PER_APPEND} readings of each of ${STREAMS} streams, each waited for until it is safe on the medium, over ${seconds} s. The recorded dataset (UCI "Occupancy Detection"; OCCUPANCY_DATA names its folder) is an office room over three weeks (temperature, humidity, light, CO2, occupancy; a reading a minute), of which whole blocks are counted, with all of the file's pages that hold readings, numbers and records.`,
      columns: ["", ...names],
      rows,
      required: [
        { text: "at least 50,000 readings/s", met: rate >= 50_000 },
        { text: `a day to 1,000 points in under ${POINTS_MS} ms`, met: points < POINTS_MS },
        ...(bytes === undefined ? [] : [{ text: "under 5 bytes per reading", met: bytesOf(ours) < 5 }]),
        { text: `memory flat over ${MANY} streams (${FLAT_MIB} MiB)`, met: after - before < FLAT_MIB },
      ],
      data: { appended, days, bytes, memory },
    };
  },
};
