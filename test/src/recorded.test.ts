import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createBroker } from "./faults/harness/brokers.js";
import { HistorianProcess } from "./faults/harness/historian.js";
import { type RunningProcess, run } from "./faults/harness/processes.js";
import { COMMAND } from "./stack.js";

/** The UCI Machine Learning Repository's dataset 357: an office, each minute for some days. */
const FOLDER = process.env["RECORDED_DATA"];
const FILE = FOLDER === undefined ? undefined : join(FOLDER, "datatest.txt");
const there = FILE !== undefined && existsSync(FILE);
if (!there) {
  process.stderr.write(
    "skipped: needs the occupancy data of the UCI repository (dataset 357), in the folder that RECORDED_DATA names\n",
  );
}

const SPEED = 1_000;
/** The first of the file, some 17 hours in a minute; `RECORDED=full` replays all of it, some minutes. */
const ROWS = process.env["RECORDED"] === "full" ? Number.POSITIVE_INFINITY : 1_000;
const HOUR_MS = 3_600_000;
const SENSORS = {
  temperature: "Temperature",
  humidity: "Humidity",
  light: "Light",
  airquality: "CO2",
  ratio: "HumidityRatio",
  occupancy: "Occupancy",
} as const;

interface Row {
  time: number;
  value: number;
}

async function replayed(): Promise<string[]> {
  return (await readFile(FILE ?? "", "utf8"))
    .trim()
    .split("\n")
    .slice(0, ROWS + 1);
}

/** The file, read as plainly as can be: an index, a time in UTC, and numbers, after a line of names. */
async function recorded(column: string): Promise<Row[]> {
  const [head = "", ...lines] = await replayed();
  const at = head.replaceAll('"', "").trim().split(",").indexOf(column) + 1;
  return lines.map((line) => {
    const fields = line.replaceAll('"', "").trim().split(",");
    return { time: Date.parse(`${fields[1]?.replace(" ", "T")}Z`), value: Number(fields[at]) };
  });
}

function hours(rows: readonly Row[]): { at: number; min: number; max: number; mean: number }[] {
  const byHour = new Map<number, number[]>();
  for (const { time, value } of rows) {
    const hour = Math.floor(time / HOUR_MS) * HOUR_MS;
    byHour.set(hour, [...(byHour.get(hour) ?? []), value]);
  }
  return [...byHour].map(([at, values]) => ({
    at,
    min: Math.min(...values),
    max: Math.max(...values),
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
  }));
}

describe.skipIf(!there)("recorded data, replayed a thousand times faster", { timeout: 400_000 }, () => {
  let folder: string;
  let historian: HistorianProcess;
  let node: RunningProcess;
  const closers: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "fieldmesh-recorded-"));
    closers.push(() => rm(folder, { recursive: true, force: true }));
    const broker = await createBroker("fieldmesh", { folder });
    await broker.start();
    closers.push(() => broker.stop());
    const configuration = join(folder, "historian.yaml");
    // The data is older than anything that is kept by default.
    await writeFile(configuration, "retention: { raw: 30y, minute: 30y, hour: 30y }\n");
    historian = new HistorianProcess({ folder, brokerUrl: broker.url, configuration });
    await historian.start();
    closers.push(() => historian.stop());
    const file = join(folder, "office.csv");
    await writeFile(file, (await replayed()).join("\n"));
    const config = join(folder, "office.yaml");
    const sensors = Object.entries(SENSORS).map(
      ([sensor, column]) =>
        `  ${sensor}: { rules: {}, driver: { kind: replay, file: "${file}", column: ${column}, speed: ${SPEED}, stamp: file, loop: false } }`,
    );
    await writeFile(config, `sensors:\n${sensors.join("\n")}\n`);
    node = run("office", process.execPath, [COMMAND, "edge"], {
      ...process.env,
      MQTT_URL: broker.url,
      DATA_DIR: folder,
      NODE_ID: "office",
      EDGE_CONFIG: config,
      LOG_LEVEL: "warn",
    });
    closers.push(() => node.stop());
  });

  afterAll(async () => {
    for (const close of closers.reverse()) await close();
  });

  it.each(Object.entries(SENSORS))("%s has the statistics of its file", async (sensor, column) => {
    const rows = await recorded(column);
    expect(rows.length).toBeGreaterThanOrEqual(1_000);
    const stream = `env_office_${sensor}`;
    const kept = async () => [...(await historian.stored(stream)).values()].flatMap((of) => [...of.values()]);
    await expect
      .poll(async () => (await kept()).length, { timeout: 300_000, interval: 1_000 })
      .toBe(rows.length);
    const readings = (await kept()).map(({ timestamp, value }) => ({
      time: timestamp,
      value: Number(value),
    }));
    expect(readings).toEqual(rows);

    const expected = hours(rows);
    const from = expected[0]?.at ?? 0;
    const to = (expected.at(-1)?.at ?? 0) + HOUR_MS;
    // Rows are made some seconds after what they are of.
    const rolled = () => historian.readings(stream, `from=${from}&to=${to}&level=hour&mode=all`);
    await expect
      .poll(async () => (await rolled()).max, { timeout: 60_000, interval: 500 })
      .toEqual(expected.map((hour) => hour.max));
    const { t, min } = await rolled();
    expect(t).toEqual(expected.map(({ at }) => at + HOUR_MS / 2));
    expect(min).toEqual(expected.map((hour) => hour.min));
    await expect
      .poll(async () => (await rolled()).v.map((mean) => mean?.toPrecision(9)), {
        timeout: 60_000,
        interval: 500,
      })
      .toEqual(expected.map(({ mean }) => mean.toPrecision(9)));
  });
});
