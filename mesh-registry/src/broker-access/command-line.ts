import { randomBytes } from "node:crypto";
import type { MqttLink, Unsubscribe } from "@fieldmesh/runtime";
import { SubscriptionRefusedError } from "@fieldmesh/runtime";
import { z } from "zod";
import { BrokerAccessError } from "./broker-access-error.js";

/** Of Mosquitto's dynamic-security plugin, and of our broker. */
const COMMAND_TOPIC = "$CONTROL/dynamic-security/v1";
const ANSWER_TOPIC = "$CONTROL/dynamic-security/v1/response";

/** A broker answers in milliseconds; one that has a thousand passwords to hash first, in seconds. */
const ANSWER_MS = 15_000;

export interface Command {
  command: string;
  [field: string]: unknown;
}

/** What one command brought. */
export interface Answer {
  command: string;
  error?: string | undefined;
  data?: unknown;
}

const answers = z.object({
  responses: z.array(
    z.object({
      command: z.string(),
      error: z.string().optional(),
      data: z.unknown().optional(),
      correlationData: z.string().optional(),
    }),
  ),
});

interface Pending {
  answered: (Answer | undefined)[];
  resolve: (answers: Answer[]) => void;
  reject: (error: Error) => void;
  timer: NodeJS.Timeout;
}

export type CommandLink = Pick<
  MqttLink,
  "connected" | "url" | "publish" | "subscribe" | "onMessage" | "onDisconnect"
>;

/** Commands to the broker over the registry's link, each with its answer. */
export class CommandLine {
  readonly #link: CommandLink;
  readonly #answerMs: number;
  readonly #stops: Unsubscribe[];
  /** Only answers to questions of this process are looked at. */
  readonly #id = randomBytes(9).toString("base64url");
  readonly #pending = new Map<string, Pending>();
  #count = 0;
  #forbidden = false;
  #listening: Promise<void> = Promise.resolve();

  constructor(link: CommandLink, answerMs = ANSWER_MS) {
    this.#link = link;
    this.#answerMs = answerMs;
    this.#stops = [
      link.onMessage((topic, payload) => {
        if (topic === ANSWER_TOPIC) this.#take(payload);
      }),
      link.onDisconnect((reason) => this.#lose(reason)),
    ];
  }

  /** Asks to hear answers, now and after each connect; until that is answered commands wait. */
  listen(): Promise<void> {
    this.#listening = this.#subscribe();
    return this.#listening;
  }

  async #subscribe(): Promise<void> {
    try {
      await this.#link.subscribe([ANSWER_TOPIC]);
      this.#forbidden = false;
    } catch (error) {
      if (!(error instanceof SubscriptionRefusedError)) throw error;
      this.#forbidden = true;
    }
  }

  /**
   * Sends commands in one message, which the broker carries out in their order; resolves with an answer for each.
   * @throws BrokerAccessError when there is no connection, or nobody answers
   */
  async send(commands: readonly Command[]): Promise<Answer[]> {
    await this.#listening;
    if (!this.#link.connected) throw this.#away("no connection");
    if (this.#forbidden) throw this.#forbids();
    this.#count += 1;
    const id = `${this.#id}.${this.#count}`;
    const numbered = commands.map((command, index) => ({ ...command, correlationData: `${id}.${index}` }));
    const answered = new Promise<Answer[]>((resolve, reject) => {
      const timer = setTimeout(() => this.#settle(id)?.reject(this.#silent()), this.#answerMs).unref();
      this.#pending.set(id, { answered: commands.map(() => undefined), resolve, reject, timer });
    });
    answered.catch(() => undefined); // it may fail while the acknowledgement is waited for
    try {
      await this.#link.publish(COMMAND_TOPIC, JSON.stringify({ commands: numbered }), { qos: 1 });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#settle(id)?.reject(this.#away(reason));
    }
    return answered;
  }

  #take(payload: Buffer): void {
    const parsed = answers.safeParse(parseJson(payload.toString("utf8")));
    if (!parsed.success) return;
    for (const { correlationData = "", ...answer } of parsed.data.responses) {
      const end = correlationData.lastIndexOf(".");
      const id = correlationData.slice(0, end);
      const pending = this.#pending.get(id);
      const index = Number(correlationData.slice(end + 1));
      if (pending === undefined || !(index in pending.answered)) continue;
      pending.answered[index] = answer;
      const all = pending.answered.filter((each) => each !== undefined);
      if (all.length === pending.answered.length) this.#settle(id)?.resolve(all);
    }
  }

  #settle(id: string): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    clearTimeout(pending?.timer);
    return pending;
  }

  #lose(reason: string): void {
    for (const id of this.#pending.keys()) this.#settle(id)?.reject(this.#away(reason));
  }

  #away(reason: string): BrokerAccessError {
    return new BrokerAccessError(
      "broker_away",
      `the broker at ${this.#link.url} cannot be reached: ${reason}`,
    );
  }

  #forbids(): BrokerAccessError {
    return new BrokerAccessError(
      "broker_forbids",
      `the broker at ${this.#link.url} does not let the registry's user administer it: give it role service, or "topic readwrite $CONTROL/dynamic-security/#" in the ACL_FILE`,
    );
  }

  #silent(): BrokerAccessError {
    return new BrokerAccessError(
      "broker_silent",
      `the broker at ${this.#link.url} does not answer on ${COMMAND_TOPIC}: load Mosquitto's dynamic-security plugin, and let the registry's user write there ("topic readwrite $CONTROL/dynamic-security/#" in the ACL_FILE; role service has it)`,
    );
  }

  close(): void {
    for (const stop of this.#stops) stop();
    this.#lose("the registry ends");
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
