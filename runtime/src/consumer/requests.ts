import { randomBytes } from "node:crypto";
import { buildTopic, encodeCommand, type Reply } from "@fieldmesh/protocol";
import type { MqttLink } from "../mqtt/link.js";
import {
  CommandRefusedError,
  ConsumerClosedError,
  RequestInterruptedError,
  RequestTimeoutError,
  TooManyRequestsError,
} from "./request-errors.js";

interface Pending {
  address: string;
  link: MqttLink;
  node: string;
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
  timer: NodeJS.Timeout;
}

/** Commands that wait for their replies, matched by correlation id and by the node that answers. */
export class Requests {
  readonly #by: string;
  readonly #limit: number;
  readonly #pending = new Map<string, Pending>();
  // Random, so that an answer to an earlier run of this consumer fits none of its requests.
  readonly #prefix = randomBytes(6).toString("hex");
  #count = 0;

  constructor(by: string, limit: number) {
    this.#by = by;
    this.#limit = limit;
  }

  get size(): number {
    return this.#pending.size;
  }

  /**
   * Publishes a command and resolves with the reply's result.
   * @throws RequestTimeoutError, CommandRefusedError, TooManyRequestsError, or the link's errors
   */
  send(
    link: MqttLink,
    target: { domain: string; node: string; name: string; by?: string },
    args: unknown,
    timeoutMs: number,
  ): Promise<unknown> {
    if (this.#pending.size >= this.#limit) return Promise.reject(new TooManyRequestsError(this.#limit));
    const id = `${this.#prefix}-${++this.#count}`;
    const { domain, node, name } = target;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new RequestTimeoutError(`${domain}/${node}`, name, timeoutMs));
      }, timeoutMs);
      this.#pending.set(id, {
        address: addressOf(target),
        link,
        node: `${domain}/${node}`,
        resolve,
        reject,
        timer,
      });
      const topic = buildTopic({ kind: "command", domain, node, name });
      const command = encodeCommand({ id, name, args, by: target.by ?? this.#by });
      link.publish(topic, command, { qos: 1, retain: false }).catch((error: unknown) => {
        this.#settle(id)?.reject(error instanceof Error ? error : new Error(String(error)));
      });
    });
  }

  /** Takes a reply that arrived; false when nobody here waits for it. */
  take(target: { domain: string; node: string; name: string }, reply: Reply): boolean {
    if (this.#pending.get(reply.id)?.address !== addressOf(target)) return false;
    const pending = this.#settle(reply.id);
    if (reply.ok) pending?.resolve(reply.result);
    else pending?.reject(new CommandRefusedError(reply.error));
    return true;
  }

  /** The connection ended: whatever was asked over it, its answer is not coming. */
  linkLost(link: MqttLink): void {
    this.#interrupt((pending) => pending.link === link);
  }

  /** The node connected anew: what it was asked before, or its answer, may have been lost on the way. */
  nodeReturned(domain: string, node: string): void {
    this.#interrupt((pending) => pending.node === `${domain}/${node}`);
  }

  #interrupt(concerns: (pending: Pending) => boolean): void {
    for (const [id, pending] of this.#pending) {
      if (concerns(pending)) this.#settle(id)?.reject(new RequestInterruptedError(pending.node));
    }
  }

  /** Ends whatever still waits. */
  close(): void {
    for (const id of this.#pending.keys()) this.#settle(id)?.reject(new ConsumerClosedError());
  }

  #settle(id: string): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending === undefined) return undefined;
    this.#pending.delete(id);
    clearTimeout(pending.timer);
    return pending;
  }
}

function addressOf({ domain, node, name }: { domain: string; node: string; name: string }): string {
  return `${domain}/${node}/${name}`;
}
