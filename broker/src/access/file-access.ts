import { COMMAND_TOPIC } from "../control/topics.js";
import type { BrokerLog } from "../log.js";
import {
  type AccessControl,
  type Admission,
  type ConnectRequest,
  type Identity,
  isReservedTopic,
} from "./access.js";
import { type Acl, type AclRule, parseAclFile } from "./acl-file.js";
import { mayPublish, mayReceive, maySubscribe, mayWrite, rulesFor } from "./acl-rules.js";
import { CredentialVerifier } from "./credential-verifier.js";
import { type PasswordEntry, parsePasswordFile } from "./password-file.js";
import { EXPECTED_HASH, parsePasswordHash } from "./password-hash.js";
import { WatchedFile } from "./watched-file.js";

export interface FileAccessOptions {
  /** Mosquitto's `password_file`; without it everyone on loopback is let in, anonymously. */
  passwordFile?: string | undefined;
  /** Mosquitto's `acl_file`; without it everyone who is let in may do all but write `$…`. */
  aclFile?: string | undefined;
  log: BrokerLog;
}

/** Stands in for an unknown user's hash, so that refusing one takes as long as refusing a wrong password. */
const DECOY_HASH = `$7$10000$AAAAAAAAAAAAAAAA$${Buffer.alloc(64).toString("base64")}`;

/**
 * Access by Mosquitto's two files, read again when they change. A file that is broken by a change is reported and
 * the rules of before stay; at the start it is an error.
 */
export class FileAccess implements AccessControl {
  readonly #options: FileAccessOptions;
  readonly #files: WatchedFile[] = [];
  readonly #verifier = new CredentialVerifier();
  readonly #revoked: ((username: string) => void)[] = [];
  #passwords: Map<string, PasswordEntry> | null = null;
  #acl: Acl | null = null;
  #revision = 0;
  /** Rules put together once per client; keyed weakly, so they go with the connection. */
  #rules = new WeakMap<Identity, AclRule[]>();

  constructor(options: FileAccessOptions) {
    this.#options = options;
  }

  get revision(): number {
    return this.#revision;
  }

  async start(): Promise<void> {
    const { passwordFile, aclFile } = this.#options;
    if (passwordFile !== undefined)
      await this.#open(passwordFile, (text) => this.#usePasswords(text, passwordFile));
    if (aclFile !== undefined) await this.#open(aclFile, (text) => this.#useAcl(text, aclFile));
  }

  async #open(path: string, use: (text: string) => void): Promise<void> {
    const onError = (error: unknown): void => {
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.log.error(
        { file: path, error: reason },
        "access file not read; the rules of before stay",
      );
    };
    let started = false;
    const onText = (text: string): void => {
      use(text);
      if (started) this.#options.log.info({ file: path }, "access file read again");
    };
    const file = new WatchedFile(path, { onText, onError });
    this.#files.push(file);
    await file.start();
    started = true;
  }

  #usePasswords(text: string, file: string): void {
    const next = parsePasswordFile(text, file);
    const before = this.#passwords;
    this.#passwords = next;
    for (const [user, entry] of before ?? []) {
      if (next.get(user)?.encoded !== entry.encoded) for (const listener of this.#revoked) listener(user);
    }
  }

  #useAcl(text: string, file: string): void {
    this.#acl = parseAclFile(text, file);
    this.#rules = new WeakMap();
    this.#revision += 1;
  }

  async admit(request: ConnectRequest): Promise<Admission> {
    const { username, password, clientId } = request;
    if (this.#passwords === null) {
      if (!request.loopback) return { ok: false, code: 5, reason: "anonymous from beyond loopback" };
      return { ok: true, identity: { clientId, username: null } };
    }
    if (username === undefined || password === undefined) {
      return { ok: false, code: 5, reason: "no user name or password; this broker wants both" };
    }
    const entry = this.#passwords.get(username);
    const verdict = await this.#verifier.verify(entry ?? decoy(username), password);
    if (verdict === "busy") return { ok: false, code: 3, reason: "too many sign-ins at once" };
    if (entry === undefined || verdict === "wrong") {
      return { ok: false, code: 4, reason: "unknown user or wrong password" };
    }
    // The file may have changed while the hash was computed.
    if (this.#passwords.get(username)?.encoded !== entry.encoded) {
      return { ok: false, code: 4, reason: "the password changed during sign-in" };
    }
    return { ok: true, identity: { clientId, username } };
  }

  mayPublish(who: Identity, topic: string): boolean {
    return this.#acl === null ? !isReservedTopic(topic) : mayPublish(this.#rulesOf(this.#acl, who), topic);
  }

  maySubscribe(who: Identity, filter: string): boolean {
    if (isReservedTopic(filter) && filter !== "$SYS" && !filter.startsWith("$SYS/")) return false;
    return this.#acl === null || maySubscribe(this.#rulesOf(this.#acl, who), filter);
  }

  mayReceive(who: Identity, topic: string): boolean {
    return this.#acl === null || mayReceive(this.#rulesOf(this.#acl, who), topic);
  }

  mayAdminister(who: Identity): boolean {
    return this.#acl === null || mayWrite(this.#rulesOf(this.#acl, who), COMMAND_TOPIC);
  }

  #rulesOf(acl: Acl, who: Identity): AclRule[] {
    let rules = this.#rules.get(who);
    if (rules === undefined) {
      rules = rulesFor(acl, who);
      this.#rules.set(who, rules);
    }
    return rules;
  }

  onRevoked(listener: (username: string) => void): void {
    this.#revoked.push(listener);
  }

  async close(): Promise<void> {
    for (const file of this.#files) file.close();
    await this.#verifier.close();
  }
}

function decoy(user: string): PasswordEntry {
  const hash = parsePasswordHash(DECOY_HASH);
  if (hash === null) throw new Error(`the decoy is not ${EXPECTED_HASH}`);
  return { user, encoded: DECOY_HASH, hash };
}
