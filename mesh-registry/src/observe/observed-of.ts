import { type Birth, type BirthSensor, streamName } from "@fieldmesh/protocol";
import { type Observed, observed } from "../resources/product.js";

/**
 * What a birth tells of one of its streams. A field that does not fit what the registry keeps, as a label with
 * control characters, is left out.
 */
export function observedOf(birth: Birth, sensor: BirthSensor, seenAt: number): Observed {
  const { domain, node, host, boot } = birth;
  const { id, label, type: quantity, unit, valueType: type, range, intervalMs } = sensor;
  const seen: Record<string, unknown> = { label, quantity, unit, type, range, intervalMs, host, boot };
  const fields: Record<string, unknown> = { stream: streamName({ domain, node, sensor: id }), node, seenAt };
  const { shape } = observed;
  for (const [name, value] of Object.entries(seen)) {
    if (value === undefined) continue;
    const schema = shape[name as keyof typeof shape];
    if (schema.safeParse(value).success) fields[name] = value;
  }
  return observed.parse(fields);
}

/** Whether two tell the same, whenever they were told. */
export function tellsTheSame(one: Observed, other: Observed): boolean {
  return JSON.stringify(ordered(one)) === JSON.stringify(ordered(other));
}

function ordered(of: Observed): [string, unknown][] {
  const { range, ...flat } = of;
  const fields: [string, unknown][] = Object.entries({ ...flat, min: range?.min, max: range?.max });
  return fields
    .filter(([name, value]) => value !== undefined && name !== "seenAt")
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
