import * as lmdb from "lmdb";

/** Of the LMDB library, which the package exports without a type. */
export function lmdbVersion(): string {
  const version: unknown = (lmdb as Record<string, unknown>)["version"];
  if (typeof version !== "object" || version === null) return "unknown";
  const { major, minor, patch } = version as Record<string, unknown>;
  return [major, minor, patch].map(String).join(".");
}
