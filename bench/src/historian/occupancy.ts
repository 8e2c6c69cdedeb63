import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Sample } from "@fieldmesh/storage";
import { fieldmeshStore, plainStore, type Store } from "./stores.js";

/** "Occupancy Detection", UCI Machine Learning Repository: an office room, a reading a minute. */
const FILES = ["datatest.txt", "datatraining.txt", "datatest2.txt"];
const COLUMNS = [
  { name: "Temperature", sensor: "temperature", unit: "Cel" },
  { name: "Humidity", sensor: "humidity", unit: "%RH" },
  { name: "Light", sensor: "light", unit: "lx" },
  { name: "CO2", sensor: "co2", unit: "ppm" },
  { name: "Occupancy", sensor: "occupancy", unit: "/" },
] as const;
const READINGS_PER_BLOCK = 1_024;
/** As a historian that writes each reading as it comes. */
const READINGS_PER_APPEND = 4;

export interface OccupancyBytes {
  store: string;
  readings: number;
  bytesPerReading: number;
}

/** Bytes per reading of the recorded dataset; undefined where its folder (OCCUPANCY_DATA) is not there. */
export async function occupancyBytes(): Promise<OccupancyBytes[] | undefined> {
  const folder = process.env["OCCUPANCY_DATA"];
  if (folder === undefined || !FILES.every((file) => existsSync(join(folder, file)))) return undefined;
  const streams = readStreams(folder);
  const found: OccupancyBytes[] = [];
  for (const make of [fieldmeshStore, plainStore]) found.push(await measure(await make(), streams));
  return found;
}

async function measure(
  store: Store,
  streams: ReadonlyMap<string, readonly Sample[]>,
): Promise<OccupancyBytes> {
  const length = Math.max(...[...streams.values()].map((samples) => samples.length));
  for (let from = 0; from < length; from += READINGS_PER_APPEND) {
    await store.append(
      new Map(
        [...streams].map(([stream, samples]) => [stream, samples.slice(from, from + READINGS_PER_APPEND)]),
      ),
    );
  }
  const readings = [...streams.values()].reduce((sum, samples) => sum + samples.length, 0);
  const bytes = await store.bytes();
  await store.remove();
  return { store: store.name, readings, bytesPerReading: bytes / readings };
}

/** Whole blocks of each column: the present tail stands apart. */
function readStreams(folder: string): Map<string, Sample[]> {
  const streams = new Map<string, Sample[]>(COLUMNS.map(({ sensor }) => [`office_room_${sensor}`, []]));
  for (const file of FILES) {
    const [header = "", ...lines] = readFileSync(join(folder, file), "utf8").trim().split(/\r?\n/);
    const names = header.split(",").map((name) => name.replaceAll('"', ""));
    for (const line of lines) {
      const [, date = "", ...values] = line.split(",").map((cell) => cell.replaceAll('"', ""));
      const timestamp = Date.parse(`${date.replace(" ", "T")}Z`);
      for (const { name, sensor, unit } of COLUMNS) {
        const number = Number(values[names.indexOf(name) - 1]);
        const samples = streams.get(`office_room_${sensor}`);
        const seq = (samples?.length ?? 0) + 1;
        const value = name === "Occupancy" ? number === 1 : number;
        samples?.push({ boot: 1_422_886_740, seq, at: timestamp, timestamp, value, unit });
      }
    }
  }
  for (const samples of streams.values()) {
    samples.length -= samples.length % READINGS_PER_BLOCK;
  }
  return streams;
}
