import { SEVERITIES } from "@fieldmesh/protocol";
import { duration } from "@fieldmesh/runtime/config-file/fields";
import { z } from "zod";
import { share, term } from "./fields.js";

/** Windows over which something can be promised: a minute is too short to have a budget. */
export const OBJECTIVE_WINDOWS = ["1h", "24h", "30d"] as const;
export type ObjectiveWindow = (typeof OBJECTIVE_WINDOWS)[number];

const DAY_MS = 86_400_000;
/** Exact names, and patterns in which * stands for anything. */
const PATTERN = /^[a-z0-9*][a-z0-9*_-]{0,127}$/;
/** A person writes them; the registry writes one for each stream that is of a data product. */
const MAX_STREAMS = 50_000;
/** Names of people and programs, products, versions. */
const name = z.string().min(1).max(200);
const MAX_UNITS = 100;

const common = {
  target: share().optional(),
  window: z
    .enum(OBJECTIVE_WINDOWS, `one of ${OBJECTIVE_WINDOWS.join(", ")}`)
    .optional()
    .meta({ description: "Over how long the promise holds." }),
  severity: z
    .enum(SEVERITIES, `one of ${SEVERITIES.join(", ")}`)
    .optional()
    .meta({ description: "Of its alarms, at most: a slow burn is never more than a warning." }),
};
const within = (what: string) =>
  duration(100, 30 * DAY_MS)
    .optional()
    .meta({ description: what });
const objective = z.strictObject(common);
const or = (schema: typeof objective | typeof availability | typeof timeliness, fields: string) =>
  z.union([z.literal(false), schema], `false, or a map of ${fields}`).optional();

const availability = z.strictObject({
  ...common,
  within: within("How old the newest good reading may be. Default: three times what the birth declares."),
});
const timeliness = z.strictObject({ ...common, within: within("How late a reading may come.") });

const objectives = z
  .strictObject({
    availability: or(availability, "target, window, severity, within").meta({
      description: "Share of the time in which the newest good reading is young enough.",
    }),
    completeness: or(objective, "target, window, severity").meta({
      description: "Share of the readings that came.",
    }),
    validity: or(objective, "target, window, severity").meta({
      description: "Share of the readings within the declared unit, type and range.",
    }),
    timeliness: or(timeliness, "target, window, severity, within").meta({
      description: "Share of the readings that came soon enough.",
    }),
  })
  .default({});

const unit = z.string().min(1).max(32);
const validity = z
  .strictObject({
    unit: z.union([unit, z.array(unit).min(1).max(MAX_UNITS)], "a unit, or a list of units").optional(),
    type: z.enum(["number", "boolean"], "one of number, boolean").optional(),
    min: z.number().optional(),
    max: z.number().optional(),
  })
  .meta({ description: "What a reading has to be; what is not said here, the birth of its node says." });

const product = {
  product: name
    .optional()
    .meta({ description: "The data product that promises it: named in alarms and reports." }),
  productVersion: name.optional().meta({ description: "Of its contract." }),
};
const stream = z.strictObject({ objectives, validity: validity.optional(), ...product });

const readers = z.strictObject({
  product: name,
  version: name.optional(),
  status: name.optional(),
  visibility: name.optional(),
  consumers: z
    .record(name, z.number().nullable())
    .default({})
    .meta({ description: "By name: until when, in ms since the epoch; null where it has no end." }),
  roles: z.array(name).default([]),
  domains: z.array(name).default([]),
});
const access = z
  .strictObject({
    streams: z
      .record(z.string().regex(PATTERN), readers)
      .refine((streams) => Object.keys(streams).length <= MAX_STREAMS, `at most ${MAX_STREAMS} streams`)
      .default({}),
  })
  .meta({
    description:
      "Who may read which stream, beside administrators. A stream that is not here is read by whoever is signed in.",
  });

/** The historian's configuration. Published as JSON Schema: `historian-configuration.schema.json`. */
export const configurationSchema = z.strictObject({
  version: z
    .int("a whole number from 1")
    .min(1)
    .optional()
    .meta({ description: "Of this document; it grows with each change." }),
  defaults: z
    .strictObject({ objectives })
    .prefault({})
    .meta({ description: "What is promised of every stream." }),
  streams: z
    .record(
      z
        .string()
        .regex(PATTERN, "a stream, as env_desk_temperature, or a pattern of streams, as env_*_temperature"),
      stream,
      "a map of streams",
    )
    .refine((streams) => Object.keys(streams).length <= MAX_STREAMS, `at most ${MAX_STREAMS} streams`)
    .default({})
    .meta({
      description: "What else holds of some: by name, or by a pattern in which * stands for anything.",
    }),
  access: access.optional(),
  retention: z
    .strictObject({ raw: term().prefault("7d"), minute: term().prefault("90d"), hour: term().prefault("5y") })
    .prefault({})
    .meta({
      description: "How long readings and their rollups are kept; events and losses as long as hours.",
    }),
});

/** As it is when defaults stand in and durations are ms. */
export type ConfigurationContent = z.infer<typeof configurationSchema>;
export type AccessContent = NonNullable<ConfigurationContent["access"]>;
/** Who may read one stream, beside administrators. */
export type StreamReaders = AccessContent["streams"][string];
export type ObjectiveContent = ConfigurationContent["defaults"]["objectives"];
