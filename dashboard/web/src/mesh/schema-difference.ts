import { type SchemaField, schemaFields } from "./schema-fields.js";

/** What became of one field between two versions. */
export interface FieldChange {
  path: string;
  kind: "added" | "removed" | "changed";
  /** What is different, in words. */
  what: string[];
}

const WORDS: { [name in Exclude<keyof SchemaField, "path" | "required">]: string } = {
  type: "type",
  unit: "unit",
  range: "range",
  description: "description",
};

/** Fields that were added, removed or changed from one schema to another, in the order of the newer one. */
export function fieldChanges(before: unknown, after: unknown): FieldChange[] {
  const old = new Map(schemaFields(before).map((field) => [field.path, field]));
  const now = schemaFields(after);
  const changes: FieldChange[] = [];
  for (const field of now) {
    const was = old.get(field.path);
    old.delete(field.path);
    if (was === undefined) changes.push({ path: field.path, kind: "added", what: [summary(field)] });
    else {
      const what = differences(was, field);
      if (what.length > 0) changes.push({ path: field.path, kind: "changed", what });
    }
  }
  for (const field of old.values())
    changes.push({ path: field.path, kind: "removed", what: [`was ${summary(field)}`] });
  return changes;
}

function summary({ type, unit, range, required }: SchemaField): string {
  return [type, unit === "" ? "" : `in ${unit}`, range, required ? "required" : "optional"]
    .filter((part) => part !== "")
    .join(", ");
}

function differences(was: SchemaField, now: SchemaField): string[] {
  const what: string[] = [];
  if (was.required !== now.required)
    what.push(now.required ? "required now, was optional" : "optional now, was required");
  for (const name of ["type", "unit", "range", "description"] as const) {
    if (was[name] === now[name]) continue;
    if (name === "description") what.push("described anew");
    else what.push(`${WORDS[name]} ${now[name] || "any"}, was ${was[name] || "any"}`);
  }
  return what;
}
