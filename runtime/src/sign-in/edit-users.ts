import { randomBytes } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { Document, isSeq, parseDocument } from "yaml";
import { writeFileAtomic } from "../folder/kept-file.js";
import { hashPassword, MAX_PASSWORD } from "./password-hash.js";
import type { Role } from "./role.js";
import type { Scopes } from "./sign-in.js";
import { hashToken, parseUsersFile, principalName, USERS_FORMAT, UsersFileError } from "./users-file.js";

/** Short passwords are guessed; the list of other rules that people get round is left out (NIST SP 800-63B). */
const MIN_PASSWORD = 8; // characters
/** Tokens are told apart from other secrets by it, in a log or a repository. */
const TOKEN_PREFIX = "fm_";

export interface ListedUser {
  name: string;
  role: Role;
  /** Absent where there are none. */
  scopes?: Scopes;
}

export interface ListedToken extends ListedUser {
  /** RFC 3339. */
  expires?: string;
}

/**
 * Adds a user, or with `replace` gives an existing one this role and password. Running services take it over
 * within a second, and end the sessions of a user that was replaced.
 * @throws UsersFileError when the name is taken or malformed, or the password too short.
 */
export async function addUser(
  file: string,
  user: { name: string; role: Role; password: string; scopes?: Partial<Scopes> },
  options: { replace?: boolean } = {},
): Promise<void> {
  checkName(user.name);
  if (user.password.length < MIN_PASSWORD || Buffer.byteLength(user.password) > MAX_PASSWORD) {
    throw new UsersFileError(`the password must have ${MIN_PASSWORD} to ${MAX_PASSWORD} characters`);
  }
  const password = await hashPassword(user.password);
  await edit(file, (document) => {
    const existing = indexOf(document, "users", user.name);
    if (existing >= 0 && options.replace === true) document.deleteIn(["users", existing]);
    refuseTaken(document, user.name);
    const { name, role, scopes } = user;
    document.addIn(["users"], document.createNode({ name, role, ...filled(scopes), password }));
  });
}

/** Every user, in the order of the file. */
export async function listUsers(file: string): Promise<ListedUser[]> {
  const document = await load(file);
  return [...parseUsersFile(file, document.toString()).users.values()].map(listed);
}

/** Removes a user; their sessions end within a second. Returns false when there is none of that name. */
export function removeUser(file: string, name: string): Promise<boolean> {
  return remove(file, "users", name);
}

/**
 * Adds a token for programs and returns it: it is shown once, as only its hash is kept.
 * @throws UsersFileError when the name is taken or malformed.
 */
export async function addToken(
  file: string,
  token: { name: string; role: Role; expiresAt?: Date; scopes?: Partial<Scopes> },
): Promise<string> {
  checkName(token.name);
  const secret = `${TOKEN_PREFIX}${randomBytes(32).toString("base64url")}`;
  await edit(file, (document) => {
    refuseTaken(document, token.name);
    const entry = {
      name: token.name,
      role: token.role,
      ...filled(token.scopes),
      sha256: hashToken(secret),
      ...(token.expiresAt === undefined ? {} : { expires: token.expiresAt.toISOString() }),
    };
    document.addIn(["tokens"], document.createNode(entry));
  });
  return secret;
}

/** Every token, in the order of the file. */
export async function listTokens(file: string): Promise<ListedToken[]> {
  const document = await load(file);
  const { tokens } = parseUsersFile(file, document.toString());
  return [...tokens.values()].map(({ expiresAt, ...token }) => ({
    ...listed(token),
    ...(expiresAt === undefined ? {} : { expires: new Date(expiresAt).toISOString() }),
  }));
}

/** Removes a token at once. Returns false when there is none of that name. */
export function removeToken(file: string, name: string): Promise<boolean> {
  return remove(file, "tokens", name);
}

function listed({ name, role, scopes }: ListedUser): ListedUser {
  return { name, role, ...(scopes === undefined ? {} : { scopes }) };
}

/** As the file has them: without lists of nothing. */
function filled({ domains = [], products = [] }: Partial<Scopes> = {}): Partial<Scopes> {
  return { ...(domains.length === 0 ? {} : { domains }), ...(products.length === 0 ? {} : { products }) };
}

async function remove(file: string, list: "users" | "tokens", name: string): Promise<boolean> {
  let found = false;
  await edit(file, (document) => {
    const index = indexOf(document, list, name);
    found = index >= 0;
    if (found) document.deleteIn([list, index]);
  });
  return found;
}

/** Changes the file through its YAML document, so that what a person wrote around it stays. */
async function edit(file: string, change: (document: Document) => void): Promise<void> {
  const document = await load(file);
  for (const list of ["users", "tokens"]) {
    // Absent, or `users:` with nothing behind it, to which one cannot add.
    if (document.get(list) === undefined) document.set(list, document.createNode([]));
    const entries = document.get(list);
    // `[]` is the one way to write an empty list; one entry a line is easier to read and to compare.
    if (isSeq(entries) && entries.items.length === 0) entries.flow = false;
  }
  change(document);
  const content = document.toString();
  parseUsersFile(file, content); // never write what cannot be read
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFileAtomic(file, content, 0o600);
}

async function load(file: string): Promise<Document> {
  let content: string;
  try {
    content = await readFile(file, "utf8");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    const fresh = new Document({ format: USERS_FORMAT, users: [], tokens: [] });
    fresh.commentBefore = " Who may sign in to Fieldmesh. Written by `fieldmesh users`.";
    return fresh;
  }
  parseUsersFile(file, content);
  return parseDocument(content);
}

function indexOf(document: Document, list: "users" | "tokens", name: string): number {
  const value: unknown = (document.toJS() as Record<string, unknown>)[list];
  return Array.isArray(value) ? value.findIndex((entry: { name?: unknown }) => entry.name === name) : -1;
}

function refuseTaken(document: Document, name: string): void {
  if (indexOf(document, "users", name) >= 0) throw new UsersFileError(`there is a user "${name}" already`);
  if (indexOf(document, "tokens", name) >= 0) throw new UsersFileError(`there is a token "${name}" already`);
}

function checkName(name: string): void {
  const parsed = principalName.safeParse(name);
  if (!parsed.success) throw new UsersFileError(`name "${name}": ${parsed.error.issues[0]?.message ?? ""}`);
}
