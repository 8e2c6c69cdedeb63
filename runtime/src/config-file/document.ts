import { isMap, isNode, LineCounter, parseDocument } from "yaml";
import type { FoundProblem } from "./issues.js";
import { ConfigFileError, type ConfigProblem, fieldName } from "./problems.js";

/** Larger than any configuration that a person wrote; a bound on what is parsed at all. */
const MAX_CHARS = 1_048_576;

/** A YAML file that knows where each of its values stands. */
export interface ConfigDocument {
  /** The file's content as plain data. */
  content: unknown;
  /** Gives a problem its field's name and its place. */
  locate(problem: FoundProblem): ConfigProblem;
}

/** Reads YAML (so JSON, too). Throws a ConfigFileError that names each line that is not. */
export function readDocument(text: string, file: string): ConfigDocument {
  if (text.length > MAX_CHARS) {
    throw new ConfigFileError(file, [{ field: "", expected: `expected at most ${MAX_CHARS} characters` }]);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const place = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => ({
      ...place(error.pos[0]),
      field: "",
      expected: `not YAML: ${error.message.replace(/\s+/g, " ")}`,
    }));
    throw new ConfigFileError(file, problems);
  }
  return {
    content: contentOf(document, file),
    locate: ({ path, value, expected, isKey = false }) => {
      const offset = offsetOf(document.contents, path, isKey);
      return {
        ...(offset !== undefined && place(offset)),
        field: fieldName(path),
        ...(value !== undefined && { value }),
        expected,
      };
    },
  };
}

function contentOf(document: ReturnType<typeof parseDocument>, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 }) as unknown;
  } catch (cause) {
    const expected = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigFileError(file, [{ field: "", expected }], { cause });
  }
}

/** Where the value of a path stands, or its key; of a path that is not there, what comes nearest above it. */
function offsetOf(contents: unknown, path: readonly PropertyKey[], isKey: boolean): number | undefined {
  let node = contents;
  let offset = isNode(node) ? node.range?.[0] : undefined;
  for (const [depth, key] of path.entries()) {
    if (isMap(node)) {
      const pair = node.items.find((item) => keyText(item.key) === String(key));
      if (pair === undefined) return offset;
      const keyOffset = isNode(pair.key) ? pair.key.range?.[0] : undefined;
      const valueOffset = isNode(pair.value) ? pair.value.range?.[0] : undefined;
      // A map's own place is its first entry, which says less than the key above it.
      const atKey = isMap(pair.value) || (isKey && depth === path.length - 1);
      offset = (atKey ? keyOffset : (valueOffset ?? keyOffset)) ?? offset;
      node = pair.value;
    } else if (isNode(node) && "items" in node && typeof key === "number") {
      node = (node.items as unknown[])[key];
      offset = isNode(node) ? (node.range?.[0] ?? offset) : offset;
    } else return offset;
  }
  return offset;
}

function keyText(key: unknown): string {
  return isNode(key) ? String(key.toJSON()) : String(key);
}
