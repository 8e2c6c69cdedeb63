import {
  type AlarmEvent,
  type HistoryEvent,
  type HistoryGaps,
  type HistoryLatest,
  type HistoryQuality,
  type HistoryReadings,
  type HistoryStatus,
  type HistoryStream,
  type ImportProgress,
  type LossEntry,
  MEASURES,
  type ObjectiveReport,
  QUALITY_WINDOWS,
  type QualityReport,
  SEVERITIES,
  type WindowQuality,
} from "@fieldmesh/protocol";
import { z } from "zod";

/** May be absent. The generator knows `optional` only, which the types of it take for "or undefined". */
function absent<T extends z.ZodType>(schema: T): z.ZodExactOptional<T> {
  return schema.optional() as unknown as z.ZodExactOptional<T>;
}

/** What is answered, as the API description has it; the types of `protocol/` decide. */

const time = z.number().describe("ms since the epoch");
const count = z.number().int().min(0);
const share = z.number().nullable().describe("0 to 1; null where there was nothing to measure");
const level = z.enum(["raw", "minute", "hour"]);
const valueType = z.enum(["number", "boolean"]);

export const streamSchema = z
  .object({
    stream: z.string().describe("{domain}_{node}_{sensor}"),
    domain: z.string(),
    node: z.string(),
    sensor: z.string(),
    label: absent(z.string()),
    unit: z.string().describe("SenML (RFC 8428)"),
    valueType,
    readings: count.describe("kept raw"),
    from: time.nullable().describe("the oldest that is kept raw"),
    to: time.nullable(),
    bytes: count,
    refused: absent(
      z.object({ reason: z.string(), product: z.string(), version: absent(z.string()) }),
    ).describe("there where who asks may not read it"),
  })
  .meta({ id: "Stream" }) satisfies z.ZodType<HistoryStream>;

export const latestSchema = z
  .object({
    stream: z.string(),
    at: time.describe("when it was read, ms, the node's clock error taken out"),
    timestamp: time.describe("the same by the node's own clock"),
    value: z.union([z.number(), z.boolean(), z.null()]),
    unit: z.string(),
    quality: absent(z.enum(["uncertain", "bad"])),
    reason: absent(z.string()),
    boot: count,
    seq: count,
  })
  .meta({ id: "Latest" }) satisfies z.ZodType<HistoryLatest>;

const column = z.array(z.number().nullable());
export const readingsSchema = z
  .object({
    stream: z.string(),
    from: time,
    to: time,
    level: level.describe("the one that was chosen"),
    stepMs: z.number().describe("length of a row; 0 when raw"),
    unit: z.string(),
    valueType,
    rows: count.describe("before they were thinned out"),
    thinned: z.boolean(),
    t: z.array(z.number()).describe("ascending; of rollups the middle of the row"),
    v: column.describe("booleans as 0 and 1, of rollups the mean; null breaks the line"),
    min: absent(column).describe("of rollups"),
    max: absent(column).describe("of rollups"),
    bad: count.describe("readings of quality bad in the range"),
  })
  .meta({ id: "Readings" }) satisfies z.ZodType<HistoryReadings>;

const alarmEventSchema = z
  .object({
    node: z.string(),
    sensor: z.string(),
    rule: z.string(),
    state: z.enum(["raised", "cleared"]),
    severity: z.enum(SEVERITIES),
    value: z.union([z.number(), z.boolean(), z.null()]),
    limit: absent(z.union([z.number(), z.boolean()])),
    unit: z.string(),
    timestamp: time,
    since: time,
    boot: count,
    seq: count,
    message: z.string(),
    backfill: absent(z.literal(true)),
  })
  .meta({ id: "AlarmEvent" }) satisfies z.ZodType<AlarmEvent>;

export const historyEventSchema = z
  .object({
    id: z.string(),
    domain: z.string(),
    stream: z.string(),
    event: alarmEventSchema,
    at: time,
    arrivedAt: time,
  })
  .meta({ id: "Event" }) satisfies z.ZodType<HistoryEvent>;

const lossSchema = z
  .object({
    id: z.string(),
    stream: z.string(),
    boot: count,
    from: count,
    to: count,
    count,
    fromAt: time,
    toAt: time.nullable(),
    explanation: z.enum(["late", "recovered", "dropped", "held", "node-down", "unknown"]),
    cause: absent(z.string()),
    open: z.boolean(),
    came: absent(z.tuple([time, time])),
  })
  .meta({ id: "Loss" }) satisfies z.ZodType<LossEntry>;

