import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { ConfigFileError } from "@fieldmesh/runtime";
import { type ParseOptions, parseNodeConfig } from "./parse.js";
import type { NodeConfig } from "./types.js";

/** Configurations that come with Fieldmesh: what `fieldmesh start` runs, and a beginning for one's own. */
export const BUILT_IN_CONFIGS = ["host", "greenhouse"] as const;

/** Where a built-in configuration stands as a file. */
export function builtInConfigFile(name: (typeof BUILT_IN_CONFIGS)[number]): URL {
  return new URL(`../../examples/${name}.yaml`, import.meta.url);
}

/**
 * Reads the configuration of an edge node: a YAML file, or the name of a built-in one (`host`, `greenhouse`).
 * Relative paths in a file start in its own folder.
 * Throws a ConfigFileError that names everything that is wrong with it.
 */
export async function loadNodeConfig(
  source: string,
  overrides: Omit<ParseOptions, "file" | "folder"> = {},
): Promise<NodeConfig> {
  const builtIn = BUILT_IN_CONFIGS.find((name) => name === source);
  const file = builtIn === undefined ? source : builtInConfigFile(builtIn);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const expected = `expected a readable file, or ${BUILT_IN_CONFIGS.join(" or ")}: ${why}`;
    throw new ConfigFileError(source, [{ field: "", expected }], { cause });
  }
  const folder = builtIn === undefined ? dirname(resolve(source)) : undefined;
  return await parseNodeConfig(text, {
    file: source,
    ...(folder !== undefined && { folder }),
    ...overrides,
  });
}
