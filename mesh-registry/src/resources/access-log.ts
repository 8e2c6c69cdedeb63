import { z } from "zod";
import { filledText, resourceId, text, time } from "./fields.js";
import { consumerName } from "./subscription.js";

/** Where it happened. */
export const ACCESS_PLACES = ["registry", "historian", "broker", "client"] as const;

export const MAX_REASON = 500; // characters

const what = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,39}$/, "expected 1 to 40 lower-case letters, digits, _ or -, as read")
  .describe("read, subscribe, approve, change …");

const told = {
  who: consumerName,
  what,
  product: resourceId,
  allowed: z.boolean(),
  reason: text(MAX_REASON).describe("why, or why not"),
  via: z.enum(ACCESS_PLACES),
};

/** What was done, or refused. The same within a minute is one entry. */
export const accessEntry = z
  .strictObject({
    ...told,
    who: z.string().describe("a principal, or what the registry did by itself: registry:expiry"),
    at: time.describe("when it was first done"),
    lastAt: time,
    count: z.number().int().min(1),
  })
  .meta({ id: "AccessEntry" });

/** What somebody says that it did. Whether it was allowed, the registry says. */
export const accessNote = z
  .strictObject({
    what: what.default("read"),
    consumer: consumerName
      .optional()
      .describe("who did it, when not who says so; for who decides about the product"),
  })
  .meta({ id: "AccessNote" });

const MAX_REPORTED = 1_000;

/** What another service let happen, or refused. */
export const accessReport = z
  .strictObject({
    entries: z
      .array(
        z.strictObject({
          ...told,
          via: told.via.default("historian"),
          reason: told.reason.default(""),
          at: time.optional(),
          count: z.number().int().min(1).max(1_000_000).default(1),
        }),
      )
      .max(MAX_REPORTED, `expected at most ${MAX_REPORTED} entries`),
  })
  .meta({ id: "AccessReport" });

/** What became of a report. */
export const accessReceipt = z
  .strictObject({
    taken: z.number().int(),
    unknown: z
      .array(filledText(100))
      .describe("products that are not there: what was said of them is not kept"),
  })
  .meta({ id: "AccessReceipt" });

export type AccessEntry = z.output<typeof accessEntry>;
