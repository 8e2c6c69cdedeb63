import type { Command } from "commander";
import { newCommand } from "../command.js";
import type { Terminal } from "../terminal.js";

/** `fieldmesh start`: everything on this machine. */
export function startCommand(terminal: Terminal, setExitCode: (code: number) => void): Command {
  return newCommand(
    "start",
    "Run everything on this machine: broker, registry, historian, dashboard and two edge nodes",
    terminal,
    [
      "fieldmesh start",
      "DASHBOARD_PORT=3001 REGISTRY_PORT=8001 HISTORIAN_PORT=8101 MQTT_PORT=1884 MQTT_WS_PORT=9002 fieldmesh start",
      "DATA_DIR=/var/lib/fieldmesh fieldmesh start --json | tee fieldmesh.log",
    ],
  )
    .option("--json", "pass the services' log lines on as the JSON they are")
    .action(async (options: { json?: boolean }) => {
      const { start } = await import("../start/start.js");
      setExitCode(await start(options, terminal));
    });
}
