import { z } from "zod";
import { filledText, openObject, resourceId } from "../../resources/fields.js";
import { LINEAGE_TYPES, type LineageEdge } from "../../resources/lineage-edge.js";

const endpoint = z
  .preprocess((given) => (typeof given === "string" ? given.trim() : given), resourceId)
  .meta({ type: "string" });

/** What is sent to register a step; what else is sent is left out. */
export const seedLineageInput = z
  .object({
    source: endpoint,
    target: endpoint,
    transformation: filledText(1_000),
    lineage_type: z.enum(LINEAGE_TYPES).default("direct"),
    confidence: z
      .number()
      .min(0, "expected a number from 0 to 1")
      .max(1, "expected a number from 0 to 1")
      .default(1),
    metadata: openObject.default({}),
  })
  .meta({ id: "SeedLineageInput" });

/** What these clients read of a step beside what it has under the same name. */
export const seedLineageFields = {
  lineage_type: z.enum(LINEAGE_TYPES),
  timestamp: z.string().describe("when it was registered, ISO 8601"),
};

/** A step as these clients know it. */
export const seedLineage = z
  .object({
    source: z.string(),
    target: z.string(),
    transformation: z.string(),
    confidence: z.number(),
    metadata: z.record(z.string(), z.unknown()),
    ...seedLineageFields,
  })
  .meta({ id: "SeedLineage" });

export function toSeedLineage(edge: LineageEdge): z.output<typeof seedLineage> {
  const { source, target, transformation, confidence, metadata } = edge;
  return { source, target, transformation, confidence, metadata, ...seedLineageFieldsOf(edge) };
}

export function seedLineageFieldsOf({ type, createdAt }: LineageEdge): {
  lineage_type: LineageEdge["type"];
  timestamp: string;
} {
  return { lineage_type: type, timestamp: new Date(createdAt).toISOString() };
}
