import { createHash, pbkdf2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import type { Argon2Thread } from "./argon2.js";

const derive = promisify(pbkdf2);

/**
 * Mosquitto writes 101 by default, which a stolen file does not survive. 10,000 cost about 8 ms of a pool thread,
 * once per client and start of the broker (answers are remembered).
 */
const ITERATIONS = 10_000;
/** A file that asks for more would keep a pool thread busy for seconds at each CONNECT. */
const MAX_ITERATIONS = 2_000_000;
const SALT_BYTES = 12; // as mosquitto_passwd
const HASH_BYTES = 64; // SHA-512

/** The hash part of a `password_file` line, taken apart. */
export type PasswordHash =
  | { scheme: "pbkdf2-sha512"; iterations: number; salt: Buffer; hash: Buffer }
  | { scheme: "sha512"; salt: Buffer; hash: Buffer }
  | { scheme: "argon2id"; encoded: string };

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const ARGON2ID = /^\$argon2id\$v=19\$m=\d{1,7},t=\d{1,3},p=\d{1,3}\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+$/;

/** What {@link parsePasswordHash} understands, for messages. */
export const EXPECTED_HASH = "a hash that begins with $7$ (mosquitto_passwd), $argon2id$ or $6$";

/** Parses `$7$iterations$salt$hash`, `$6$salt$hash` (Base64) or `$argon2id$…`; null when it is none of them. */
export function parsePasswordHash(text: string): PasswordHash | null {
  if (text.startsWith("$argon2id$"))
    return ARGON2ID.test(text) ? { scheme: "argon2id", encoded: text } : null;
  const [empty, id, ...fields] = text.split("$");
  if (empty !== "") return null;
  const [first = "", second = "", third = ""] = fields;
  if (id === "6" && fields.length === 2 && BASE64.test(first) && BASE64.test(second)) {
    const hash = Buffer.from(second, "base64");
    return hash.length === HASH_BYTES ? { scheme: "sha512", salt: Buffer.from(first, "base64"), hash } : null;
  }
  if (
    id !== "7" ||
    fields.length !== 3 ||
    !/^\d{1,7}$/.test(first) ||
    !BASE64.test(second) ||
    !BASE64.test(third)
  ) {
    return null;
  }
  const iterations = Number(first);
  if (iterations < 1 || iterations > MAX_ITERATIONS) return null;
  const hash = Buffer.from(third, "base64");
  if (hash.length !== HASH_BYTES) return null;
  return { scheme: "pbkdf2-sha512", iterations, salt: Buffer.from(second, "base64"), hash };
}

/** Makes a `$7$` entry's hash (PBKDF2-HMAC-SHA512, Mosquitto 2.0 and 2.1) with a fresh salt. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, salt, ITERATIONS, HASH_BYTES, "sha512");
  return `$7$${ITERATIONS}$${salt.toString("base64")}$${hash.toString("base64")}`;
}

/** Whether the password is the one hashed; off the event loop but for `$6$`, which is a single SHA-512. */
export async function verifyPassword(
  password: Buffer,
  hash: PasswordHash,
  argon2: Argon2Thread,
): Promise<boolean> {
  switch (hash.scheme) {
    case "pbkdf2-sha512":
      return timingSafeEqual(
        await derive(password, hash.salt, hash.iterations, HASH_BYTES, "sha512"),
        hash.hash,
      );
    case "sha512":
      return timingSafeEqual(createHash("sha512").update(password).update(hash.salt).digest(), hash.hash);
    case "argon2id":
      return argon2.verify(password, hash.encoded);
  }
}
