import { z } from "zod";
import { description, filledText, openObject, resourceId, text, time } from "./fields.js";

const MAX_COMPONENTS = 50;
const MAX_PARAMETERS = 50;

const parameter = z.strictObject({
  name: filledText(100),
  description: description.optional(),
  default: z.union([text(1_000), z.number(), z.boolean()]).optional(),
});

const component = z.strictObject({
  name: filledText(100).describe("edge, credentials, compose; others are listed as external"),
  settings: openObject.default({}),
});

const declared = {
  name: filledText(200),
  description: description.default(""),
  components: z
    .array(component)
    .min(1, "expected at least one component")
    .max(MAX_COMPONENTS, `expected at most ${MAX_COMPONENTS} components`),
  parameters: z.array(parameter).max(MAX_PARAMETERS, `expected at most ${MAX_PARAMETERS}`).default([]),
};

/** What is said of a template when it is made. */
export const templateInput = z.strictObject({ id: resourceId, ...declared }).meta({ id: "TemplateInput" });
/** A template as it is answered. */
export const template = z
  .strictObject({ id: resourceId, ...declared, createdAt: time, updatedAt: time })
  .meta({ id: "Template" });

export type TemplateInput = z.output<typeof templateInput>;
export type Template = z.output<typeof template>;
