import { z } from "zod";
import type { DriverModule } from "../drivers/driver.js";
import { loadDriver } from "../drivers/load.js";
import { DRIVERS } from "../drivers/registry.js";
import { FIELDS, fieldsIn } from "./fields.js";
import { writtenRule } from "./rules.js";

/** Shortest interval: a hundred readings a second are more than a worker thread a sensor is made for. */
const MIN_INTERVAL_MS = 10;
const DAY_MS = 86_400_000;
const KIB = 1_024;
/** Each sensor has a thread of its own. */
export const MAX_SENSORS = 256;

const interval = FIELDS.duration(MIN_INTERVAL_MS, DAY_MS);
const qos = z.union([z.literal(0), z.literal(1)], "0 or 1");
const number = z.number("a number");

function sensorSchema(drivers: readonly z.ZodObject[]) {
  const [first, ...more] = drivers;
  if (first === undefined) throw new Error("the registry of drivers is empty");
  return z
    .strictObject({
      label: z.string("a text").min(1).max(64).optional().meta({ description: "What people call it." }),
      type: z
        .string("a name, as temperature")
        .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, {
          error: 'a name, as temperature: a-z, 0-9 and "-"',
          abort: true,
        })
        .optional()
        .meta({ description: "What it measures; gives unit and rules. Default: the sensor's id." }),
      unit: z
        .string("a SenML unit (RFC 8428), as Cel, %RH, lx, ppm, %, W, B or 1")
        .min(1)
        .max(16)
        .optional()
        .meta({ description: "SenML unit (RFC 8428): Cel, %RH, lx, ppm, %, W, B, 1…" }),
      valueType: z.enum(["number", "boolean"]).optional(),
      range: z
        .strictObject({ min: number.optional(), max: number.optional() }, "[min, max] or {min, max}")
        .optional()
        .meta({ description: "A value outside is a bad reading: [0, 100], or {min: 0}.", short: "pair" }),
      interval: interval.optional().meta({ description: "Time from one read to the next." }),
      maxSilence: FIELDS.duration(MIN_INTERVAL_MS, DAY_MS)
        .optional()
        .meta({ description: "With a deadband: a reading is sent at least this often." }),
      deadband: number.min(0, "a number, 0 or more").optional().meta({
        description: "A change of at most this much is not sent. 0: only changes are.",
      }),
      scale: number.optional().meta({ description: "value = raw * scale + offset" }),
      offset: number.optional().meta({ description: "value = raw * scale + offset" }),
      qos: qos.optional(),
      optional: z
        .boolean()
        .default(false)
        .meta({ description: "Left out on a machine that has no such thing to read." }),
      driver: z
        .discriminatedUnion(
          "kind",
          [first, ...more],
          "a driver: its name, or a map with its kind and options",
        )
        .meta({ short: "driver" }),
      rules: z
        .record(z.string(), writtenRule)
        .optional()
        .meta({ description: "By id. They take the place of the type's own; {} is no rules." }),
    })
    .meta({ short: "driver" });
}

/** All of the file but its sensors. */
const nodeShape = {
  node: z.string("a name").optional().meta({ description: "Default: from NODE_ID or the identity slot." }),
  domain: z.string("a name").optional().meta({ description: "First topic level. Default: env." }),
  label: z.string("a text").min(1).max(64).optional().meta({ description: "What people call the node." }),
  defaults: z
    .strictObject({ interval: interval.optional(), qos: qos.optional() })
    .default({})
    .meta({ description: "For sensors that do not say otherwise." }),
  log: z
    .strictObject({
      held: FIELDS.size(64 * KIB)
        .default(256 * KIB * KIB)
        .meta({
          description: "Bytes kept while the broker is away. Default 256MiB.",
        }),
      heldFor: FIELDS.duration(1_000, 365 * DAY_MS)
        .default(7 * DAY_MS)
        .meta({ description: "And for how long. Default 7d." }),
      replay: FIELDS.size(64 * KIB)
        .default(16 * KIB * KIB)
        .meta({
          description: "Bytes of what was sent, kept to send again. Default 16MiB.",
        }),
      replayFor: FIELDS.duration(1_000)
        .default(900_000)
        .meta({ description: "And for how long. Default 15m." }),
      writeEvery: FIELDS.duration(10, 60_000)
        .default(500)
        .meta({ description: "What a kill of the node may lose. Default 500ms." }),
      flushEvery: FIELDS.duration(100, 3_600_000)
        .default(1_000)
        .meta({ description: "What a power cut may lose; longer spares flash memory. Default 1s." }),
    })
    .prefault({}),
  backfillPerSecond: z
    .int("a whole number from 1 to 10000")
    .min(1)
    .max(10_000)
    .default(500)
    .meta({ description: "Held readings sent a second after a reconnect." }),
};

/**
 * The schemas of an edge node's configuration, with those of every driver.
 * @param folder what relative paths in it start from; left as they are without one
 */
export async function configSchemas(folder?: string) {
  const fields = fieldsIn(folder);
  const kinds = Object.keys(DRIVERS);
  const modules = new Map<string, DriverModule<Record<string, unknown>>>();
  const drivers = new Map<string, z.ZodObject>();
  /** Those whose name alone is enough: every option has a default. */
  const bareKinds: string[] = [];
  for (const kind of kinds) {
    const module = await loadDriver(kind);
    modules.set(kind, module);
    const schema = module.options(z, fields);
    if (schema.safeParse({}).success) bareKinds.push(kind);
    drivers.set(kind, schema);
  }
  const node = z.strictObject(nodeShape);
  const sensor = sensorSchema(
    [...drivers].map(([kind, { shape }]) =>
      z.strictObject({ kind: z.literal(kind), ...shape }).meta({ title: `driver ${kind}` }),
    ),
  );
  const file = z.strictObject({ ...nodeShape, sensors: z.record(z.string(), sensor) });
  return { bareKinds, modules, drivers, node, sensor, file };
}

export type ConfigSchemas = Awaited<ReturnType<typeof configSchemas>>;
