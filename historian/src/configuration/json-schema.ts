import { z } from "zod";
import { configurationSchema } from "./schema.js";

/**
 * The configuration's JSON Schema, for editors and for whoever serves the document. It is published as
 * `historian/schema/historian-configuration.schema.json`; a test says when that is not current.
 */
export function configurationJsonSchema(): Record<string, unknown> {
  return {
    title: "Fieldmesh historian",
    description: "What is promised of which stream, and how long readings are kept.",
    ...z.toJSONSchema(configurationSchema, { io: "input" }),
  };
}
