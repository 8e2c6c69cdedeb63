import { FileFormatError } from "./file-format-error.js";
import { EXPECTED_HASH, type PasswordHash, parsePasswordHash } from "./password-hash.js";

/** One user of a `password_file`. */
export interface PasswordEntry {
  user: string;
  /** The hash as it stands in the file; two entries with the same text have the same password. */
  encoded: string;
  hash: PasswordHash;
}

/**
 * Parses Mosquitto's `password_file`: `user:hash` a line, `#` comments and empty lines allowed. A name that comes
 * twice is refused, since the two brokers would not agree on which line counts.
 * @throws {FileFormatError} with file, line, and what is expected
 */
export function parsePasswordFile(text: string, file = "password file"): Map<string, PasswordEntry> {
  const entries = new Map<string, PasswordEntry>();
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.replace(/\r$/, "");
    if (line.trim() === "" || line.startsWith("#")) continue;
    const colon = line.indexOf(":");
    if (colon < 1) throw new FileFormatError(file, index + 1, "no user name", "user:hash");
    const user = line.slice(0, colon);
    const encoded = line.slice(colon + 1).trim();
    const hash = parsePasswordHash(encoded);
    if (!hash)
      throw new FileFormatError(file, index + 1, `the hash of "${user}" is not understood`, EXPECTED_HASH);
    if (entries.has(user)) {
      throw new FileFormatError(file, index + 1, `user "${user}" stands here again`, "each user once");
    }
    entries.set(user, { user, encoded, hash });
  }
  return entries;
}

/** The text of a `password_file` with these users and hashes, in the order given. */
export function formatPasswordFile(entries: Iterable<{ user: string; encoded: string }>): string {
  let text = "";
  for (const { user, encoded } of entries) text += `${user}:${encoded}\n`;
  return text;
}
