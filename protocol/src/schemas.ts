import type { AlarmEvent, Birth, Command, Reply, Stats, Status } from "./messages.js";
import { SEVERITIES } from "./messages.js";
import { parseName } from "./names.js";
import { MEASURES, QUALITY_WINDOWS, type QualityReport } from "./quality.js";
import { ruleSchema } from "./rules.js";
import { MAX_TIME_MS } from "./time.js";
import { z } from "./validator.js";

// Bounds of what one node may tell; far beyond any real one, so that a hostile message stays small in memory.
const MAX_SENSORS = 1_024;
const MAX_RULES = 64;
const MAX_RANGES = 4_096;
const MAX_PREVIOUS_BOOTS = 1_024;

export const nameSchema = (kind: "domain" | "node" | "sensor" | "rule") =>
  z.string().refine((text) => parseName(kind, text).ok, {
    error: `1 to 32 of a-z, 0-9 and "-", not beginning with "-", and no reserved name`,
  });
const timeMs = z.number().min(0).max(MAX_TIME_MS);
const count = z.int().min(0);
const text = (max: number) => z.string().max(max);
const unit = text(32);

const valueSchema = z.union([z.number(), z.boolean(), z.null()]);

export const eventSchema = z.object({
  node: nameSchema("node"),
  sensor: nameSchema("sensor"),
  rule: nameSchema("rule"),
  state: z.enum(["raised", "cleared"]),
  severity: z.enum(SEVERITIES),
  value: valueSchema,
  limit: z.union([z.number(), z.boolean()]).exactOptional(),
  unit,
  timestamp: timeMs,
  since: timeMs,
  boot: count,
  seq: count,
  message: text(1_000),
  backfill: z.literal(true).exactOptional(),
}) satisfies z.ZodType<AlarmEvent>;

const overrideSchema = z.object({
  setting: text(100),
  configured: z.unknown(),
  value: z.unknown(),
  at: timeMs,
  by: text(100),
});

const birthSensorSchema = z.object({
  id: nameSchema("sensor"),
  label: text(200).exactOptional(),
  type: text(64),
  valueType: z.enum(["number", "boolean"]).exactOptional(),
  unit,
  range: z.object({ min: z.number().exactOptional(), max: z.number().exactOptional() }).exactOptional(),
  intervalMs: z.number().positive(),
  maxSilenceMs: z.number().positive().exactOptional(),
  driver: text(64),
  deadband: z.number().min(0).exactOptional(),
  rules: z.array(ruleSchema).max(MAX_RULES),
  overrides: z.array(overrideSchema).max(200).exactOptional(),
});

export const birthSchema = z.object({
  node: nameSchema("node"),
  domain: nameSchema("domain"),
  boot: count,
  version: text(100),
  host: text(255),
  label: text(200).exactOptional(),
  startedAt: timeMs,
  sensors: z.array(birthSensorSchema).max(MAX_SENSORS),
}) satisfies z.ZodType<Birth>;

export const statusSchema = z.object({
  state: z.enum(["online", "offline"]),
  boot: count,
  conn: count,
  timestamp: timeMs,
  reason: text(500).exactOptional(),
}) satisfies z.ZodType<Status>;

const inOrder = ([from, to]: readonly [number, number, ...unknown[]]) => from <= to;
const orderError = { error: "a range [from, to] with from <= to" };
export const seqRangeSchema = z.tuple([count, count]).refine(inOrder, orderError);
export const lostRangeSchema = z.tuple([count, count, text(64)]).refine(inOrder, orderError);

const accountShape = {
  read: count,
  suppressed: count,
  lastSeq: count,
  dropped: z.array(lostRangeSchema).max(MAX_RANGES),
  held: z.array(seqRangeSchema).max(MAX_RANGES),
  keptFrom: count,
};
const accountSchema = z.object(accountShape);
const sensorStatsSchema = z.object({
  ...accountShape,
  bad: count,
  state: z.enum(["ok", "failed", "restarting"]),
  restarts: count.exactOptional(),
  reason: text(500).exactOptional(),
});
const perSensor = <T extends z.ZodType>(value: T) =>
  z.record(nameSchema("sensor"), value).refine((sensors) => Object.keys(sensors).length <= MAX_SENSORS, {
    error: `at most ${MAX_SENSORS} sensors`,
  });

export const statsSchema = z.object({
  boot: count,
  timestamp: timeMs,
  sensors: perSensor(sensorStatsSchema),
  log: z.object({ bytes: count, oldest: timeMs.nullable() }),
  previous: z.array(z.object({ boot: count, sensors: perSensor(accountSchema) })).max(MAX_PREVIOUS_BOOTS),
}) satisfies z.ZodType<Stats>;

export const ackSchema = z.object({
  boot: count,
  seq: count,
  by: text(100),
  at: timeMs,
  note: text(1_000).exactOptional(),
});

export const commandSchema = z.object({
  id: text(64).min(1),
  name: text(64),
  args: z.unknown(),
  by: text(100),
}) satisfies z.ZodType<Command>;

export const replySchema = z.discriminatedUnion("ok", [
  z.object({ id: text(64), ok: z.literal(true), result: z.unknown() }),
  z.object({
    id: text(64),
    ok: z.literal(false),
    error: z.object({ code: text(100), message: text(1_000), field: text(200).exactOptional() }),
  }),
]) satisfies z.ZodType<Reply>;

const shareOrNone = z.number().nullable();
const counts = z.record(text(200), count);

const windowQualitySchema = z.object({
  observedMs: z.number().min(0),
  expected: count,
  received: count,
  completeness: shareOrNone,
  validity: shareOrNone,
  invalidBy: z.object({
    unit: count.exactOptional(),
    type: count.exactOptional(),
    range: count.exactOptional(),
  }),
  availability: shareOrNone,
  timeliness: z.object({ p50: z.number(), p95: z.number(), p99: z.number() }).nullable(),
  rate: z.number().min(0).nullable(),
  duplicates: count,
  outOfOrder: count,
  bad: count,
  badBy: counts,
});

const objectiveSchema = z.object({
  id: nameSchema("rule"),
  measure: z.enum(MEASURES),
  target: z.number(),
  withinMs: z.number().exactOptional(),
  window: z.enum(QUALITY_WINDOWS),
  actual: shareOrNone,
  budgetLeft: shareOrNone,
  burn: z.object({ short: shareOrNone, long: shareOrNone }),
  state: z.enum(["ok", "burning", "exhausted", "unknown"]),
  severity: z.enum(SEVERITIES).exactOptional(),
});

export const qualitySchema = z.object({
  stream: text(100),
  timestamp: timeMs,
  freshness: z.object({
    at: z.number().nullable(),
    ageMs: z.number().nullable(),
    withinMs: z.number(),
    fresh: z.boolean(),
  }),
  clock: z.object({ offsetMs: z.number(), off: z.boolean() }).nullable(),
  windows: z.object({
    "1m": windowQualitySchema,
    "1h": windowQualitySchema,
    "24h": windowQualitySchema,
    "30d": windowQualitySchema,
  }),
  objectives: z.array(objectiveSchema).max(64),
  configuration: count,
  product: text(100).exactOptional(),
  productVersion: text(100).exactOptional(),
}) satisfies z.ZodType<QualityReport>;
