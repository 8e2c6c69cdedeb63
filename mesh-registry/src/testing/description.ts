import { z } from "zod";
import type { Service } from "./service.js";

export interface Operation {
  parameters?: { name: string; in: string }[];
  requestBody?: { content: Record<string, { schema: Record<string, unknown> }> };
  responses: Record<string, { content?: Record<string, { schema: Record<string, unknown> }> }>;
}

export interface Description {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, unknown> };
}

export async function descriptionOf(service: Service): Promise<Description> {
  return (await service.ask("GET", "/openapi.json")).body as Description;
}

/** What the description says of an answer, to check it by; undefined where it says nothing of such a one. */
export function answerSchema(
  description: Description,
  { responses }: Operation,
  status: number,
): z.ZodType | undefined {
  const content = responses[status]?.content;
  const schema = (content?.["application/json"] ?? content?.["application/problem+json"])?.schema;
  if (schema === undefined) return undefined;
  return z.fromJSONSchema(inlined(schema, description) as z.core.JSONSchema.JSONSchema);
}

/** With the schema in place of each reference to it. */
export function inlined(schema: unknown, description: Description): unknown {
  if (Array.isArray(schema)) return schema.map((each) => inlined(each, description));
  if (typeof schema !== "object" || schema === null) return schema;
  const name =
    "$ref" in schema ? /^#\/components\/schemas\/(\w+)$/.exec(String(schema.$ref))?.[1] : undefined;
  if (name !== undefined) return inlined(description.components.schemas[name], description);
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, inlined(value, description)]));
}
