import { z } from "zod";
import { asObject, isRecord } from "../../compatibility/schema.js";
import { schemaOfTypeName } from "../../compatibility/type-names.js";
import {
  domainId,
  filledText,
  type OpenObject,
  openObject,
  resourceId,
  tags,
} from "../../resources/fields.js";
import type { Product } from "../../resources/product.js";
import { versionNumber } from "../../resources/version.js";
import type { Catalogue } from "../../store/catalogue.js";
import type { Kept } from "../../store/table.js";

const STATUSES = ["active", "deprecated", "inactive"] as const;
/** As its client wrote the type of a field; a version's schema has it beside the field. */
const WRITTEN_TYPE = "x-type";

const described = filledText(500);
/** Of at least one field: its name and type. */
const fields = openObject
  .refine((given) => Object.keys(given).length > 0, "expected at least one field")
  .describe("fields and their types, as {order_id: integer}; or a JSON Schema");
/** Blank ones are left out. */
const givenTags = z
  .preprocess(
    (given) =>
      Array.isArray(given) ? given.filter((tag) => typeof tag !== "string" || /\S/.test(tag)) : given,
    tags,
  )
  .meta({ type: "array", items: { type: "string" } });

/** What is sent to register a product; what else is sent is left out. */
export const seedProductInput = z
  .object({
    name: resourceId,
    domain: domainId,
    owner: filledText(100),
    description: described,
    schema: fields,
    status: z.enum(STATUSES).default("active"),
    version: versionNumber.default("1.0.0"),
    tags: givenTags.default([]),
  })
  .meta({ id: "SeedProductInput" });

/** What may be sent to change one: what is not there stays. */
export const seedProductUpdate = z
  .object({
    description: described.nullish(),
    status: z.enum(STATUSES).nullish(),
    tags: givenTags.nullish(),
    schema: fields.nullish(),
  })
  .meta({ id: "SeedProductUpdate" });

/** A product as these clients know it. */
export const seedProduct = z
  .object({
    name: z.string(),
    domain: z.string(),
    owner: z.string(),
    description: z.string(),
    schema: z.record(z.string(), z.unknown()),
    status: z.string(),
    version: z.string().nullable().describe("the newest; null where none is published"),
    tags: z.array(z.string()),
    created_at: z.string(),
    updated_at: z.string(),
  })
  .meta({ id: "SeedProduct" });

export type SeedProductInput = z.output<typeof seedProductInput>;
type SeedProduct = z.output<typeof seedProduct>;

/** What these clients read of a product beside what it has under the same name. */
export const seedFields = seedProduct.pick({
  name: true,
  schema: true,
  version: true,
  created_at: true,
  updated_at: true,
}).shape;

/**
 * The schema of a version: a map of names of types is remembered as it was written, also types that nobody knows;
 * anything else is read as the schema of every version is.
 */
export function publishedSchema(given: OpenObject): OpenObject {
  const entries = Object.entries(given);
  if (!entries.every(([, type]) => typeof type === "string" && type !== "")) return given;
  const properties = entries.map(([name, type]) => [
    name,
    { ...asObject(schemaOfTypeName(String(type)) ?? {}), [WRITTEN_TYPE]: type },
  ]);
  return { type: "object", properties: Object.fromEntries(properties) as OpenObject };
}

export function toSeedProduct({ value }: Kept<Product>, versions: Catalogue["versions"]): SeedProduct {
  const { domain, owner, description, status, tags } = value;
  return { domain, owner, description, status, tags, ...seedFieldsOf(value, versions) };
}

export function seedFieldsOf(
  { id, createdAt, updatedAt }: Product,
  versions: Pick<Catalogue["versions"], "newest" | "newestSchema">,
): Pick<SeedProduct, keyof typeof seedFields> {
  return {
    name: id,
    version: versions.newest(id) ?? null,
    schema: shownSchema(versions.newestSchema(id)),
    created_at: new Date(createdAt).toISOString(),
    updated_at: new Date(updatedAt).toISOString(),
  };
}

/** The map that was written, where it was one. */
function shownSchema(json: string | undefined): OpenObject {
  const schema: unknown = json === undefined ? {} : JSON.parse(json);
  if (!isRecord(schema)) return {};
  const { properties } = schema;
  if (!isRecord(properties)) return schema;
  const written = Object.entries(properties).map(([name, field]) => [
    name,
    isRecord(field) ? field[WRITTEN_TYPE] : undefined,
  ]);
  return written.every(([, type]) => typeof type === "string") ? Object.fromEntries(written) : schema;
}
