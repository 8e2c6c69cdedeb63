import { z } from "zod";
import { description, filledText, openObject, resourceId, text, time } from "./fields.js";

const MAX_COMPONENTS = 50;
const MAX_PARAMETERS = 50;

/** What is provided here, each once in a template; components of other names are listed as external. */
export const PROVIDED = ["product", "edge", "credentials", "compose"] as const;

/** A value that stands for `${name}`. */
export const parameterValue = z.union([text(1_000), z.number(), z.boolean()]);
export const parameterName = z
  .string()
  .regex(
    /^[a-zA-Z_][a-zA-Z0-9_]{0,49}$/,
    "expected 1 to 50 letters, digits or _, not beginning with a digit",
  );

const parameter = z.strictObject({
  name: parameterName,
  description: description.optional(),
  default: parameterValue.optional().describe("without one it has to be given"),
});

const component = z.strictObject({
  name: filledText(100).describe("product, edge, credentials, compose; others are listed as external"),
  settings: openObject.default({}).describe("a dollar sign and a name in braces stand for that parameter"),
});

const declared = {
  name: filledText(200),
  description: description.default(""),
  type: filledText(50).optional().describe("what it is for: batch, stream…"),
  components: z
    .array(component)
    .min(1, "expected at least one component")
    .max(MAX_COMPONENTS, `expected at most ${MAX_COMPONENTS} components`)
    .refine(
      (given) => unique(given.filter(({ name }) => isProvided(name))),
      `expected each of ${PROVIDED.join(", ")} once`,
    ),
  parameters: z
    .array(parameter)
    .max(MAX_PARAMETERS, `expected at most ${MAX_PARAMETERS}`)
    .refine(unique, "expected each name once")
    .default([]),
};

export function isProvided(name: string): name is (typeof PROVIDED)[number] {
  return PROVIDED.some((each) => each === name);
}

function unique(named: readonly { name: string }[]): boolean {
  return new Set(named.map(({ name }) => name)).size === named.length;
}

/** What is said of a template when it is changed. */
export const templateUpdate = z.strictObject(declared).meta({ id: "TemplateUpdate" });
/** What is said of a template when it is made. */
export const templateInput = z.strictObject({ id: resourceId, ...declared }).meta({ id: "TemplateInput" });
/** A template as it is answered. */
export const template = z
  .strictObject({ id: resourceId, ...declared, createdAt: time, updatedAt: time })
  .meta({ id: "Template" });

export type TemplateInput = z.output<typeof templateInput>;
export type TemplateUpdate = z.output<typeof templateUpdate>;
export type Template = z.output<typeof template>;
export type ParameterValue = z.output<typeof parameterValue>;
