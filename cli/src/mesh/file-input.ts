import { readFile } from "node:fs/promises";
import { text as readAll } from "node:stream/consumers";
import { ConfigFileError, problemsOf, readDocument } from "@fieldmesh/runtime";
import type { z } from "zod";
import { UsageError } from "../exit.js";
import type { Terminal } from "../terminal.js";

/** The text of a file; of the standard input for `-`. @throws UsageError */
export async function readText(file: string, { stdin }: Pick<Terminal, "stdin">): Promise<string> {
  if (file === "-") return readAll(stdin);
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new UsageError(`cannot read ${file}`, { cause });
  }
}

/**
 * A resource written in YAML or JSON.
 * @throws ConfigFileError with file, line, field and what was expected
 */
export function parseResource<S extends z.ZodType>(text: string, file: string, schema: S): z.output<S> {
  const document = readDocument(text, file);
  const parsed = schema.safeParse(document.content);
  if (parsed.success) return parsed.data;
  const found = problemsOf(schema, parsed.error, document.content);
  throw new ConfigFileError(
    file,
    found.map((problem) => document.locate(problem)),
  );
}

/** YAML or JSON as it stands. @throws ConfigFileError */
export function parseAny(text: string, file: string): unknown {
  return readDocument(text, file).content;
}

/** `name=value` pairs of an option; numbers, true and false are what they look like. */
export function parsePairs(option: string, pairs: readonly string[]): Map<string, string | number | boolean> {
  const found = new Map<string, string | number | boolean>();
  for (const pair of pairs) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
    if (name === undefined || value === undefined) {
      throw new UsageError(`${option} ${pair}: expected name=value`);
    }
    found.set(name, scalarOf(value));
  }
  return found;
}

function scalarOf(text: string): string | number | boolean {
  if (text === "true" || text === "false") return text === "true";
  return /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?$/.test(text) ? Number(text) : text;
}
