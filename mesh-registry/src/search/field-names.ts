import { isRecord } from "../compatibility/schema.js";

/** Names of one schema that are kept. */
const MAX_NAMES = 1_000;

/** The names of a schema's fields, those within one another too. */
export function fieldNamesOf(schema: unknown): string[] {
  const names = new Set<string>();
  const open: unknown[] = [schema];
  while (open.length > 0 && names.size < MAX_NAMES) {
    const next = open.pop();
    if (Array.isArray(next)) open.push(...next);
    if (!isRecord(next)) continue;
    const { properties, items, $defs, allOf, anyOf, oneOf } = next;
    if (isRecord(properties)) {
      for (const name of Object.keys(properties)) if (names.size < MAX_NAMES) names.add(name);
      open.push(...Object.values(properties));
    }
    if (isRecord($defs)) open.push(...Object.values($defs));
    open.push(items, allOf, anyOf, oneOf);
  }
  return [...names];
}
