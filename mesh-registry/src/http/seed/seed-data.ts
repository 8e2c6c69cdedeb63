import { z } from "zod";

const DAY_MS = 86_400_000;
const TIME = "expected a date as 2027-01-31, or a time as 2027-01-31T12:00:00Z";

/** ms since the epoch; a date alone is its beginning in UTC, or with `end` its end. */
function moment(end: boolean) {
  return z
    .string()
    .max(40, TIME)
    .transform((text, context) => {
      const isDate = /^\d{4}-\d{2}-\d{2}$/.test(text);
      const isTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/i.test(
        text,
      );
      const at = isDate || isTime ? Date.parse(text) : Number.NaN;
      if (Number.isNaN(at) || at < 0) {
        context.addIssue({ code: "custom", message: TIME });
        return z.NEVER;
      }
      return isDate && end ? at + DAY_MS : at;
    })
    .meta({ type: "string" });
}

const LIMIT = "expected a whole number from 1 to 1000";

/** What may be asked of the data of a product; what else is asked is passed over. */
export const seedDataList = z.object({
  limit: z
    .string()
    .refine((text) => /^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= 1_000, LIMIT)
    .transform(Number)
    .meta({ type: "integer", minimum: 1, maximum: 1_000 })
    .optional()
    .describe("at most so many; 100 by default"),
  start_date: moment(false).optional().describe("the first ones from then on; without it the newest"),
  end_date: moment(true).optional().describe("up to then; a day is meant to its end"),
});

/** A reading as these clients are given it. */
export const seedReading = z
  .object({
    timestamp: z.string().describe("ISO 8601"),
    value: z.union([z.number(), z.boolean(), z.null()]),
    unit: z.string(),
    quality: z.enum(["good", "uncertain", "bad"]),
    reason: z.string().optional(),
  })
  .meta({ id: "SeedReading" });

export type SeedReading = z.output<typeof seedReading>;
