import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { buildProgram, runCommand } from "./program.js";
import { capturedTerminal } from "./testing/captured-terminal.js";

const DOC = readFileSync(new URL("../../docs/cli.md", import.meta.url), "utf8");
const program = buildProgram(capturedTerminal(), () => {});

/** Every command that does something, with its words: `credentials add`. */
function leaves(command: Command, words: string[] = []): { words: string[]; command: Command }[] {
  if (command.commands.length === 0) return [{ words, command }];
  return command.commands.flatMap((child) => leaves(child, [...words, child.name()]));
}

/** The page's section of a command; a heading may name several, and options may stand in the common section. */
function sectionOf(words: string[]): string {
  const sections = DOC.split(/^## /m);
  const own = sections.find((section) =>
    new RegExp(`fieldmesh ${words[0]}\\b`).test(section.split("\n")[0] ?? ""),
  );
  const common = sections.find((section) => section.startsWith("Options of every command"));
  return `${own ?? ""}${common ?? ""}`;
}

describe("docs/cli.md", () => {
  it.each(leaves(program).map(({ words, command }) => [words.join(" "), command] as const))(
    "describes %s and its options",
    (name, command) => {
      const section = sectionOf(name.split(" "));
      expect(section).toContain(`fieldmesh ${name}`);
      const missing = command.options
        .map(({ long }) => long ?? "")
        .filter((long) => !section.includes(`${long}`));
      expect(missing).toEqual([]);
    },
  );

  it("names no option that there is not", () => {
    const known = new Set(leaves(program).flatMap(({ command }) => command.options.map(({ long }) => long)));
    known.add("--help");
    const named = [...DOC.matchAll(/(?<=[`\s])--[a-z-]+/g)].map(([option]) => option);
    expect(named.filter((option) => !known.has(option))).toEqual([]);
  });
});

describe("fieldmesh", () => {
  it("prints its version", async () => {
    for (const words of [["version"], ["--version"]]) {
      const terminal = capturedTerminal();
      expect(await runCommand(words, terminal)).toBe(0);
      expect(terminal.out()).toMatch(/^\d+\.\d+\.\d+\n$/);
    }
  });

  it("shows its commands, with code 2, when it is told nothing", async () => {
    const terminal = capturedTerminal();
    expect(await runCommand([], terminal)).toBe(2);
    expect(terminal.err()).toContain("audit");
  });

  it("names the command whose help helps, also below another one", async () => {
    for (const words of ["pub", "users add", "users"]) {
      const terminal = capturedTerminal();
      expect(await runCommand([...words.split(" "), "--nothing-of-the-kind"], terminal)).toBe(2);
      expect(terminal.err()).toContain(`(run \`fieldmesh ${words} --help\` for its options and examples)`);
    }
  });
});
