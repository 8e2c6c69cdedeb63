import { parseName, type Rule } from "@fieldmesh/protocol";
import { type FoundProblem, problemsOf } from "@fieldmesh/runtime";
import type { z } from "zod";
import { type DriverModule, OptionError, type SensorDefaults } from "../drivers/driver.js";
import type { ConfigSchemas } from "./schema.js";
import { typeDefaults } from "./sensor-types.js";
import type { SensorConfig } from "./types.js";

const DEFAULT_INTERVAL_MS = 5_000;
/** A deadband without `maxSilence` makes silences of a minute, or of ten intervals where that is longer. */
const DEFAULT_SILENCE_MS = 60_000;

type WrittenSensor = z.output<ConfigSchemas["sensor"]>;
type WrittenDefaults = z.output<ConfigSchemas["node"]>["defaults"];

/**
 * Parses one sensor and fills in what its node, its driver and its type give. Problems go to `found`; `undefined`
 * when there are any, or when the sensor is optional and not there.
 */
export async function parseSensor(
  id: string,
  value: unknown,
  nodeDefaults: WrittenDefaults,
  schemas: ConfigSchemas,
  found: FoundProblem[],
): Promise<SensorConfig | undefined> {
  const path = ["sensors", id];
  const before = found.length;
  const name = parseName("sensor", id);
  if (!name.ok) found.push({ path, expected: expectedOf(name.detail), isKey: true });
  const full = withoutShortForms(value);
  const parsed = schemas.sensor.safeParse(full);
  if (!parsed.success) {
    for (const problem of problemsOf(schemas.sensor, parsed.error, full)) {
      found.push({ ...problem, path: [...path, ...writtenPath(problem.path, value)] });
    }
    return undefined;
  }
  const written = parsed.data;
  const { kind, ...options } = written.driver as { kind: string } & Record<string, unknown>;
  const module = schemas.modules.get(kind);
  if (module === undefined) return undefined;
  const type = written.type ?? id;
  const fromDriver = driverDefaults(module, options, { id, type }, path, found);
  if (fromDriver === undefined) return undefined;
  const needsBroker = module.needsBroker?.(options) === true;
  const driver = { kind, options, ...(needsBroker && { needsBroker }) };
  const sensor = resolve(id, type, written, driver, fromDriver, nodeDefaults);
  checkSensor(sensor, written, path, found);
  if (found.length > before) return undefined;
  if (written.optional && module.isAvailable && !(await module.isAvailable(options, { id, type })))
    return undefined;
  return sensor;
}

/** A sensor that is only a driver's name, and a driver and a range written short, in their full form. */
function withoutShortForms(value: unknown): unknown {
  const sensor = typeof value === "string" ? { driver: value } : value;
  if (!isMap(sensor)) return sensor;
  const { driver, range } = sensor;
  return {
    ...sensor,
    ...(typeof driver === "string" && { driver: { kind: driver } }),
    ...(Array.isArray(range) &&
      range.length === 2 && { range: { min: range[0] as unknown, max: range[1] as unknown } }),
  };
}

/** The path of a problem as the file has it, where a short form was put into its full one. */
function writtenPath(path: PropertyKey[], value: unknown): PropertyKey[] {
  if (typeof value === "string") return [];
  if (!isMap(value)) return path;
  const [first, second] = path;
  if (first === "driver" && typeof value["driver"] === "string") return [first];
  if (first === "range" && Array.isArray(value["range"]) && second !== undefined) {
    return [first, second === "min" ? 0 : 1];
  }
  return path;
}

function driverDefaults(
  module: DriverModule<Record<string, unknown>>,
  options: Record<string, unknown>,
  sensor: { id: string; type: string },
  path: PropertyKey[],
  found: FoundProblem[],
): SensorDefaults | undefined {
  try {
    return module.defaults?.(options, sensor) ?? {};
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    const { field, value, expected } = error;
    found.push({ path: [...path, "driver", field], value, expected: `expected ${expected}` });
    return undefined;
  }
}

