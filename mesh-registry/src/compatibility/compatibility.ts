import { type Escape, escapes } from "./contained.js";
import type { JsonSchema } from "./schema.js";

/**
 * - `BACKWARD`: who reads by the new version can read what was written by the old one.
 * - `FORWARD`: who reads by the old version can read what is written by the new one.
 * - `FULL`: both.
 */
export type Compatibility = "BACKWARD" | "FORWARD" | "FULL";

/** One thing that breaks. */
export interface Break {
  direction: "BACKWARD" | "FORWARD";
  /** Where in a document: `$`, `$.value`, `$.sensors[].unit`; `.*` is any field that is not named. */
  path: string;
  /** The keyword of JSON Schema; empty where a whole schema was put in or taken out. */
  keyword: string;
  /** What the keyword said, and says. Absent where it does not stand. */
  before: unknown;
  after: unknown;
  /** One sentence for people. */
  why: string;
  /** False: it cannot be judged from the schemas, and is not taken for compatible. */
  judged: boolean;
}

export interface CompatibilityOptions {
  compatibility: Compatibility;
  /** Judge open models by all that they admit, not by what they name. */
  strict: boolean;
}

/**
 * What breaks between two versions of a JSON Schema; nothing, when they are compatible. Judged are `type`,
 * `properties`, `required`, `additionalProperties`, `items`, `enum`, `const`, bounds of numbers and sizes, and a
 * changed `unit`; whatever else was added or changed is reported as not judged. Never throws.
 */
export function breaksOf(before: JsonSchema, after: JsonSchema, options: CompatibilityOptions): Break[] {
  const { compatibility, strict } = options;
  const found: Break[] = [];
  if (compatibility !== "FORWARD") {
    for (const { inner, outer, ...how } of escapes(before, after, strict)) {
      found.push(broken("BACKWARD", how, inner, outer));
    }
  }
  if (compatibility !== "BACKWARD") {
    for (const { inner, outer, ...how } of escapes(after, before, strict)) {
      found.push(broken("FORWARD", how, outer, inner));
    }
  }
  return found;
}

function broken(
  direction: Break["direction"],
  { path, keyword, may, judged }: Omit<Escape, "inner" | "outer">,
  before: unknown,
  after: unknown,
): Break {
  const [writer, reader] = direction === "BACKWARD" ? ["old", "new"] : ["new", "old"];
  const why = judged
    ? `${path} of the ${writer} version ${may}, which the ${reader} one does not take`
    : `${path}: ${keyword === "" ? "what is this deep" : keyword} cannot be judged, and is not the same`;
  return { direction, path, keyword, before, after, why, judged };
}
