import { shown } from "@fieldmesh/protocol";
import { ConfigurationError } from "../process/exit.js";

/** One thing that is wrong in a configuration. */
export interface ConfigProblem {
  /** From 1; absent when the file has no such place. */
  line?: number;
  column?: number;
  /** As `sensors.temperature.interval`; empty for the whole file. */
  field: string;
  /** What stands there; absent when nothing does. */
  value?: unknown;
  /** What was expected, and what to do. */
  expected: string;
}

/** A configuration file that cannot be used. Holds everything that is wrong with it, not only the first. */
export class ConfigFileError extends ConfigurationError {
  override readonly code = "config_file";
  override readonly name = "ConfigFileError";
  readonly file: string;
  readonly problems: readonly ConfigProblem[];

  constructor(file: string, problems: readonly ConfigProblem[], options?: ErrorOptions) {
    const sorted = [...problems].sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
    const count = sorted.length === 1 ? "1 problem" : `${sorted.length} problems`;
    super([`${count} in ${file}`, ...sorted.map((p) => `  ${problemText(p)}`)].join("\n"), options);
    this.file = file;
    this.problems = sorted;
  }
}

function problemText({ line, field, value, expected }: ConfigProblem): string {
  const place = line === undefined ? "" : `line ${line}: `;
  const name = field === "" ? "the file" : field;
  // A secret that was written where a reference to one belongs must not go on into a log.
  const has =
    value === undefined || /(password|token|secret)[^.]*$/i.test(field) ? "" : ` is ${shown(value)}`;
  return `${place}${name}${has}: ${expected}`;
}

/** `["sensors", "door", "range", 0]` → `sensors.door.range[0]`. */
export function fieldName(path: readonly PropertyKey[]): string {
  let name = "";
  for (const key of path) {
    if (typeof key === "number") name += `[${key}]`;
    else name += name === "" ? String(key) : `.${String(key)}`;
  }
  return name;
}

/** `; did you mean "interval"?`, or nothing when no candidate is near. */
export function didYouMean(text: string, candidates: readonly string[]): string {
  const near = nearest(text, candidates);
  return near === undefined ? "" : `; did you mean "${near}"?`;
}

/** The candidate with the fewest typing errors to it, when they are few for its length. */
function nearest(text: string, candidates: readonly string[]): string | undefined {
  // A text of any length may stand in a file; no key is longer.
  if (text.length > 40) return undefined;
  let best: string | undefined;
  // At least one character of it has to be right.
  let bestDistance = Math.min(text.length, Math.max(1, Math.floor(text.length / 3)) + 1);
  for (const candidate of candidates) {
    const distance = editDistance(text.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein's distance: insertions, deletions and replacements. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
