import { z } from "zod";
import { accessPolicy } from "./access-policy.js";
import { openObject, resourceId, text, time } from "./fields.js";

export const COMPATIBILITIES = ["BACKWARD", "FORWARD", "FULL"] as const;

const NUMBER = "(?:0|[1-9]\\d{0,8})";

/** `1.2.3`; `1` and `1.2` are read as 1.0.0 and 1.2.0. */
export const versionNumber = z
  .string()
  .regex(new RegExp(`^${NUMBER}(?:\\.${NUMBER}){0,2}$`), "expected a version as 1.0.0")
  .transform((given) => [...given.split("."), "0", "0"].slice(0, 3).join("."));

const declared = {
  version: versionNumber,
  schema: openObject.describe("JSON Schema of the payload, a map of fields, or {fields: [{name, type}]}"),
  accessPolicy: accessPolicy.optional(),
  changelog: text(10_000).default(""),
  compatibility: z.enum(COMPATIBILITIES).default("BACKWARD"),
  strict: z
    .boolean()
    .default(false)
    .describe("judge open models strictly: a field that is added may break who sent another of its name"),
};

/** What is published. */
export const versionInput = z.strictObject(declared).meta({ id: "VersionInput" });
/** A version as it is answered; it never changes. */
export const version = z
  .strictObject({ product: resourceId, ...declared, publishedAt: time, publishedBy: z.string() })
  .meta({ id: "Version" });

export type VersionInput = z.output<typeof versionInput>;
export type Version = z.output<typeof version>;
