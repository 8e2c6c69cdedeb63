import { parseName } from "@fieldmesh/protocol";
import { ConfigFileError, didYouMean, type FoundProblem, problemsOf, readDocument } from "@fieldmesh/runtime";
import { configSchemas, MAX_SENSORS } from "./schema.js";
import { expectedOf, isMap, parseSensor } from "./sensor.js";
import type { NodeConfig, SensorConfig } from "./types.js";

const DEFAULT_DOMAIN = "env";
export interface ParseOptions {
  /** Name for messages: a path, usually. */
  file: string;
  /** From NODE_ID and DOMAIN: they win over the file. */
  node?: string;
  domain?: string;
  /** What relative paths in the file start from. Default: they are left as they are. */
  folder?: string;
}

/**
 * Parses an edge node's configuration. Throws a ConfigFileError with everything that is wrong: line, field, value
 * and what was expected. Sensors marked `optional` that this machine cannot read are left out.
 */
export async function parseNodeConfig(text: string, options: ParseOptions): Promise<NodeConfig> {
  const document = readDocument(text, options.file);
  const schemas = await configSchemas(options.folder);
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
    throw new ConfigFileError(
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

function checkName(kind: "node" | "domain", value: string | undefined, found: FoundProblem[]): void {
  if (value === undefined) return;
  const name = parseName(kind, value);
  if (!name.ok) found.push({ path: [kind], value, expected: expectedOf(name.detail) });
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

function mapOf(value: unknown, path: PropertyKey[], found: FoundProblem[]): Record<string, unknown> {
  if (isMap(value)) return value;
  if (value !== undefined && value !== null)
    found.push({ path, value, expected: "expected a map (key: value)" });
  return {};
}
