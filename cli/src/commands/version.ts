import { packageVersion } from "@fieldmesh/runtime";
import type { Command } from "commander";
import { newCommand } from "../command.js";
import { type Terminal, writeJson, writeLine } from "../terminal.js";

/** This installation's version, from its package. */
export function readVersion(): string {
  return packageVersion(new URL("../../package.json", import.meta.url));
}

export function versionCommand(terminal: Terminal): Command {
  return newCommand("version", "Print the version", terminal, ["fieldmesh version --json"])
    .option("--json", "print JSON")
    .action(async (options: { json?: boolean }) => {
      const version = readVersion();
      if (options.json) await writeJson(terminal.stdout, { version, node: process.versions.node });
      else await writeLine(terminal.stdout, version);
    });
}
