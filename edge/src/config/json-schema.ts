import { z } from "zod";
import { RULE_KINDS } from "./rules.js";
import { configSchemas } from "./schema.js";

/**
 * The configuration's JSON Schema, short forms included, as editors use it. It is published as
 * `edge/schema/edge-config.schema.json`; a test says when that is not current.
 */
export async function configJsonSchema(): Promise<Record<string, unknown>> {
  const { file, bareKinds } = await configSchemas();
  const shortDriver = { enum: bareKinds };
  const schema = z.toJSONSchema(file, {
    io: "input",
    override: ({ jsonSchema }) => {
      const { short, ...full } = jsonSchema as Record<string, unknown>;
      if (short === undefined) return;
      if (short === "rule") {
        delete (jsonSchema as Record<string, unknown>)["short"];
        Object.assign(jsonSchema, { oneOf: RULE_KINDS.map((kind) => ({ required: [kind] })) });
        return;
      }
      for (const key of Object.keys(jsonSchema)) delete jsonSchema[key as keyof typeof jsonSchema];
      const form =
        short === "driver"
          ? shortDriver
          : {
              type: "array",
              prefixItems: [{ type: "number" }, { type: "number" }],
              minItems: 2,
              maxItems: 2,
            };
      Object.assign(jsonSchema, { anyOf: [form, full] });
    },
  });
  return { title: "Fieldmesh edge node", description: "EDGE_CONFIG: what an edge node reads.", ...schema };
}
