import { join } from "node:path";
import {
  addToken,
  addUser,
  listTokens,
  listUsers,
  type Role,
  readEnvironment,
  removeToken,
  removeUser,
} from "@fieldmesh/runtime";
import { generateSecret } from "../credentials/secret.js";
import { inTurn } from "../credentials/turn.js";
import { FailureError, UsageError } from "../exit.js";
import { askSecret, readSecret } from "../secret-input.js";
import { type Terminal, table, writeJson, writeLine } from "../terminal.js";

export interface UsersFileOption {
  usersFile?: string;
  json?: boolean;
}

export interface AddUserOptions extends UsersFileOption {
  role: Role;
  generate?: boolean;
  replace?: boolean;
}

export interface TokenOptions extends UsersFileOption {
  role: Role;
  /** ms */
  expires?: number;
}

/** From `--users-file` before USERS_FILE; else `users.yaml` in DATA_DIR. */
export function usersFile(options: UsersFileOption, terminal: Terminal): string {
  const env: Record<string, string | undefined> = { ...terminal.env };
  if (options.usersFile !== undefined) env["USERS_FILE"] = options.usersFile;
  const read = readEnvironment(["USERS_FILE", "DATA_DIR"], env);
  return read.USERS_FILE ?? join(read.DATA_DIR, "users.yaml");
}

/** `users add`: the password is generated, asked for without showing it, or piped in. */
export async function runAddUser(name: string, options: AddUserOptions, terminal: Terminal): Promise<void> {
  const file = usersFile(options, terminal);
  const generated = options.generate ? generateSecret() : undefined;
  const password = generated ?? (await typedPassword(name, terminal));
  await inTurn(file, () =>
    addUser(file, { name, role: options.role, password }, { replace: options.replace ?? false }),
  );
  if (options.json) {
    await writeJson(terminal.stdout, {
      name,
      role: options.role,
      ...(generated === undefined ? {} : { password: generated }),
    });
    return;
  }
  if (generated !== undefined) await writeLine(terminal.stdout, generated);
  terminal.stderr.write(`${options.replace ? "set" : "added"} ${name} (${options.role}) in ${file}\n`);
}

async function typedPassword(name: string, terminal: Terminal): Promise<string> {
  if (!terminal.stdin.isTTY) {
    const piped = await readSecret(terminal.stdin);
    if (piped === "")
      throw new UsageError("no password: pipe one in, use --generate, or run it on a terminal");
    return piped;
  }
  const first = await askSecret(`Password for ${name}: `, terminal);
  if ((await askSecret("The same again: ", terminal)) !== first)
    throw new UsageError("the two passwords differ");
  return first;
}

/** `users token`: a secret for programs, shown once. */
export async function runAddToken(name: string, options: TokenOptions, terminal: Terminal): Promise<void> {
  const file = usersFile(options, terminal);
  const token = await inTurn(file, () =>
    addToken(file, {
      name,
      role: options.role,
      ...(options.expires === undefined ? {} : { expiresAt: new Date(Date.now() + options.expires) }),
    }),
  );
  if (options.json) await writeJson(terminal.stdout, { name, role: options.role, token });
  else {
    await writeLine(terminal.stdout, token);
    terminal.stderr.write(
      `token ${name} (${options.role}) in ${file}; it is shown this once. Use: Authorization: Bearer <token>\n`,
    );
  }
}

export async function runListUsers(options: UsersFileOption, terminal: Terminal): Promise<void> {
  const file = usersFile(options, terminal);
  const [users, tokens] = [await listUsers(file), await listTokens(file)];
  if (options.json) {
    return writeJson(terminal.stdout, [
      ...users.map((user) => ({ kind: "user", ...user })),
      ...tokens.map((token) => ({ kind: "token", ...token })),
    ]);
  }
  const rows = [
    ...users.map(({ name, role }) => [name, role, "user", ""]),
    ...tokens.map(({ name, role, expires }) => [name, role, "token", expires ?? ""]),
  ];
  await writeLine(terminal.stdout, table([["NAME", "ROLE", "KIND", "EXPIRES"], ...rows]));
}

/** Removes the user or the token of that name. @throws FailureError when there is neither */
export async function runRemoveUser(
  name: string,
  options: UsersFileOption,
  terminal: Terminal,
): Promise<void> {
  const file = usersFile(options, terminal);
  const found = await inTurn(
    file,
    async () => (await removeUser(file, name)) || (await removeToken(file, name)),
  );
  if (!found)
    throw new FailureError(`no user or token "${name}" in ${file}: \`fieldmesh users list\` shows them`);
  terminal.stderr.write(
    `removed ${name} from ${file}; a dashboard that runs ends the sessions within a second\n`,
  );
}
