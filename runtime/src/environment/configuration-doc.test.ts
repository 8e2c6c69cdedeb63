import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { VARIABLES, type Variable } from "./variables.js";

const DOC = new URL("../../../docs/configuration.md", import.meta.url);

/** Rows of the tables of variables: name, what is expected, default, description. */
function documented(): string[][] {
  return readFileSync(DOC, "utf8")
    .split("\n")
    .filter((line) => /^\| `[A-Z][A-Z_]+` \|.*\|.*\|.*\|$/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    );
}

describe("docs/configuration.md", () => {
  it("has each variable once, as it is declared", () => {
    const declared = Object.entries<Variable<unknown>>(VARIABLES).map(
      ([name, { expects, description, ...rest }]) => [
        `\`${name}\``,
        expects,
        rest.default === undefined || rest.default === "" ? "–" : `\`${rest.default}\``,
        description,
      ],
    );
    const byName = (a: string[], b: string[]): number => String(a[0]).localeCompare(String(b[0]));
    expect(documented().sort(byName)).toEqual(declared.sort(byName));
  });
});
