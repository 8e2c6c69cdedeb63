import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { oneAtATime } from "./abortable.js";
import {
  type Driver,
  type DriverContext,
  DriverError,
  type DriverModule,
  reasonOf,
  type SensorDefaults,
  type Zod,
} from "./driver.js";
import { runProgram } from "./run-program.js";

/** Families of 1-Wire thermometers: DS18S20, DS1822, DS18B20, DS1825, DS28EA00. */
const THERMOMETER = /^(10|22|28|3b|42)-[0-9a-f]{12}$/;
/** What a DS18B20 holds from power-on until its first conversion is done: 85 °C exactly. */
const POWER_ON_MILLI_C = 85_000;

/** Thirty thermometers on one bus take that long. */
const READ_LIMIT_MS = 25_000;
const MAX_SLAVE_BYTES = 4_096;

function options(z: Zod) {
  return z.strictObject({
    id: z
      .string("an id, as 28-0316a2795eff")
      .regex(THERMOMETER, "an id of a 1-Wire thermometer, as 28-0316a2795eff")
      .optional()
      .meta({ description: "Which thermometer. Default: the only one there is." }),
    root: z
      .string("a folder, as /sys/bus/w1/devices")
      .startsWith("/", "a folder from the root, as /sys/bus/w1/devices")
      .default("/sys/bus/w1/devices")
      .meta({ description: "Where Linux shows them." }),
  });
}

type Options = ReturnType<typeof options>["_zod"]["output"];

function defaults(): SensorDefaults {
  return { unit: "Cel", intervalMs: 10_000, range: { min: -55, max: 125 } };
}

function open(chosen: Options, context: DriverContext): Promise<Driver> {
  const read = oneAtATime(async (signal) => {
    const id = chosen.id ?? (await onlyThermometer(chosen.root));
    return parseSlave(id, await readSlave(join(chosen.root, id, "w1_slave"), context, signal));
  });
  return Promise.resolve({
    read: async (signal) => ({ value: await read(signal) }),
    close: () => Promise.resolve(),
  });
}

async function onlyThermometer(root: string): Promise<string> {
  let names: string[];
  try {
    names = await readdir(root);
  } catch (cause) {
    throw new DriverError(`cannot read ${root}: is the 1-Wire bus enabled? (${reasonOf(cause)})`, { cause });
  }
  const found = names.filter((name) => THERMOMETER.test(name));
  const [only] = found;
  if (only === undefined) throw new DriverError(`there is no thermometer in ${root}: is it wired?`);
  if (found.length > 1)
    throw new DriverError(`${root} has ${found.length}: give the id of one: ${found.join(", ")}`);
  return only;
}

/**
 * The kernel holds this read for the 750 ms of a conversion, for those of all thermometers of a bus one after
 * the other, or for good when the bus hangs. So a process of its own does it, not one of the few threads that
 * all files of this process are read and written by.
 */
async function readSlave(path: string, { onProgram }: DriverContext, signal: AbortSignal): Promise<string> {
  const command = ["cat", path];
  const env = { PATH: process.env["PATH"] ?? "/usr/bin:/bin", LC_ALL: "C" };
  return await runProgram(
    { command, env, timeoutMs: READ_LIMIT_MS, maxBytes: MAX_SLAVE_BYTES, onProgram },
    signal,
  );
}

/**
 * The kernel's two lines: nine bytes and the verdict on their checksum, then the same and the temperature.
 *
 *     72 01 4b 46 7f ff 0e 10 57 : crc=57 YES
 *     72 01 4b 46 7f ff 0e 10 57 t=23125
 */
function parseSlave(id: string, text: string): number {
  const [checked = "", measured = ""] = text.split("\n");
  if (text.trim() === "") throw new DriverError(`thermometer ${id} gave nothing: is it still wired?`);
  if (!/ : crc=[0-9a-f]{2} YES$/.test(checked.trim()))
    throw new DriverError(`thermometer ${id}: checksum failed`);
  const found = / t=(-?\d{1,6})$/.exec(measured.trim());
  if (found === null) throw new DriverError(`thermometer ${id} gave no temperature`);
  const milli = Number(found[1]);
  if (milli === POWER_ON_MILLI_C) {
    throw new DriverError(`thermometer ${id} shows 85 °C, its value at power-on: is its supply steady?`);
  }
  return milli / 1_000;
}

export const driver: DriverModule<Options> = { options, defaults, open };
