import { createHmac, randomBytes } from "node:crypto";
import { Argon2Thread } from "./argon2.js";
import type { PasswordEntry } from "./password-file.js";
import { verifyPassword } from "./password-hash.js";

/** Of libuv's four pool threads, two stay free for files and names. */
const MAX_CONCURRENT = 2;
/** Thirty seconds of waiting at 8 ms each on two threads: more could not be served before clients give up. */
const MAX_WAITING = 8192;
/** Remembered answers; a thousand nodes that come back at once cost a thousand HMACs. */
const MAX_REMEMBERED = 4096;

export type Verdict = "right" | "wrong" | "busy";

/**
 * Compares passwords with their hashes: off the event loop, a bounded number at a time, and each right answer
 * only once. What is remembered is an HMAC under a key of this process, never a password.
 */
export class CredentialVerifier {
  readonly #key = randomBytes(32);
  readonly #remembered = new Set<string>();
  readonly #argon2 = new Argon2Thread();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  async verify(entry: PasswordEntry, password: Buffer): Promise<Verdict> {
    // The entry's text is part of the key: a changed password or hash forgets by itself.
    const key = createHmac("sha256", this.#key)
      .update(`${entry.user.length}:${entry.user}:${entry.encoded.length}:${entry.encoded}:`)
      .update(password)
      .digest("base64");
    if (this.#remembered.has(key)) return "right";
    if (this.#running >= MAX_CONCURRENT) {
      if (this.#waiting.length >= MAX_WAITING) return "busy";
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#running += 1;
    try {
      if (!(await verifyPassword(password, entry.hash, this.#argon2))) return "wrong";
    } finally {
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
    this.#remember(key);
    return "right";
  }

  #remember(key: string): void {
    if (this.#remembered.size >= MAX_REMEMBERED) {
      // A Set keeps the order of insertion: the first is the oldest.
      for (const oldest of this.#remembered) {
        this.#remembered.delete(oldest);
        break;
      }
    }
    this.#remembered.add(key);
  }

  close(): Promise<void> {
    return this.#argon2.close();
  }
}
