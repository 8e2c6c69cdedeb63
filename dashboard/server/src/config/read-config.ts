import { readFile } from "node:fs/promises";
import { shown } from "@fieldmesh/protocol";
import { ConfigurationError } from "@fieldmesh/runtime";
import { type Document, isNode, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { type DashboardConfig, dashboardConfigSchema } from "./schema.js";

/** One thing that is wrong in the configuration, with where it stands. */
export interface ConfigFault {
  line: number;
  field: string;
  message: string;
}

/** The configuration is refused: every fault with its line, field, value and what is expected. */
export class DashboardConfigError extends ConfigurationError {
  override readonly code = "dashboard_config";
  override readonly name = "DashboardConfigError";
  readonly faults: ConfigFault[];

  constructor(path: string, faults: ConfigFault[], options?: ErrorOptions) {
    const lines = faults.map(({ line, field, message }) =>
      [`${path}:${line}`, ...(field === "" ? [] : [field]), message].join(": "),
    );
    super(lines.join("\n"), options);
    this.faults = faults;
  }
}

/** What holds without a `DASHBOARD_CONFIG`: defaults, and no notifications. */
export function defaultDashboardConfig(): DashboardConfig {
  return dashboardConfigSchema.parse({});
}

/**
 * Reads the file that `DASHBOARD_CONFIG` names.
 * @throws DashboardConfigError
 */
export async function readDashboardConfig(path: string): Promise<DashboardConfig> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DashboardConfigError(path, [{ line: 1, field: "", message: `cannot be read: ${why}` }], {
      cause,
    });
  }
  return parseDashboardConfig(text, path);
}

/**
 * Parses the YAML of a configuration; `path` is for messages.
 * @throws DashboardConfigError
 */
export function parseDashboardConfig(text: string, path: string): DashboardConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    throw new DashboardConfigError(
      path,
      document.errors.map((error) => ({
        line: lines.linePos(error.pos[0]).line,
        field: "",
        message: error.message,
      })),
    );
  }
  const value: unknown = document.toJS({ maxAliasCount: 100 });
  const parsed = dashboardConfigSchema.safeParse(value ?? {});
  if (!parsed.success) {
    throw new DashboardConfigError(
      path,
      parsed.error.issues.map((issue) => fault(issue, value, document, lines)),
    );
  }
  const seen = new Set<string>();
  parsed.data.channels.forEach(({ name }, index) => {
    if (!seen.has(name)) {
      seen.add(name);
      return;
    }
    const at = ["channels", index, "name"];
    throw new DashboardConfigError(path, [
      {
        line: lineOf(at, document, lines),
        field: fieldName(at),
        message: `"${name}" is another channel's name already`,
      },
    ]);
  });
  return parsed.data;
}

function fault(issue: z.core.$ZodIssue, root: unknown, document: Document, lines: LineCounter): ConfigFault {
  const unknownKey = issue.code === "unrecognized_keys" ? issue.keys[0] : undefined;
  const path = unknownKey === undefined ? issue.path : [...issue.path, unknownKey];
  const message =
    unknownKey === undefined
      ? `${shown(valueAt(root, path))}: expected ${issue.message}`
      : "there is no such field here; see the schema for those that there are";
  return { line: lineOf(path, document, lines), field: fieldName(path), message };
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

function fieldName(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (name, key) =>
      typeof key === "number" ? `${name}[${key}]` : name === "" ? String(key) : `${name}.${String(key)}`,
    "",
  );
}

/** The line of the field, or of the nearest thing around it that the file has. */
function lineOf(path: readonly PropertyKey[], document: Document, lines: LineCounter): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}