export const gapsSchema = z
  .object({
    stream: z.string(),
    entries: z.array(lossSchema),
    account: z
      .array(
        z.object({
          boot: count,
          countedFrom: count,
          read: count,
          suppressed: count,
          lastSeq: count,
          stored: count,
          dropped: count,
          held: count,
          unknown: count,
          late: count,
          recovered: count,
        }),
      )
      .describe("of each boot: lastSeq - countedFrom + 1 = stored + dropped + held + unknown"),
    next: absent(z.string()),
  })
  .meta({ id: "Gaps" }) satisfies z.ZodType<HistoryGaps>;

const windowSchema = z
  .object({
    observedMs: z.number(),
    expected: count,
    received: count,
    completeness: share,
    validity: share,
    invalidBy: z.object({
      unit: absent(count),
      type: absent(count),
      range: absent(count),
    }),
    availability: share,
    timeliness: z.object({ p50: z.number(), p95: z.number(), p99: z.number() }).nullable(),
    rate: z.number().nullable(),
    duplicates: count,
    outOfOrder: count,
    bad: count,
    badBy: z.record(z.string(), count),
  })
  .meta({ id: "Window" }) satisfies z.ZodType<WindowQuality>;

const objectiveSchema = z
  .object({
    id: z.string(),
    measure: z.enum(MEASURES),
    target: z.number(),
    withinMs: absent(z.number()),
    window: z.enum(QUALITY_WINDOWS),
    actual: share,
    budgetLeft: z.number().nullable(),
    burn: z.object({ short: z.number().nullable(), long: z.number().nullable() }),
    state: z.enum(["ok", "burning", "exhausted", "unknown"]),
    severity: absent(z.enum(SEVERITIES)),
  })
  .meta({ id: "Objective" }) satisfies z.ZodType<ObjectiveReport>;

const reportSchema = z
  .object({
    stream: z.string(),
    timestamp: time,
    freshness: z.object({
      at: time.nullable(),
      ageMs: z.number().nullable(),
      withinMs: z.number(),
      fresh: z.boolean(),
    }),
    clock: z.object({ offsetMs: z.number(), off: z.boolean() }).nullable(),
    windows: z.object({ "1m": windowSchema, "1h": windowSchema, "24h": windowSchema, "30d": windowSchema }),
    objectives: z.array(objectiveSchema),
    configuration: z.number(),
    product: absent(z.string().describe("the data product that promises it")),
    productVersion: absent(z.string()),
  })
  .meta({ id: "QualityReport" }) satisfies z.ZodType<QualityReport>;

export const qualitySchema = z
  .object({
    measuredAt: time,
    reports: z.array(reportSchema),
    next: absent(z.string()),
  })
  .meta({ id: "Quality" }) satisfies z.ZodType<HistoryQuality>;

const ofLevels = <T extends z.ZodType>(schema: T) => z.object({ raw: schema, minute: schema, hour: schema });
export const historyStatusSchema = z
  .object({
    version: z.string(),
    role: z.enum(["writer", "standby"]),
    store: z.object({
      engine: z.string(),
      version: z.string(),
      at: z.string(),
      reachable: z.boolean(),
      reason: absent(z.string()),
    }),
    brokers: z.array(z.object({ url: z.string(), connected: z.boolean() })),
    ingest: z.object({
      received: count,
      stored: count,
      duplicates: count,
      queued: count,
      spilled: count,
      spilledBytes: count,
      dropped: count,
      droppedBy: z.record(z.string(), count),
    }),
    sizes: ofLevels(z.object({ rows: count, bytes: count })),
    retention: ofLevels(z.number()),
    events: count,
  })
  .meta({ id: "Status" }) satisfies z.ZodType<HistoryStatus>;

export const importSchema = z
  .object({
    rows: count,
    stored: count,
    duplicates: count,
    refused: count,
    errors: z.array(z.object({ line: count, field: z.string(), value: z.string(), expected: z.string() })),
    done: z.boolean(),
    problem: absent(z.object({ code: z.string(), detail: z.string() })),
  })
  .meta({ id: "ImportProgress" }) satisfies z.ZodType<ImportProgress>;

export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    code: z.string().describe("stable: programs decide by it"),
    detail: z.string(),
    errors: absent(
      z.array(
        z.object({
          pointer: z.string().describe("JSON pointer (RFC 6901) of the field or parameter"),
          detail: z.string(),
          value: absent(z.string()),
          expected: absent(z.string()),
        }),
      ),
    ),
    requestId: absent(z.string()),
  })
  .meta({ id: "Problem", description: "RFC 9457" });

export const configurationSchema = z
  .record(z.string(), z.unknown())
  .meta({ id: "Configuration", description: "its own schema is in the documentation" });