function resolve(
  id: string,
  type: string,
  written: WrittenSensor,
  driver: SensorConfig["driver"],
  fromDriver: SensorDefaults,
  nodeDefaults: WrittenDefaults,
): SensorConfig {
  const fromType = typeDefaults(type);
  const valueType = written.valueType ?? fromDriver.valueType ?? fromType.valueType ?? "number";
  const intervalMs =
    written.interval ?? nodeDefaults.interval ?? fromDriver.intervalMs ?? DEFAULT_INTERVAL_MS;
  const label = written.label ?? fromDriver.label;
  const range = written.range ?? fromDriver.range;
  const silenceMs =
    written.maxSilence ??
    fromDriver.maxSilenceMs ??
    (written.deadband === undefined ? undefined : Math.max(DEFAULT_SILENCE_MS, 10 * intervalMs));
  const rules =
    written.rules === undefined
      ? [...(valueType === "number" ? (fromType.rules ?? []) : [])]
      : Object.entries(written.rules).map(([rule, body]) => ({ id: rule, ...body }) as Rule);
  return {
    id,
    ...(label !== undefined && { label }),
    type,
    valueType,
    unit: written.unit ?? (valueType === "boolean" ? "1" : (fromDriver.unit ?? fromType.unit ?? "1")),
    ...(range !== undefined && {
      range: {
        ...(range.min !== undefined && { min: range.min }),
        ...(range.max !== undefined && { max: range.max }),
      },
    }),
    intervalMs,
    ...(silenceMs !== undefined && { maxSilenceMs: silenceMs }),
    ...(written.deadband !== undefined && { deadband: written.deadband }),
    scale: written.scale ?? 1,
    offset: written.offset ?? 0,
    qos: written.qos ?? nodeDefaults.qos ?? 1,
    driver,
    rules,
  };
}

/** What no single field shows: names of rules, and settings that do not go together. */
function checkSensor(
  sensor: SensorConfig,
  written: WrittenSensor,
  path: PropertyKey[],
  found: FoundProblem[],
): void {
  for (const [index, rule] of sensor.rules.entries()) {
    const rulePath = [...path, "rules", rule.id];
    const name = parseName("rule", rule.id);
    if (!name.ok) found.push({ path: rulePath, expected: expectedOf(name.detail), isKey: true });
    const forBoolean = rule.kind === "equals" ? typeof rule.value === "boolean" : undefined;
    const isLimit = rule.kind !== "equals" && rule.kind !== "missing" && rule.kind !== "stuck";
    if (sensor.valueType === "boolean" && (isLimit || forBoolean === false)) {
      found.push({
        path: rulePath,
        expected: "expected equals: true, equals: false, stuck or missing: its values are true and false",
      });
    }
    if (sensor.valueType === "number" && forBoolean === true) {
      found.push({ path: rulePath, expected: "expected a number after equals (or valueType: boolean)" });
    }
    if (index === MAX_RULES)
      found.push({ path: [...path, "rules"], expected: `expected at most ${MAX_RULES}` });
  }
  const { min, max } = sensor.range ?? {};
  if (min !== undefined && max !== undefined && min >= max) {
    found.push({ path: [...path, "range"], expected: `expected min below max, got ${min} and ${max}` });
  }
  if (written.scale === 0)
    found.push({ path: [...path, "scale"], value: 0, expected: "expected any number but 0" });
  if (sensor.valueType === "boolean") {
    for (const field of ["scale", "offset", "range"] as const) {
      if (written[field] !== undefined) {
        found.push({ path: [...path, field], expected: "expected nothing: its values are true and false" });
      }
    }
  }
  if (sensor.maxSilenceMs !== undefined && sensor.maxSilenceMs < sensor.intervalMs) {
    found.push({ path: [...path, "maxSilence"], expected: "expected no less than interval" });
  }
}

/** As many as a birth may name (see `protocol/`). */
const MAX_RULES = 64;

/** The part of a refusal that says what was expected: place and value are put before it anyway. */
export function expectedOf(detail: string): string {
  const at = detail.indexOf("expected ");
  return at === -1 ? detail : detail.slice(at);
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
