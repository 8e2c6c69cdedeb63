import { ConfigFileError, type FoundProblem, problemsOf, readDocument } from "@fieldmesh/runtime";
import { type ConfigurationContent, configurationSchema } from "./schema.js";

/** A configuration document that is right: as it was given, and what it means. */
export interface ParsedConfiguration {
  version: number;
  document: unknown;
  content: ConfigurationContent;
}

/** What is wrong in a document that is not in a file, by path. */
export type ConfigurationProblems = readonly FoundProblem[];

/**
 * Parses the YAML (or JSON) of a configuration; `path` is for messages.
 * @throws ConfigFileError with everything that is wrong: line, field, value and what is expected
 */
export function parseConfigurationFile(text: string, path: string): ParsedConfiguration {
  const file = readDocument(text, path);
  const parsed = parseConfiguration(file.content ?? {}); // an empty file
  if (parsed.ok) return parsed.value;
  throw new ConfigFileError(
    path,
    parsed.problems.map((problem) => file.locate(problem)),
  );
}

/** Parses a document that came as JSON. Never throws. */
export function parseConfiguration(
  document: unknown,
): { ok: true; value: ParsedConfiguration } | { ok: false; problems: ConfigurationProblems } {
  const parsed = configurationSchema.safeParse(document);
  if (!parsed.success)
    return { ok: false, problems: problemsOf(configurationSchema, parsed.error, document) };
  const problems = termProblems(parsed.data.retention, document);
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, value: { version: parsed.data.version ?? 1, document, content: parsed.data } };
}

/** A chart goes from one level to the next: the longer one must reach at least as far back. */
function termProblems(
  { raw, minute, hour }: ConfigurationContent["retention"],
  document: unknown,
): ConfigurationProblems {
  const problem = (field: "minute" | "hour", shorter: string): FoundProblem => {
    const { retention } = document as { retention?: Record<string, unknown> };
    return {
      path: ["retention", field],
      value: retention?.[field],
      expected: `expected at least as long as ${shorter}: longer steps reach further back`,
    };
  };
  return [
    ...(minute < raw ? [problem("minute", "raw")] : []),
    ...(hour < minute ? [problem("hour", "minute")] : []),
  ];
}
