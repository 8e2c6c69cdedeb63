import { access, constants } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import type { Fields } from "../config/fields.js";
import {
  type Driver,
  type DriverContext,
  DriverError,
  type DriverModule,
  reasonOf,
  type SensorDefaults,
  type Zod,
} from "./driver.js";
import { type Row, readRows } from "./replay-rows.js";

/** A thousand rows a second at most, however fast the file is asked to go by. */
const MIN_GAP_MS = 1;
/** The longest that Node.js waits at once; a longer gap is waited for in parts. */
const MAX_WAIT_MS = 2_147_483_647;

function options(z: Zod, fields: Fields) {
  return z.strictObject({
    file: fields.file("a path to a CSV file").meta({
      description: "A CSV file with a header. A relative path starts in this file's folder.",
    }),
    column: z
      .string("the name of a column")
      .min(1)
      .optional()
      .meta({ description: "The column of values. Default: that with the name of the sensor." }),
    time: z
      .string("the name of a column")
      .min(1)
      .optional()
      .meta({ description: "The column of times. Default: timestamp, time, date or datetime." }),
    delimiter: z.string("one character").length(1).default(",").meta({ description: "Between fields." }),
    speed: z
      .number("a number above 0")
      .positive("a number above 0")
      .max(1_000_000)
      .default(1)
      .meta({ description: "How many times faster than it was measured." }),
    stamp: z
      .enum(["now", "file"])
      .default("now")
      .meta({ description: "Readings carry the time at which they are replayed, or that of the file." }),
    loop: z.boolean().default(true).meta({ description: "Begins again when the file has ended." }),
    values: fields.values().optional(),
  });
}

type Options = ReturnType<typeof options>["_zod"]["output"];

function defaults(): SensorDefaults {
  // Rows come when they come: the interval only looks after a replay that failed.
  return { intervalMs: 10_000, maxSilenceMs: 60_000 };
}

async function open(chosen: Options, context: DriverContext): Promise<Driver> {
  try {
    await access(chosen.file, constants.R_OK);
  } catch (cause) {
    throw new DriverError(`cannot read ${chosen.file}: ${reasonOf(cause)}`, { cause });
  }
  const closing = new AbortController();
  const { signal } = closing;
  let failed = false;
  let running = start();

  async function start(): Promise<void> {
    failed = false;
    try {
      await replay(chosen, context, signal);
    } catch (error) {
      if (signal.aborted) return;
      failed = true;
      context.emit({ value: null, quality: "bad", reason: reasonOf(error) });
    }
  }

  return {
    read(aborted) {
      aborted.throwIfAborted();
      if (failed) running = start();
      return Promise.resolve(undefined);
    },
    async close() {
      closing.abort();
      await running;
    },
  };
}

/** Hands over each row when it is due; ends with the file, or never when it loops. */
async function replay(chosen: Options, context: DriverContext, signal: AbortSignal): Promise<void> {
  const rows = {
    ...chosen,
    column: chosen.column ?? context.sensor.id,
    valueType: context.sensor.valueType,
  };
  const started = performance.now();
  /** What the passes before this one took, in the file's time. */
  let passed = 0;
  do {
    let first: number | undefined;
    let last = 0;
    let gap = 0;
    for await (const row of readRows(rows, signal)) {
      first ??= row.atMs;
      if (last !== 0 && row.atMs > last) gap = row.atMs - last;
      last = Math.max(last, row.atMs);
      const due = started + (passed + last - first) / chosen.speed;
      if (!(await waitUntil(due, signal))) return;
      context.emit(sampleOf(row, chosen.stamp === "file" ? row.atMs + passed : undefined));
    }
    passed += last - (first ?? last) + Math.max(gap, 1);
  } while (chosen.loop);
}

function sampleOf(row: Row, timestamp: number | undefined): Parameters<DriverContext["emit"]>[0] {
  const stamp = timestamp === undefined ? {} : { timestamp };
  return "fault" in row
    ? { value: null, quality: "bad", reason: row.fault, ...stamp }
    : { value: row.value, ...stamp };
}

/** Whether that moment came before the signal. */
async function waitUntil(due: number, signal: AbortSignal): Promise<boolean> {
  try {
    for (;;) {
      const left = Math.max(MIN_GAP_MS, due - performance.now());
      await wait(Math.min(left, MAX_WAIT_MS), undefined, { signal });
      if (due <= performance.now() + MIN_GAP_MS) return true;
    }
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

export const driver: DriverModule<Options> = { options, defaults, open };
