import { readFile } from "node:fs/promises";
import { ConfigFileError, type FoundProblem, problemsOf, readDocument } from "@fieldmesh/runtime";
import { type DashboardConfig, dashboardConfigSchema } from "./schema.js";

/** What holds without a `DASHBOARD_CONFIG`: defaults, and no notifications. */
export function defaultDashboardConfig(): DashboardConfig {
  return dashboardConfigSchema.parse({});
}

/**
 * Reads the file that `DASHBOARD_CONFIG` names.
 * @throws ConfigFileError with everything that is wrong: line, field, value and what is expected
 */
export async function readDashboardConfig(path: string): Promise<DashboardConfig> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigFileError(path, [{ field: "", expected: `cannot be read: ${why}` }], { cause });
  }
  return parseDashboardConfig(text, path);
}

/**
 * Parses the YAML of a configuration; `path` is for messages.
 * @throws ConfigFileError
 */
export function parseDashboardConfig(text: string, path: string): DashboardConfig {
  const document = readDocument(text, path);
  const content = document.content ?? {}; // an empty file
  const parsed = dashboardConfigSchema.safeParse(content);
  const problems = parsed.success
    ? sameNames(parsed.data)
    : problemsOf(dashboardConfigSchema, parsed.error, content);
  if (!parsed.success || problems.length > 0) {
    throw new ConfigFileError(
      path,
      problems.map((problem) => document.locate(problem)),
    );
  }
  return parsed.data;
}

/** Channels are known by their names: on the page, and by what they were told. */
function sameNames({ channels }: DashboardConfig): FoundProblem[] {
  const seen = new Set<string>();
  return channels.flatMap(({ name }, index) => {
    const isFirst = !seen.has(name);
    seen.add(name);
    const expected = "expected another: a channel before it has this name";
    return isFirst ? [] : [{ path: ["channels", index, "name"], value: name, expected }];
  });
}
