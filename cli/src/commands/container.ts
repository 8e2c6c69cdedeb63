import type { Command } from "commander";
import { newCommand } from "../command.js";
import { wholeNumber } from "../options.js";
import type { SetupOptions } from "../setup/setup.js";
import type { Terminal } from "../terminal.js";

/** `fieldmesh setup`: what docker-compose.yml runs once, before the services. */
export function setupCommand(terminal: Terminal): Command {
  return newCommand(
    "setup",
    "Make what a first start needs: credentials, identities, the first user",
    terminal,
    [
      "fieldmesh setup --slots 8",
      "fieldmesh setup --owner 1883:1883                        # as root: the broker's files are its user's",
    ],
  )
    .option("--slots <count>", "identities for edge nodes", wholeNumber(1, 1_000), 32)
    .option("--prefix <name>", "they are called <name>-1, <name>-2…", "edge")
    .option("--domain <domain>", "domain of the nodes", "env")
    .option("--password-file <file>", "PASSWORD_FILE; default DATA_DIR/credentials/password_file")
    .option("--acl-file <file>", "ACL_FILE; default DATA_DIR/credentials/acl_file")
    .option("--dynamic-security-file <file>", "make the file of Mosquitto's dynamic-security plugin as well")
    .option("--owner <uid:gid>", "give the broker's files to this user (as root)")
    .action(async (options: SetupOptions) => {
      const { setup } = await import("../setup/setup.js");
      await setup(options, terminal);
    });
}

/** `fieldmesh health`: the image's health check. */
export function healthCommand(terminal: Terminal): Command {
  return newCommand("health", "Ask whether a service here is alive; exit code 1 when it is not", terminal, [
    "fieldmesh health dashboard",
  ])
    .argument(
      "[service]",
      "broker, registry, historian, dashboard or edge; in a container, what process 1 runs",
    )
    .action(async (service: string | undefined) => {
      const { health } = await import("../setup/health.js");
      await health(service, terminal);
    });
}
