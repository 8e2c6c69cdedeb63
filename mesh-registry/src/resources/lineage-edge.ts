import { z } from "zod";
import { openObject, resourceId, text, time } from "./fields.js";

export const LINEAGE_TYPES = ["direct", "derived", "aggregated"] as const;

const CONFIDENCE = "expected a number from 0 to 1";

const declared = {
  source: resourceId.describe("the product that data is taken from"),
  target: resourceId.describe("the product that is made of it"),
  transformation: text(2_000).default(""),
  type: z.enum(LINEAGE_TYPES).default("direct"),
  confidence: z.number().min(0, CONFIDENCE).max(1, CONFIDENCE).default(1),
  metadata: openObject.default({}),
};

/** What is said of a step from one product to another. There is one from a source to a target. */
export const lineageInput = z.strictObject(declared).meta({ id: "LineageInput" });
/** A step as it is answered. */
export const lineageEdge = z
  .strictObject({
    ...declared,
    byPort: z.literal(true).optional().describe("made by an input port of the target, and goes with it"),
    createdAt: time,
  })
  .meta({ id: "LineageEdge" });

export type LineageInput = z.output<typeof lineageInput>;
export type LineageEdge = z.output<typeof lineageEdge>;
