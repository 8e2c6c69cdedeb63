import type { BirthSensor, Reading, Stream } from "@fieldmesh/protocol";

/** What is known of a stream, also when its node is gone. */
export interface StreamDocument extends Stream {
  v: 1;
  /** `birth`: the node says so. `observed`: seen on readings that no birth explains. */
  source: "birth" | "observed";
  label?: string;
  /** What is measured: `temperature`… */
  type?: string;
  unit: string;
  valueType: "number" | "boolean";
  range?: { min?: number; max?: number };
  intervalMs?: number;
  maxSilenceMs?: number;
  driver?: string;
  /** When the historian first heard of it, ms. */
  since: number;
  /** When its node, or its sensor, was removed, ms. What was kept of it stays. */
  retiredAt?: number;
}

export function fromBirth(stream: Stream, sensor: BirthSensor, since: number): StreamDocument {
  const { label, type, unit, valueType = "number", range, intervalMs, maxSilenceMs, driver } = sensor;
  return {
    v: 1,
    ...named(stream),
    source: "birth",
    type,
    unit,
    valueType,
    intervalMs,
    driver,
    since,
    ...(label === undefined ? {} : { label }),
    ...(range === undefined ? {} : { range: { ...range } }),
    ...(maxSilenceMs === undefined ? {} : { maxSilenceMs }),
  };
}

export function fromReading(
  stream: Stream,
  { unit, value }: Pick<Reading, "unit" | "value">,
  since: number,
): StreamDocument {
  const valueType = typeof value === "boolean" ? "boolean" : "number";
  return { v: 1, ...named(stream), source: "observed", unit, valueType, since };
}

function named({ domain, node, sensor }: Stream): Stream {
  return { domain, node, sensor };
}
