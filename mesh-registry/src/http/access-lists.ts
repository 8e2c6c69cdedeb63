import { z } from "zod";
import { resourceId } from "../resources/fields.js";
import { paged } from "./lists.js";

const ofLog = {
  limit: paged.limit,
  after: z.string().max(4_000, "expected a cursor out of a Link header").optional(),
};

/** Newest first; only refusals, or only what was allowed. */
export const accessLogOfProductList = z.strictObject({
  ...ofLog,
  allowed: z
    .enum(["true", "false"])
    .transform((text) => text === "true")
    .meta({ type: "boolean" })
    .optional(),
});

export const accessLogList = z.strictObject({ ...ofLog, product: resourceId.optional() });
