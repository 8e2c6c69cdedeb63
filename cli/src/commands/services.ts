import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import type { Command } from "commander";
import { newCommand } from "../command.js";
import { UsageError } from "../exit.js";
import type { Terminal } from "../terminal.js";

const SERVICES = [
  {
    name: "broker",
    description: "Run the MQTT broker",
    examples: ["fieldmesh broker", "PASSWORD_FILE=passwords ACL_FILE=acl HOST=0.0.0.0 fieldmesh broker"],
  },
  {
    name: "edge",
    description: "Run an edge node: reads sensors and publishes",
    examples: [
      "EDGE_CONFIG=greenhouse.yaml fieldmesh edge",
      "fieldmesh edge --env-file barn.env                       # as `credentials add` printed it",
    ],
  },
  {
    name: "dashboard",
    description: "Run the dashboard's server",
    examples: ["fieldmesh dashboard", "MQTT_URL=mqtt://broker.example.org fieldmesh dashboard"],
  },
] as const;

/** A service in this process, in the foreground, until SIGINT or SIGTERM; its settings come from the environment. */
export function serviceCommands(terminal: Terminal): Command[] {
  return SERVICES.map(({ name, description, examples }) =>
    newCommand(name, description, terminal, [...examples])
      .option("--env-file <file>", "settings that the environment does not have, as NAME=value lines")
      .action(async (options: { envFile?: string }) => {
        if (options.envFile !== undefined) loadEnvFile(options.envFile);
        // A service's own entry: it takes the process over, with its signals and its exit codes.
        await import(new URL("./main.js", import.meta.resolve(`@fieldmesh/${name}`)).href);
      }),
  );
}

function loadEnvFile(path: string): void {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new UsageError(`--env-file: cannot read ${path}`, { cause });
  }
  for (const [name, value] of Object.entries(parseEnv(text))) {
    if (process.env[name] === undefined && value !== undefined) process.env[name] = value;
  }
}
