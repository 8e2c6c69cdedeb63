import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigFileError, checkFormat, writeFileAtomic } from "@fieldmesh/runtime";
import { type ParsedConfiguration, parseConfiguration } from "./parse.js";

/** Where a configuration came from: an administrator over HTTP, or the registry. */
export type KeptSource = "admin" | "registry";

/** The last known document, as it is kept so that a start does not depend on who gave it. */
export interface KeptConfiguration {
  source: KeptSource;
  /** Of the registry's answer. */
  etag?: string;
  parsed: ParsedConfiguration;
}

const FORMAT = 1;

/** @throws FormatVersionError, ConfigFileError when the file is not as it was written */
export async function readKept(folder: string, from: KeptSource): Promise<KeptConfiguration | undefined> {
  const path = pathIn(folder, from);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  const kept = JSON.parse(text) as {
    format: unknown;
    source: KeptSource;
    etag?: string;
    version: number;
    document: unknown;
  };
  checkFormat(path, kept.format, FORMAT);
  const parsed = parseConfiguration(kept.document);
  if (!parsed.ok) {
    const problems = parsed.problems.map(({ expected }) => ({ field: "document", expected }));
    throw new ConfigFileError(path, problems);
  }
  const { source, etag, version } = kept;
  // Both were in one file once: what a registry said then is asked for again.
  if (source !== from) return undefined;
  return { source, ...(etag === undefined ? {} : { etag }), parsed: { ...parsed.value, version } };
}

export async function writeKept(folder: string, { source, etag, parsed }: KeptConfiguration): Promise<void> {
  const { version, document } = parsed;
  const kept = { format: FORMAT, source, etag, version, document };
  await writeFileAtomic(pathIn(folder, source), `${JSON.stringify(kept, null, 2)}\n`, 0o600);
}

function pathIn(folder: string, source: KeptSource): string {
  return join(folder, source === "admin" ? "configuration.json" : "registry.json");
}
