import { type Command, Option } from "commander";
import { newCommand } from "../command.js";
import { lifetime } from "../options.js";
import type { Terminal } from "../terminal.js";
import type { AddUserOptions, TokenOptions, UsersFileOption } from "../users/users.js";

function withFile(command: Command): Command {
  return command
    .option("--users-file <file>", "USERS_FILE; default users.yaml in DATA_DIR")
    .option("--json", "print JSON");
}

function role(): Option {
  return new Option("--role <role>", "viewers look, operators acknowledge and command, admins configure")
    .choices(["viewer", "operator", "admin"])
    .makeOptionMandatory();
}

function withScopes(command: Command): Command {
  return command
    .option("--domain <id...>", "domains of the data mesh that it is of, as their owner")
    .option("--product <id...>", "data products that it reads, as who is subscribed to them");
}

/** `fieldmesh users`: people and programs that may sign in to the dashboard and its siblings. */
export function usersCommand(terminal: Terminal): Command {
  const group = newCommand("users", "People and programs that may sign in to the dashboard", terminal, [
    "fieldmesh users add ada --role admin                    # asks for the password",
    "fieldmesh users add ada --role admin --generate         # makes one and prints it",
    "pass show fieldmesh | fieldmesh users add ada --role admin",
    "fieldmesh users token grafana --role viewer --expires 90d",
    "fieldmesh users list",
    "fieldmesh users remove ada",
  ]);
  group.addCommand(
    withFile(
      withScopes(
        newCommand("add", "Add a person", terminal, [
          "fieldmesh users add ada --role operator",
          "fieldmesh users add bob --role operator --domain sales",
        ])
          .argument("<name>")
          .addOption(role())
          .option("--generate", "make a password and print it")
          .option("--replace", "give a user that is there this role, these scopes and this password"),
      ),
    ).action(async (name: string, options: AddUserOptions) => {
      const { runAddUser } = await import("../users/users.js");
      await runAddUser(name, options, terminal);
    }),
  );
  group.addCommand(
    withFile(
      withScopes(
        newCommand("token", "Make a token for a program, and print it", terminal, [
          "fieldmesh users token grafana --role viewer --expires 90d",
          "fieldmesh users token billing --role viewer --product env_desk_light",
        ])
          .argument("<name>")
          .addOption(role())
          .option("--expires <time>", "it ends after this long: 90d, 12h", lifetime),
      ),
    ).action(async (name: string, options: TokenOptions) => {
      const { runAddToken } = await import("../users/users.js");
      await runAddToken(name, options, terminal);
    }),
  );
  group.addCommand(
    withFile(newCommand("list", "List users and tokens", terminal, ["fieldmesh users list --json"])).action(
      async (options: UsersFileOption) => {
        const { runListUsers } = await import("../users/users.js");
        await runListUsers(options, terminal);
      },
    ),
  );
  group.addCommand(
    withFile(
      newCommand("remove", "Remove a user or a token", terminal, ["fieldmesh users remove ada"]).argument(
        "<name>",
      ),
    ).action(async (name: string, options: UsersFileOption) => {
      const { runRemoveUser } = await import("../users/users.js");
      await runRemoveUser(name, options, terminal);
    }),
  );
  return group;
}
