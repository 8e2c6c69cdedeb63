import { join } from "node:path";
import { type Command, Option } from "commander";
import { newCommand } from "../command.js";
import type { AddArguments } from "../credentials/add.js";
import type { FileOptions } from "../credentials/paths.js";
import { repeatable, wholeNumber } from "../options.js";
import { type Terminal, table, writeJson, writeLine } from "../terminal.js";

interface SlotArguments extends FileOptions {
  prefix: string;
  domain: string;
  json?: boolean;
}

function withFiles(command: Command): Command {
  return command
    .option("--password-file <file>", "PASSWORD_FILE; default DATA_DIR/credentials/password_file")
    .option("--acl-file <file>", "ACL_FILE; default DATA_DIR/credentials/acl_file")
    .option("--owner <uid:gid>", "give both files to this user (as root; else they keep their owner)");
}

/** `fieldmesh credentials`: users of the broker, in the two files that both brokers read. */
export function credentialsCommand(terminal: Terminal): Command {
  const group = newCommand(
    "credentials",
    "Users of the broker: who may connect, and what each may do",
    terminal,
    [
      "fieldmesh credentials add barn --role node --domain env > barn.env",
      "fieldmesh credentials add wallboard --role reader --domain env",
      "fieldmesh credentials list",
      "fieldmesh credentials remove barn",
      "fieldmesh credentials slots 32",
    ],
  );
  group.addCommand(addCommand(terminal));
  group.addCommand(listCommand(terminal));
  group.addCommand(removeCommand(terminal));
  group.addCommand(slotsCommand(terminal));
  return group;
}

function addCommand(terminal: Terminal): Command {
  const command = newCommand("add", "Add a user, and print what to put on its device", terminal, [
    "fieldmesh credentials add barn --role node --domain env --url mqtts://broker.example.org:8883 > barn.env",
    "fieldmesh credentials add barn --role node --domain env --renew    # a new password",
    "fieldmesh credentials add history --role service",
  ])
    .argument("<name>", "1 to 32 of a-z, 0-9 and -")
    .addOption(
      new Option("--role <role>", "what it may do")
        .choices(["node", "reader", "operator", "service", "legacy"])
        .makeOptionMandatory(),
    )
    .option(
      "--domain <domain>",
      "its domain (env unless said); readers and operators may have several",
      repeatable,
    )
    .option("--node <id>", "the node's id, where it is not the user's name")
    .option("--renew", "give a user that is there a new password")
    .option("--password-stdin", "take the password from the standard input instead of making one")
    .option("--url <url>", "the broker's address as the device sees it, for the lines printed")
    .option("--ca <file>", "where the device keeps the certificate (PEM) to check the broker's against")
    .option("--json", "print JSON");
  return withFiles(command).action(async (user: string, options: AddArguments) => {
    const { runAdd } = await import("../credentials/add.js");
    await runAdd(user, options, terminal);
  });
}

function listCommand(terminal: Terminal): Command {
  const command = newCommand("list", "List the users", terminal, [
    "fieldmesh credentials list --json",
  ]).option("--json", "print JSON");
  return withFiles(command).action(async (options: FileOptions & { json?: boolean }) => {
    const [{ listCredentials }, { credentialFiles }] = await Promise.all([
      import("../credentials/credentials.js"),
      import("../credentials/paths.js"),
    ]);
    const users = await listCredentials(credentialFiles(options, terminal));
    if (options.json) return writeJson(terminal.stdout, users);
    const rows = users.map(({ user, role, domains, node }) => [user, role, domains.join(","), node ?? ""]);
    await writeLine(terminal.stdout, table([["USER", "ROLE", "DOMAIN", "NODE"], ...rows]));
  });
}

function removeCommand(terminal: Terminal): Command {
  const command = newCommand(
    "remove",
    "Remove a user; a broker that watches its files disconnects it",
    terminal,
    ["fieldmesh credentials remove barn"],
  ).argument("<name>");
  return withFiles(command).action(async (user: string, options: FileOptions) => {
    const [{ removeCredential }, { credentialFiles }] = await Promise.all([
      import("../credentials/credentials.js"),
      import("../credentials/paths.js"),
    ]);
    await removeCredential(credentialFiles(options, terminal), user);
    terminal.stderr.write(
      `removed ${user}. Mosquitto reads its files again on SIGHUP; Fieldmesh's broker by itself\n`,
    );
  });
}

function slotsCommand(terminal: Terminal): Command {
  const command = newCommand(
    "slots",
    "Make identities beforehand: edge nodes without NODE_ID take the first free one",
    terminal,
    ["fieldmesh credentials slots 32", "fieldmesh credentials slots 8 --prefix barn --domain farm"],
  )
    .argument("<count>", "how many there shall be", wholeNumber(1, 1_000))
    .option("--prefix <name>", "they are called <name>-1, <name>-2…", "edge")
    .option("--domain <domain>", "domain of the nodes", "env")
    .option("--json", "print JSON");
  return withFiles(command).action(async (count: number, options: SlotArguments) => {
    const [{ makeSlots }, { credentialFiles }, { readEnvironment }] = await Promise.all([
      import("../credentials/slots.js"),
      import("../credentials/paths.js"),
      import("@fieldmesh/runtime"),
    ]);
    const root = join(readEnvironment(["DATA_DIR"], terminal.env).DATA_DIR, "edge");
    const made = await makeSlots(credentialFiles(options, terminal), { ...options, count, root });
    if (options.json) return writeJson(terminal.stdout, made);
    await writeLine(terminal.stdout, `${made.made.length} slots made, ${made.kept.length} kept, in ${root}`);
  });
}
