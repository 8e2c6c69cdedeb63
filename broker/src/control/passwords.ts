import type { PasswordEntry } from "../access/password-file.js";
import { hashPassword, parsePasswordHash } from "../access/password-hash.js";
import { CommandError } from "./command-error.js";
import { type Fields, wholeNumber } from "./fields.js";

/** What a new password is kept as: PBKDF2 on a thread of the pool, not on the event loop. */
export async function passwordEntry(user: string, password: string): Promise<PasswordEntry> {
  return entryOf(user, await hashPassword(password));
}

/** From `password`, `salt` (Base64) and `iterations` of the plugin's file. @throws {CommandError} */
export function keptPassword(user: string, fields: Fields): PasswordEntry | undefined {
  const { password, salt } = { password: fields["password"], salt: fields["salt"] };
  if (password === undefined && salt === undefined) return undefined;
  return entryOf(user, `$7$${wholeNumber(fields, "iterations", 0)}$${String(salt)}$${String(password)}`);
}

/** Into these three. */
export function passwordFields({ encoded }: PasswordEntry): Fields {
  const [, , iterations, salt, password] = encoded.split("$");
  return { password, salt, iterations: Number(iterations) };
}

function entryOf(user: string, encoded: string): PasswordEntry {
  const hash = parsePasswordHash(encoded);
  if (hash === null) throw new CommandError("Invalid/missing password, salt or iterations");
  return { user, encoded, hash };
}
