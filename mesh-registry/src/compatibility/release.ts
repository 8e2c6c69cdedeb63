import { type Break, breaksOf, type CompatibilityOptions } from "./compatibility.js";
import type { JsonSchema } from "./schema.js";

/** major, minor, patch. */
export type SemanticVersion = readonly [major: number, minor: number, patch: number];

const NUMBER = /^(?:0|[1-9]\d{0,8})$/;

/** Reads `1.2.3`; `1` and `1.2` are 1.0.0 and 1.2.0. `undefined` of anything else. */
export function parseVersion(text: string): SemanticVersion | undefined {
  const parts = text.split(".");
  if (parts.length > 3 || !parts.every((part) => NUMBER.test(part))) return undefined;
  const [major = 0, minor = 0, patch = 0] = parts.map(Number);
  return [major, minor, patch];
}

/** Below 0, 0 or above 0, as `Array.sort` wants it. */
export function compareVersions(a: SemanticVersion, b: SemanticVersion): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

/** A version that is there, or is to be published. */
export interface Release {
  version: string;
  schema: JsonSchema;
}

export type ReleaseVerdict =
  /** `breaks` may be there when the major version is new. `previous` is what it was compared with. */
  | { ok: true; previous?: string; breaks: readonly Break[] }
  | {
      ok: false;
      /** `version`: it is none. `exists`: it is there, and versions never change. `order`: a later one of the same
       * major version is there. `breaking`: it breaks, and its major version is not new. */
      cause: "version" | "exists" | "order" | "breaking";
      /** One sentence for people, with what to do. */
      detail: string;
      breaks: readonly Break[];
    };

/**
 * Whether a version may be published beside those that are there. It is compared with the latest one before it;
 * what breaks needs a new major version.
 */
export function judgeRelease(
  existing: readonly Release[],
  next: Release,
  options: CompatibilityOptions,
): ReleaseVerdict {
  const refuse = (cause: "version" | "exists" | "order" | "breaking", detail: string, breaks: Break[] = []) =>
    ({ ok: false, cause, detail, breaks }) as const;
  const version = parseVersion(next.version);
  if (version === undefined) {
    return refuse("version", `version ${JSON.stringify(next.version)}: expected one as 1.0.0`);
  }
  let previous: (Release & { at: SemanticVersion }) | undefined;
  for (const release of existing) {
    const at = parseVersion(release.version);
    if (at === undefined) continue;
    const order = compareVersions(at, version);
    if (order === 0)
      return refuse("exists", `version ${release.version} is there, and versions never change`);
    if (order > 0 && at[0] === version[0]) {
      return refuse("order", `version ${release.version} is there: publish a later one than that`);
    }
    if (order < 0 && (previous === undefined || compareVersions(at, previous.at) > 0))
      previous = { ...release, at };
  }
  if (previous === undefined) return { ok: true, breaks: [] };
  const breaks = breaksOf(previous.schema, next.schema, options);
  if (breaks.length > 0 && version[0] === previous.at[0]) {
    const detail = `version ${next.version} is not ${options.compatibility} compatible with ${previous.version}: publish it as ${version[0] + 1}.0.0, or take back ${breaks.length === 1 ? "what breaks" : `the ${breaks.length} things that break`}`;
    return refuse("breaking", detail, breaks);
  }
  return { ok: true, previous: previous.version, breaks };
}
