import { thinLargestTriangle, thinMinMax } from "@fieldmesh/historian";
import type { SampleColumns } from "@fieldmesh/storage";
import { Sensors } from "./sensors.js";
import type { Store } from "./stores.js";

/** Readings of one stream at 1 Hz. */
const DAY = 86_400;
const POINTS = 1_000;

/** Times of a day of one stream, ms. */
export interface DayTimes {
  /** To columns, by a store that was just opened. */
  firstMs: number;
  /** The same again. */
  againMs: number[];
  /** To 1,000 points, from the store to the indices, with either way of thinning. */
  triangleMs: number[];
  minMaxMs: number[];
}

export async function readDay(store: Store, rounds: number): Promise<DayTimes> {
  const sensors = new Sensors(1, 1_000);
  const [stream = ""] = sensors.streams;
  for (let read = 0; read < DAY; read += 600) await store.append(sensors.next(600));
  await store.reopen();
  const read = async () => {
    const columns = await store.read(stream);
    if (columns.reduce((sum, { length }) => sum + length, 0) !== DAY) throw new Error("readings are missing");
    return columns;
  };
  const thinned = (thin: typeof thinMinMax) => async () => {
    const kept = thin(lineOf(await read()), POINTS);
    if (kept.length > POINTS || kept.length < POINTS / 4) throw new Error(`${kept.length} points`);
  };
  const times: DayTimes = { firstMs: await msOf(read), againMs: [], triangleMs: [], minMaxMs: [] };
  for (let round = 0; round < rounds; round += 1) {
    times.againMs.push(await msOf(read));
    times.triangleMs.push(await msOf(thinned(thinLargestTriangle)));
    times.minMaxMs.push(await msOf(thinned(thinMinMax)));
  }
  return times;
}

async function msOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/** The stretches as one line. */
function lineOf(stretches: readonly SampleColumns[]): { t: Float64Array; v: Float64Array } {
  const t = new Float64Array(DAY);
  const v = new Float64Array(DAY);
  let at = 0;
  for (const { at: times, value, length } of stretches) {
    t.set(times, at);
    v.set(value, at);
    at += length;
  }
  return { t, v };
}
