import { statSync } from "node:fs";
import type { Log } from "../log.js";
import { NO_USERS, readUsersFile, type Users } from "./users-file.js";

/** The file is looked at no more often than this. */
const FRESH_MS = 200;

/**
 * The file of users as it is now: read again when it changes. A file that became unreadable, malformed or
 * absent opens nothing: what was read last stays in force while it is malformed, and nobody can sign in, and
 * no one is let in without, while it is absent.
 */
export class LiveUsers {
  readonly #file: string;
  readonly #log: Log;
  #users: Users = NO_USERS;
  #seen = "";
  #lookedAt = Number.NEGATIVE_INFINITY;
  #lost = false;

  constructor(file: string, log: Log) {
    this.#file = file;
    this.#log = log;
  }

  /** Reads the file for the first time. @throws UsersFileError, FormatVersionError naming it. */
  load(): void {
    this.#seen = this.#look();
    this.#users = readUsersFile(this.#file) ?? NO_USERS;
    this.#lookedAt = performance.now();
  }

  get current(): Users {
    if (performance.now() - this.#lookedAt >= FRESH_MS) this.#refresh();
    return this.#users;
  }

  /** Whether there is nobody to sign in as: the file is absent from the start, or names nobody. */
  get areNone(): boolean {
    return this.current.users.size === 0 && !this.#lost;
  }

  #refresh(): void {
    this.#lookedAt = performance.now();
    const seen = this.#look();
    if (seen === this.#seen) return;
    this.#seen = seen;
    try {
      const users = readUsersFile(this.#file);
      if (users === undefined) {
        this.#lost = this.#lost || this.#users.users.size > 0;
        this.#log.error(
          { file: this.#file },
          "the file of users has gone: nobody can sign in until it is back",
        );
      } else {
        this.#lost = false;
        this.#log.info(
          { file: this.#file, users: users.users.size, tokens: users.tokens.size },
          "users read",
        );
      }
      this.#users = users ?? NO_USERS;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#log.error(
        { file: this.#file, reason },
        "the file of users is malformed: the last good one holds",
      );
    }
  }

  /** What changes when the file does: an atomic replacement changes the inode. */
  #look(): string {
    const stat = statSync(this.#file, { throwIfNoEntry: false });
    return stat === undefined ? "absent" : `${stat.ino}:${stat.mtimeMs}:${stat.size}`;
  }
}
