/** An array within an array, for a server that keeps none there (FerretDB 1). Names of fields never begin so. */
const ARRAY = "_array";

type Fields = Record<string, unknown>;

/** The value with each array within an array as `{_array: […]}`. */
export function wrapNested(value: unknown, within = false): unknown {
  if (Array.isArray(value)) {
    const elements = value.map((element) => wrapNested(element, true));
    return within ? { [ARRAY]: elements } : elements;
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, wrapNested(field)]));
}

/** The inverse; what holds no such array is given back as it is. */
export function unwrapNested(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    for (const [at, element] of value.entries()) value[at] = unwrapNested(element);
    return value;
  }
  const fields = value as Fields;
  if (Array.isArray(fields[ARRAY])) return unwrapNested(fields[ARRAY]);
  for (const [name, field] of Object.entries(fields)) fields[name] = unwrapNested(field);
  return fields;
}
