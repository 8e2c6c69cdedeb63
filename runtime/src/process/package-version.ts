import { readFileSync } from "node:fs";

/** The version in a `package.json`; `unknown` when it holds none. @throws when the file cannot be read. */
export function packageVersion(manifest: URL): string {
  const parsed = JSON.parse(readFileSync(manifest, "utf8")) as { version?: unknown };
  return typeof parsed.version === "string" ? parsed.version : "unknown";
}
