import { QUALITY_WINDOWS } from "@fieldmesh/protocol";
import { z } from "zod";
import { metricName } from "../rules/quantity.js";
import { filledText, resourceId, time } from "./fields.js";

/** Of one product, each by its own name. */
export const MAX_METRICS = 100;

/** What somebody measured of a product and posts; a unit in a name is read, as in `timeliness_hours`. */
export const metricsInput = z
  .strictObject({
    metrics: z
      .record(filledText(100), z.number())
      .refine((given) => Object.keys(given).length > 0, "expected at least one metric")
      .refine((given) => Object.keys(given).length <= MAX_METRICS, `expected at most ${MAX_METRICS} metrics`)
      .superRefine((given, context) => {
        for (const [name, value] of Object.entries(given)) {
          const message = faultOf(name, value);
          if (message !== undefined) context.addIssue({ code: "custom", path: [name], message });
        }
      }),
  })
  .meta({ id: "MetricsInput" });

/** Shares of a whole, which rules read as percent where their name does not say so. */
const SHARES: ReadonlySet<string> = new Set(["availability", "completeness", "validity"]);

/** What cannot have been measured must not pass. */
function faultOf(name: string, value: number): string | undefined {
  const { metric, unit } = metricName(name);
  if (unit === "%" || (unit === undefined && SHARES.has(metric))) {
    return value < 0 || value > 100 ? "expected a percentage from 0 to 100" : undefined;
  }
  return unit !== undefined && value < 0 ? "expected a time of at least 0" : undefined;
}

/** One number that was posted, by the name that it was posted under. */
export const postedMetric = z
  .strictObject({
    name: z.string(),
    value: z.number(),
    at: time,
    by: z.string(),
    /** From when on it is too old to count. */
    until: time,
  })
  .meta({ id: "PostedMetric" });

const share = z.number().nullable().describe("0 to 1; null: nothing was measured");

const windowQuality = z.object({
  observedMs: z.number(),
  expected: z.number(),
  received: z.number(),
  completeness: share,
  validity: share,
  availability: share,
  timeliness: z.object({ p50: z.number(), p95: z.number(), p99: z.number() }).nullable().describe("ms"),
  rate: z.number().nullable().describe("readings per second"),
});

/** What the historian measured last of one stream. */
const measuredStream = z.object({
  stream: z.string(),
  /** Absent: nothing was measured. */
  at: time.optional(),
  stale: z.boolean().describe("it was measured too long ago to count"),
  fresh: z.boolean().optional(),
  ageMs: z.number().nullable().optional(),
  windows: z.record(z.enum(QUALITY_WINDOWS), windowQuality).optional(),
});

/** What is known by measurement of a product. */
export const productQuality = z
  .object({
    product: resourceId,
    version: z.string().nullable(),
    streams: z.array(measuredStream),
    posted: z.array(postedMetric),
  })
  .meta({ id: "ProductQuality" });

export type MetricsInput = z.output<typeof metricsInput>;

export type ProductQuality = z.output<typeof productQuality>;
