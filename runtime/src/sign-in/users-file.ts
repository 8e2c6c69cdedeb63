import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import { checkFormat } from "../folder/kept-file.js";
import { ConfigurationError } from "../process/exit.js";
import { isPasswordHash } from "./password-hash.js";
import { ROLES, type Role } from "./role.js";
import type { Scopes } from "./sign-in.js";

export const USERS_FORMAT = 1;

/** Keys that a service keeps itself begin with it; tokens of the file of users with `fm_`. */
export const API_KEY_PREFIX = "fmk_";

/** Grammar of the name of a user or token; an e-mail address fits. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$/;

/** The file of users cannot be used as it is. */
export class UsersFileError extends ConfigurationError {
  override readonly name = "UsersFileError";
  override readonly code = "users_file";
}

/** Of a user's name the file may hold only one, also among tokens, so that a log names one of them. */
export const principalName = z
  .string()
  .regex(NAME, "expected 1 to 64 letters, digits or . _ @ + -, beginning with a letter or digit");

const instant = z.iso.datetime({ offset: true, message: "expected a time as 2027-01-31T00:00:00Z" });

/** Domains and products have other names than people; what they are is for the registry to say. */
const scopeName = z.string().regex(/^[a-zA-Z0-9_-]{1,100}$/, "expected 1 to 100 letters, digits, _ or -");
const scope = z.array(scopeName).max(1_000, "expected at most 1000 names").nullable().optional();
const scopes = { domains: scope, products: scope };

const fileSchema = z
  .object({
    format: z.number(),
    users: z
      .array(
        z.object({
          name: principalName,
          role: z.enum(ROLES),
          password: z
            .string()
            .refine(isPasswordHash, "expected a scrypt hash, as `fieldmesh users add` writes it"),
          ...scopes,
        }),
      )
      .nullable()
      .default([]),
    tokens: z
      .array(
        z.object({
          name: principalName,
          role: z.enum(ROLES),
          sha256: z.string().regex(/^[0-9a-f]{64}$/, "expected 64 hexadecimal digits"),
          expires: instant.optional(),
          ...scopes,
        }),
      )
      .nullable()
      .default([]),
  })
  .strict();

export interface User {
  name: string;
  role: Role;
  scopes?: Scopes;
  /** PHC string. */
  password: string;
  /** Changes with the password and the role: a session holds only while it is the same. */
  fingerprint: string;
}

export interface Token {
  name: string;
  role: Role;
  scopes?: Scopes;
  sha256: string;
  /** ms since the epoch; undefined: never. */
  expiresAt: number | undefined;
}

export interface Users {
  users: ReadonlyMap<string, User>;
  /** By their hash. */
  tokens: ReadonlyMap<string, Token>;
}

export const NO_USERS: Users = { users: new Map(), tokens: new Map() };

/** Reads the file; undefined when there is none. @throws UsersFileError or FormatVersionError naming it. */
export function readUsersFile(file: string): Users | undefined {
  let content: string;
  try {
    content = readFileSync(file, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw new UsersFileError(`${file}: cannot be read (${String(cause)})`, { cause });
  }
  return parseUsersFile(file, content);
}

/** Parses YAML, or JSON, which is YAML too. */
export function parseUsersFile(file: string, content: string): Users {
  let value: unknown;
  try {
    value = parse(content);
  } catch (cause) {
    throw new UsersFileError(`${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  if (typeof value !== "object" || value === null) {
    throw new UsersFileError(`${file}: expected "format: ${USERS_FORMAT}" and a list "users"`);
  }
  checkFormat(file, "format" in value ? value.format : undefined, USERS_FORMAT);
  const parsed = fileSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UsersFileError(`${file}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "malformed"}`);
  }
  const users = new Map<string, User>();
  const names = new Set<string>();
  const claimName = (name: string): void => {
    if (names.has(name)) throw new UsersFileError(`${file}: "${name}" is there twice: remove one`);
    names.add(name);
  };
  for (const { name, role, password, ...scopes } of parsed.data.users ?? []) {
    claimName(name);
    const fingerprint = createHash("sha256").update(`${name}\n${role}\n${password}`).digest("base64url");
    users.set(name, { name, role, ...scopesOf(scopes), password, fingerprint });
  }
  const tokens = new Map<string, Token>();
  for (const { name, role, sha256, expires, ...scopes } of parsed.data.tokens ?? []) {
    claimName(name);
    const expiresAt = expires === undefined ? undefined : Date.parse(expires);
    tokens.set(sha256, { name, role, ...scopesOf(scopes), sha256, expiresAt });
  }
  return { users, tokens };
}

function scopesOf({ domains, products }: Partial<Record<keyof Scopes, string[] | null | undefined>>): {
  scopes?: Scopes;
} {
  const given = { domains: domains ?? [], products: products ?? [] };
  return given.domains.length + given.products.length === 0 ? {} : { scopes: given };
}

/** What is kept of a token: it is random itself, so one round of SHA-256 is enough. */
export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
