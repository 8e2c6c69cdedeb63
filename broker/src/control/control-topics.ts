import { isUtf8 } from "node:buffer";
import type { Identity } from "../access/access.js";
import type { BrokerLog } from "../log.js";
import { MAX_REQUEST_BYTES, MAX_WAITING_BYTES } from "./bounds.js";
import type { Directory } from "./directory.js";
import type { KeptDirectory } from "./kept-directory.js";
import { answerText, type Executed, execute, refused } from "./requests.js";

export interface ControlRequest {
  who: Identity;
  /** What came, whatever it is. */
  payload: Buffer;
  /** Called once with the answer for the client that asked, and nobody else. */
  answer: (text: string) => void;
}

/**
 * Takes messages with commands, one after the other. What they change holds at once; the answer is given when it is
 * kept as well, so that what was acknowledged outlives a kill.
 */
export class ControlTopics {
  readonly #directory: Directory;
  readonly #kept: KeptDirectory;
  readonly #log: BrokerLog;
  #running: Promise<void> = Promise.resolve();
  #answered: Promise<void> = Promise.resolve();
  #waitingBytes = 0;

  constructor(directory: Directory, kept: KeptDirectory, log: BrokerLog) {
    this.#directory = directory;
    this.#kept = kept;
    this.#log = log;
  }

  /** Of a client that may: see `mayAdminister`. */
  take({ who, payload, answer }: ControlRequest): void {
    const size = payload.length;
    const fault = this.#faultOf(payload);
    if (fault !== null) {
      this.#reply(refused(fault), who, answer);
      return;
    }
    const text = payload.toString("utf8");
    this.#waitingBytes += size;
    this.#running = this.#running.then(async () => {
      this.#waitingBytes -= size;
      const executed = await execute(this.#directory, text, (error) => this.#fault(error));
      this.#reply(executed, who, answer);
    });
  }

  /** Why a message is not looked at. */
  #faultOf(payload: Buffer): string | null {
    if (payload.length > MAX_REQUEST_BYTES) return `More than ${MAX_REQUEST_BYTES} bytes`;
    if (this.#waitingBytes + payload.length > MAX_WAITING_BYTES)
      return "Too many commands wait already: try again later";
    return isUtf8(payload) ? null : "Payload not valid JSON";
  }

  #reply(executed: Executed, { username, clientId }: Identity, answer: (text: string) => void): void {
    const { answers, changed, failed } = executed;
    if (changed.length > 0)
      this.#log.info({ clientId, username, commands: summary(changed) }, "clients and roles changed");
    if (failed.length > 0)
      this.#log.warn(
        { clientId, username, errors: summary(failed) },
        "commands on clients and roles refused",
      );
    const kept = changed.length > 0 ? this.#kept.save() : Promise.resolve();
    this.#answered = Promise.all([
      kept.catch((error: unknown) => this.#notKept(executed, error)),
      this.#answered,
    ]).then(() => answer(answerText(answers)));
  }

  /** It holds, since a revocation must, but not beyond the next start. */
  #notKept({ answers, changed }: Executed, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#log.error({ error: reason }, "changes of clients and roles hold, but could not be kept on disk");
    for (const answer of answers) {
      if (changed.includes(answer.command))
        answer.error ??= `It holds, but could not be kept on disk, and ends with the broker: ${reason}`;
    }
  }

  #fault(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#log.error({ error: reason }, "a command on clients and roles failed");
  }

  /** Resolves when what was taken is answered and kept. */
  async close(): Promise<void> {
    await this.#running;
    await this.#answered;
    await this.#kept.close();
  }
}

/** Names and numbers, not a line of any length. */
function summary(all: readonly string[]): string[] {
  const most = 10;
  const shown = all.slice(0, most).map((text) => text.slice(0, 200));
  return all.length > most ? [...shown, `and ${all.length - most} more`] : shown;
}
