import { createHmac, pbkdf2, randomBytes, timingSafeEqual } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { writeFileAtomic } from "@fieldmesh/runtime";

const derive = promisify(pbkdf2);

const KEY_FILE = "provisioning-key";
const KEY_BYTES = 32;
/** As in the broker's own files: some 8 ms. */
const ITERATIONS = 10_000;
const SALT_BYTES = 12; // as mosquitto_passwd
const HASH_BYTES = 64; // SHA-512
/** 24 characters of Base64 in the URL's alphabet: 144 bits, nothing that an env file must quote. */
const PASSWORD_CHARS = 24;

/** Passwords of provisioned nodes. None is kept: each is made again out of a key that only this machine has. */
export interface NodePasswords {
  /** `issue` counts the credentials of one provision: one that was withdrawn is never given again. */
  passwordOf(provision: string, issue: number): string;
}

/** The key in the registry's folder, for its owner only; made at the first start. */
export async function openNodePasswords(folder: string): Promise<NodePasswords> {
  const path = join(folder, KEY_FILE);
  const key = (await readKey(path)) ?? (await makeKey(folder, path));
  return {
    passwordOf: (provision, issue) =>
      createHmac("sha256", key).update(`${provision}/${issue}`).digest("base64url").slice(0, PASSWORD_CHARS),
  };
}

async function readKey(path: string): Promise<Buffer | undefined> {
  try {
    const key = Buffer.from((await readFile(path, "utf8")).trim(), "base64url");
    return key.length === KEY_BYTES ? key : undefined;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

async function makeKey(folder: string, path: string): Promise<Buffer> {
  const key = randomBytes(KEY_BYTES);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFileAtomic(path, `${key.toString("base64url")}\n`, 0o600);
  return key;
}

/** `$7$iterations$salt$hash`: PBKDF2-HMAC-SHA512 as in Mosquitto's `password_file`. */
export async function hashNodePassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, salt, ITERATIONS, HASH_BYTES, "sha512");
  return `$7$${ITERATIONS}$${salt.toString("base64")}$${hash.toString("base64")}`;
}

/** Whether a hash of ours is of this password. */
export async function isHashOf(password: string, line: string): Promise<boolean> {
  const [salt = "", hash = ""] = line.split("$").slice(3);
  const wanted = Buffer.from(hash, "base64");
  const made = await derive(password, Buffer.from(salt, "base64"), ITERATIONS, HASH_BYTES, "sha512");
  return wanted.length === made.length && timingSafeEqual(wanted, made);
}

/** What a node may at the broker, as `fieldmesh credentials` writes it. */
export function nodeAclBlock(user: string, domain: string, node: string): string {
  return [
    `# fieldmesh: role=node domain=${domain} node=${node}`,
    `user ${user}`,
    `topic readwrite ${domain}/${node}/#`,
    `topic write ${domain}/event/${node}/#`,
    "",
  ].join("\n");
}
