import { z } from "zod";
import { filledText, resourceId } from "./fields.js";

const MAX_ASKED = 1_000;

const affected = {
  product: resourceId,
  version: z.string().nullable().describe("the newest published; null: none is"),
  domain: z.string(),
  owner: z.string(),
  consumers: z.array(z.string()).describe("approved; none where the asker may not know of them"),
  consumerCount: z.number().int(),
};

/** What feels it when something happens to products: who is to be told. */
export const impactReport = z
  .strictObject({
    products: z.array(z.strictObject(affected)).describe("those that it happens to"),
    downstream: z
      .array(
        z.strictObject({
          ...affected,
          depth: z.number().int().min(1).describe("steps from the nearest of them"),
          via: z.string().nullable().describe("the product before it; null: one that the asker may not see"),
          confidence: z.number().describe("of the most certain way"),
        }),
      )
      .describe("what is made of them, nearest first; at most 1,000"),
    owners: z.array(z.string()),
    consumers: z.array(z.string()),
    hidden: z
      .strictObject({ products: z.number().int(), consumers: z.number().int() })
      .describe("of private products that the asker may not see"),
    more: z.number().int().describe("downstream products beyond those that are listed"),
    streams: z
      .array(z.strictObject({ stream: z.string(), products: z.array(z.string()) }))
      .optional()
      .describe("of what was asked by stream: the products that it is of"),
  })
  .meta({ id: "ImpactReport" });

/** What happened: alarms of these streams, or something to these products. */
export const impactInput = z
  .strictObject({
    streams: z.array(filledText(100)).max(MAX_ASKED, `expected at most ${MAX_ASKED}`).default([]),
    products: z.array(resourceId).max(MAX_ASKED, `expected at most ${MAX_ASKED}`).default([]),
  })
  .refine(({ streams, products }) => streams.length + products.length > 0, "expected streams or products")
  .meta({ id: "ImpactInput" });

export type ImpactReport = z.output<typeof impactReport>;
