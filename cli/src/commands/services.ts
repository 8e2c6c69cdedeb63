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
    run: async () => {
      const [{ runMain }, { runBroker }] = await Promise.all([
        import("@fieldmesh/runtime"),
        import("@fieldmesh/broker/run"),
      ]);
      runMain("broker", runBroker);
    },
  },
  {
    name: "edge",
    description: "Run an edge node: reads sensors and publishes",
    examples: [
      "EDGE_CONFIG=greenhouse.yaml fieldmesh edge",
      "fieldmesh edge --settings barn.env                       # as `credentials add` printed it",
    ],
    run: async () => {
      const [{ runMain }, { runEdge }] = await Promise.all([
        import("@fieldmesh/runtime"),
        import("@fieldmesh/edge"),
      ]);
      runMain("edge", runEdge);
    },
  },
  {
    name: "historian",
    description: "Run the historian: stores readings and events, and measures every stream",
    examples: [
      "fieldmesh historian",
      "STORAGE=mongodb://db.example.org/fieldmesh MQTT_URL=mqtt://broker.example.org fieldmesh historian",
    ],
    run: async () => {
      const [{ runMain }, { runHistorian }] = await Promise.all([
        import("@fieldmesh/runtime"),
        import("@fieldmesh/historian"),
      ]);
      runMain("historian", runHistorian);
    },
  },
  {
    name: "registry",
    description: "Run the mesh registry: domains, data products, their versions and lineage",
    examples: [
      "fieldmesh registry",
      "STORAGE=mongodb://db.example.org/fieldmesh REGISTRY_PORT=8001 fieldmesh registry",
    ],
    run: async () => {
      const [{ runMain }, { runRegistry }] = await Promise.all([
        import("@fieldmesh/runtime"),
        import("@fieldmesh/mesh-registry"),
      ]);
      runMain("registry", runRegistry);
    },
  },
  {
    name: "dashboard",
    description: "Run the dashboard's server",
    examples: ["fieldmesh dashboard", "MQTT_URL=mqtt://broker.example.org fieldmesh dashboard"],
    run: async () => {
      const [{ runMain }, { runDashboard }] = await Promise.all([
        import("@fieldmesh/runtime"),
        import("@fieldmesh/dashboard"),
      ]);
      runMain("dashboard", runDashboard);
    },
  },
] as const;

/** A service in this process, in the foreground, until SIGINT or SIGTERM; its settings come from the environment. */
export function serviceCommands(terminal: Terminal): Command[] {
  return SERVICES.map(({ name, description, examples, run }) =>
    newCommand(name, description, terminal, [...examples])
      .option("--settings <file>", "settings that the environment does not have, as NAME=value lines")
      .action(async (options: { settings?: string }) => {
        if (options.settings !== undefined) loadEnvFile(options.settings);
        await run();
      }),
  );
}

function loadEnvFile(path: string): void {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new UsageError(`--settings: cannot read ${path}`, { cause });
  }
  for (const [name, value] of Object.entries(parseEnv(text))) {
    if (process.env[name] === undefined && value !== undefined) process.env[name] = value;
  }
}
