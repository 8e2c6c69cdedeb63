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
  type Scopes,
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

/** What somebody may beyond the role; see docs/mesh-access.md. */
export interface ScopeOptions {
  domain?: string[];
  product?: string[];
}

export interface AddUserOptions extends UsersFileOption, ScopeOptions {
  role: Role;
  generate?: boolean;
  replace?: boolean;
}

export interface TokenOptions extends UsersFileOption, ScopeOptions {
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
    addUser(
      file,
      { name, role: options.role, password, scopes: scopesOf(options) },
      { replace: options.replace ?? false },
    ),
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

function scopesOf({ domain = [], product = [] }: ScopeOptions): Scopes {
  return { domains: domain, products: product };
}

function shownScopes({ domains, products }: Scopes = { domains: [], products: [] }): string[] {
  return [domains.join(","), products.join(",")];
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
      scopes: scopesOf(options),
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
    ...users.map(({ name, role, scopes }) => [name, role, "user", "", ...shownScopes(scopes)]),
    ...tokens.map(({ name, role, expires, scopes }) => [
      name,
      role,
      "token",
      expires ?? "",
      ...shownScopes(scopes),
    ]),
  ];
  const isScoped = [...users, ...tokens].some(({ scopes }) => scopes !== undefined);
  const head = ["NAME", "ROLE", "KIND", "EXPIRES", "DOMAINS", "PRODUCTS"];
  const shown = isScoped ? [head, ...rows] : [head, ...rows].map((row) => row.slice(0, 4));
  await writeLine(terminal.stdout, table(shown));
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
