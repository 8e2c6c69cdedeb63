import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto";

/** OWASP's equal of N = 2^17 with a quarter of its memory (32 MiB), which small machines can spare. */
const LOG_N = 15;
const BLOCK_SIZE = 8;
const PARALLEL = 3;
const HASH_BYTES = 32;
const SALT_BYTES = 16;
/** Longer passwords are refused: hashing them is work that a stranger could ask for. */
export const MAX_PASSWORD = 1_024; // bytes

const PHC =
  /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

/** Compared with when there is no such user, so that the answer takes as long. It is no password's. */
export const NOBODYS_HASH = `$scrypt$ln=${LOG_N},r=${BLOCK_SIZE},p=${PARALLEL}$${"A".repeat(22)}$${"A".repeat(43)}`;

/** Hashes a password as a PHC string: `$scrypt$ln=15,r=8,p=3$<salt>$<hash>`. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, salt, LOG_N, BLOCK_SIZE, PARALLEL, HASH_BYTES);
  return `$scrypt$ln=${LOG_N},r=${BLOCK_SIZE},p=${PARALLEL}$${unpadded(salt)}$${unpadded(hash)}`;
}

/** Whether a text is a hash that {@link verifyPassword} takes, within bounds of memory and time. */
export function isPasswordHash(text: string): boolean {
  return parse(text) !== undefined;
}

/** Compares in constant time. A hash that is none never matches. */
export async function verifyPassword(password: string, phc: string): Promise<boolean> {
  const parsed = parse(phc);
  if (parsed === undefined || Buffer.byteLength(password) > MAX_PASSWORD) return false;
  const { logN, r, p, salt, hash } = parsed;
  return timingSafeEqual(await derive(password, salt, logN, r, p, hash.length), hash);
}

interface ParsedHash {
  logN: number;
  r: number;
  p: number;
  salt: Buffer;
  hash: Buffer;
}

function parse(phc: string): ParsedHash | undefined {
  const [, logN, r, p, salt, hash] = PHC.exec(phc) ?? [];
  if (logN === undefined || salt === undefined || hash === undefined) return undefined;
  const parsed = { logN: Number(logN), r: Number(r), p: Number(p) };
  if (parsed.logN < 10 || parsed.logN > 18 || parsed.r < 1 || parsed.r > 16 || parsed.p < 1 || parsed.p > 8) {
    return undefined;
  }
  return { ...parsed, salt: Buffer.from(salt, "base64"), hash: Buffer.from(hash, "base64") };
}

function derive(
  password: string,
  salt: Buffer,
  logN: number,
  r: number,
  p: number,
  bytes: number,
): Promise<Buffer> {
  const N = 2 ** logN;
  const options: ScryptOptions = { N, r, p, maxmem: 128 * N * r * 2 + 1_048_576 };
  // The same letter can be written in two ways; NFKC makes them one (RFC 8265 §4.2).
  return new Promise((resolve, reject) => {
    scrypt(password.normalize("NFKC"), salt, bytes, options, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}

function unpadded(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}
