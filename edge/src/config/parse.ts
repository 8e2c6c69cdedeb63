import { parseName, type Rule } from "@fieldmesh/protocol";
import type { z } from "zod";
import { type DriverModule, OptionError, type SensorDefaults } from "../drivers/driver.js";
import { readDocument } from "./document.js";
import { type FoundProblem, problemsOf } from "./issues.js";
import { ConfigError, didYouMean } from "./problems.js";
import { type ConfigSchemas, configSchemas, MAX_SENSORS } from "./schema.js";
import { typeDefaults } from "./sensor-types.js";
import type { NodeConfig, SensorConfig } from "./types.js";

const DEFAULT_INTERVAL_MS = 5_000;
const DEFAULT_DOMAIN = "env";
/** A deadband without `maxSilence` makes silences of a minute, or of ten intervals where that is longer. */
const DEFAULT_SILENCE_MS = 60_000;

export interface ParseOptions {
  /** Name for messages: a path, usually. */
  file: string;
  /** From NODE_ID and DOMAIN: they win over the file. */
  node?: string;
  domain?: string;
}

type WrittenSensor = z.output<ConfigSchemas["sensor"]>;
type WrittenDefaults = z.output<ConfigSchemas["node"]>["defaults"];

/**
 * Parses an edge node's configuration. Throws a ConfigError with everything that is wrong: line, field, value
 * and what was expected. Sensors marked `optional` that this machine cannot read are left out.
 */
export async function parseNodeConfig(text: string, options: ParseOptions): Promise<NodeConfig> {
  const document = readDocument(text, options.file);
  const schemas = await configSchemas();
  const found: FoundProblem[] = [];
  const { sensors: written, ...rest } = mapOf(document.content, [], found);
  const parsed = schemas.node.safeParse(rest);
  if (!parsed.success) {
    found.push(...problemsOf(schemas.node, parsed.error, rest).map((p) => knowingSensors(p)));
  }
  const node = options.node ?? textOf(rest["node"]);
  const domain = options.domain ?? textOf(rest["domain"]) ?? DEFAULT_DOMAIN;
  checkName("node", node, found);
  checkName("domain", domain, found);

  const entries = Object.entries(mapOf(written, ["sensors"], found));
  if (entries.length === 0 && found.length === 0) {
    found.push({
      path: ["sensors"],
      expected: "missing: expected at least one sensor, as temperature: simulated",
    });
  }
  if (entries.length > MAX_SENSORS) {
    found.push({
      path: ["sensors"],
      expected: `expected at most ${MAX_SENSORS}: each has a thread of its own`,
    });
  }
  const sensors: SensorConfig[] = [];
  for (const [id, value] of entries.slice(0, MAX_SENSORS)) {
    const sensor = await parseSensor(id, value, parsed.data?.defaults ?? {}, schemas, found);
    if (sensor !== undefined) sensors.push(sensor);
  }
  if (!parsed.success || found.length > 0) {
    throw new ConfigError(
      options.file,
      found.map((problem) => document.locate(problem)),
    );
  }
  const { label, log, backfillPerSecond } = parsed.data;
  return {
    ...(node !== undefined && { node }),
    domain,
    ...(label !== undefined && { label }),
    sensors,
    log: {
      heldBytes: log.held,
      heldMs: log.heldFor,
      replayBytes: log.replay,
      replayMs: log.replayFor,
      writeEveryMs: log.writeEvery,
      flushEveryMs: log.flushEvery,
    },
    backfillPerSecond,
  };
}

async function parseSensor(
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
  const sensor = resolve(id, type, written, { kind, options }, fromDriver, nodeDefaults);
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

function checkName(kind: "node" | "domain", value: string | undefined, found: FoundProblem[]): void {
  if (value === undefined) return;
  const name = parseName(kind, value);
  if (!name.ok) found.push({ path: [kind], value, expected: expectedOf(name.detail) });
}

/** The part of a refusal that says what was expected: place and value are put before it anyway. */
function expectedOf(detail: string): string {
  const at = detail.indexOf("expected ");
  return at === -1 ? detail : detail.slice(at);
}

/** The sensors are parsed apart: a key that was meant to be theirs is told so. */
function knowingSensors(problem: FoundProblem): FoundProblem {
  const key = problem.path[0];
  const isTop = problem.isKey === true && problem.path.length === 1;
  const meant = isTop ? didYouMean(String(key), ["sensors"]) : "";
  return meant === "" ? problem : { ...problem, expected: `unknown key${meant}` };
}

/** What is no text the schema complains of. */
function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function mapOf(value: unknown, path: PropertyKey[], found: FoundProblem[]): Record<string, unknown> {
  if (isMap(value)) return value;
  if (value !== undefined && value !== null)
    found.push({ path, value, expected: "expected a map (key: value)" });
  return {};
}
