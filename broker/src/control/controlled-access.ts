import type { AccessControl, Admission, ConnectRequest, Identity } from "../access/access.js";
import { isReservedTopic } from "../access/access.js";
import { CredentialVerifier } from "../access/credential-verifier.js";
import type { BrokerLog } from "../log.js";
import { ControlTopics } from "./control-topics.js";
import { Directory } from "./directory.js";
import { Judge } from "./judge.js";
import { KeptDirectory } from "./kept-directory.js";
import type { ClientRecord } from "./records.js";
import { COMMAND_TOPIC, reachesAnswers } from "./topics.js";

export interface ControlledAccessOptions {
  /** For everyone whom the directory does not know. */
  others: AccessControl;
  /** Where the directory is kept; absent: it ends with the broker. */
  file?: string | undefined;
  log: BrokerLog;
}

/**
 * Clients and roles that are administered while the broker runs, before other access control: who is in the directory
 * is judged by it alone, from the password to each topic, so no rule of the files opens more to it; everyone else is
 * none of its business.
 */
export class ControlledAccess implements AccessControl {
  readonly control: ControlTopics;
  readonly #others: AccessControl;
  readonly #directory: Directory;
  readonly #judge: Judge;
  readonly #kept: KeptDirectory;
  readonly #verifier = new CredentialVerifier();
  readonly #revoked: ((username: string) => void)[] = [];
  /** Who was let in as a client of the directory, which it stays, also when it is deleted. */
  readonly #known = new WeakSet<Identity>();
  #revision = 0;

  constructor({ others, file, log }: ControlledAccessOptions) {
    this.#others = others;
    this.#directory = new Directory({
      onChanged: () => {
        this.#revision += 1;
        this.#judge.forget();
      },
      onRevoked: (username) => {
        for (const listener of this.#revoked) listener(username);
      },
    });
    this.#judge = new Judge(this.#directory);
    this.#kept = new KeptDirectory(this.#directory, file);
    this.control = new ControlTopics(this.#directory, this.#kept, log);
  }

  get revision(): number {
    return this.#revision + this.#others.revision;
  }

  async start(): Promise<void> {
    await this.#kept.start();
    await this.#others.start();
  }

  async admit(request: ConnectRequest): Promise<Admission> {
    const { username } = request;
    const client = username === undefined ? undefined : this.#directory.clients.get(username);
    return client === undefined ? this.#others.admit(request) : this.#admit(client, request);
  }

  async #admit(client: ClientRecord, { password, clientId }: ConnectRequest): Promise<Admission> {
    const refused: Admission = { ok: false, code: 4, reason: "wrong password, or a client that is disabled" };
    if (client.disabled || client.password === undefined || password === undefined) return refused;
    if (client.clientid !== undefined && client.clientid !== clientId)
      return { ok: false, code: 5, reason: "not the client id that its user is bound to" };
    const verdict = await this.#verifier.verify(client.password, password);
    if (verdict === "busy") return { ok: false, code: 3, reason: "too many sign-ins at once" };
    if (verdict === "wrong") return refused;
    // It may have changed while the hash was computed, and whoever was connected then has been disconnected.
    const { username } = client;
    if (this.#directory.clients.get(username) !== client)
      return { ok: false, code: 3, reason: "the client was changed during sign-in" };
    const identity: Identity = { clientId, username };
    this.#known.add(identity);
    return { ok: true, identity };
  }

  mayPublish(who: Identity, topic: string): boolean {
    if (!this.#known.has(who)) return this.#others.mayPublish(who, topic);
    if (isReservedTopic(topic)) return false;
    const client = this.#clientOf(who);
    return client !== undefined && this.#judge.maySend(client, topic);
  }

  maySubscribe(who: Identity, filter: string): boolean {
    if (reachesAnswers(filter)) return this.mayAdminister(who);
    if (!this.#known.has(who)) return this.#others.maySubscribe(who, filter);
    if (isReservedTopic(filter) && filter !== "$SYS" && !filter.startsWith("$SYS/")) return false;
    const client = this.#clientOf(who);
    return client !== undefined && this.#judge.maySubscribe(client, filter);
  }

  mayReceive(who: Identity, topic: string): boolean {
    if (!this.#known.has(who)) return this.#others.mayReceive(who, topic);
    const client = this.#clientOf(who);
    return client !== undefined && this.#judge.mayReceive(client, topic);
  }

  mayAdminister(who: Identity): boolean {
    if (!this.#known.has(who)) return this.#others.mayAdminister(who);
    const client = this.#clientOf(who);
    return client !== undefined && this.#judge.maySend(client, COMMAND_TOPIC);
  }

  /** Undefined when it may do nothing any more: its connection is about to end. */
  #clientOf({ username }: Identity): ClientRecord | undefined {
    const client = username === null ? undefined : this.#directory.clients.get(username);
    return client?.disabled === true ? undefined : client;
  }

  onRevoked(listener: (username: string) => void): void {
    this.#revoked.push(listener);
    this.#others.onRevoked(listener);
  }

  async close(): Promise<void> {
    await this.control.close();
    await this.#others.close();
    await this.#verifier.close();
  }
}
