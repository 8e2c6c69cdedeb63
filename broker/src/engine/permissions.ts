import type { AuthenticateError, PublishPacket } from "aedes";
import { generate } from "mqtt-packet";
import type { AccessControl } from "../access/access.js";
import { SignInBackoff } from "../access/sign-in-backoff.js";
import { ANSWER_TOPIC, COMMAND_TOPIC, reachesAnswers } from "../control/topics.js";
import type { Limits } from "../limits.js";
import type { LogLimiter } from "../log-limiter.js";
import type { Port } from "../port/port.js";
import type { Counters } from "../stats/counters.js";
import type { DropCause } from "../stats/drops.js";
import * as type from "../wire/packet-type.js";
import { levelCount } from "../wire/topic-name.js";

export interface PermissionsOptions {
  access: AccessControl;
  limits: Limits;
  counters: Counters;
  warnings: LogLimiter;
}

/** A message that may not be published goes here, where nobody can subscribe: the publisher is acknowledged as usual. */
const DENIED_TOPIC = "$denied";

/** Answers what the engine asks about a client, and counts and logs each refusal by its name. */
export class Permissions {
  readonly #options: PermissionsOptions;
  readonly #signIns: SignInBackoff;

  constructor(options: PermissionsOptions) {
    this.#options = options;
    const { freeFailedSignIns: freeFailures, maxSignInWaitMs: maxWaitMs, exemptLoopback } = options.limits;
    this.#signIns = new SignInBackoff({ freeFailures, maxWaitMs, exemptLoopback });
  }

  /**
   * Lets the client in, or rejects with the return code for its CONNACK.
   * @param holder the connection that has the client id now
   */
  async admit(
    port: Port,
    clientId: string,
    credentials: { username: string | undefined; password: Buffer | undefined },
    holder: () => Port | undefined,
  ): Promise<true> {
    const { access } = this.#options;
    const { peer } = port.transport;
    if (this.#signIns.waitMs(peer) > 0) throw this.#mustWait(port, clientId);
    const admission = await access.admit({ clientId, ...credentials, loopback: port.trustedAsLocal });
    // Asked again, also for a right password: else of many guesses at once all would be answered.
    if (this.#signIns.waitMs(peer) > 0) throw this.#mustWait(port, clientId);
    if (!admission.ok && admission.code === type.BAD_CREDENTIALS) this.#signIns.failed(peer);
    if (!admission.ok) throw this.#refused(port, clientId, admission.code, admission.reason);
    const other = holder();
    if (other !== undefined && other !== port && other.identity?.username !== admission.identity.username) {
      const reason = "the client id is in use by another user";
      throw this.#refused(port, clientId, type.IDENTIFIER_REJECTED, reason);
    }
    const will = port.connect?.willTopic ?? null;
    if (will !== null && !access.mayPublish(admission.identity, will)) {
      throw this.#refused(port, clientId, type.NOT_AUTHORIZED, `no write access to the will's topic ${will}`);
    }
    port.identity = admission.identity;
    return true;
  }

  #mustWait(port: Port, clientId: string): AuthenticateError {
    const waitS = Math.ceil(this.#signIns.waitMs(port.transport.peer) / 1_000);
    const reason = `too many wrong passwords came from its address, which waits for another ${waitS} s`;
    return this.#refused(port, clientId, type.SERVER_UNAVAILABLE, reason, "sign-in-limit");
  }

  #refused(
    port: Port,
    clientId: string,
    returnCode: number,
    reason: string,
    cause: DropCause = "connect-refused",
  ): AuthenticateError {
    const { counters, warnings } = this.#options;
    const fields = {
      clientId,
      username: port.connect?.username,
      peer: port.transport.peer,
      returnCode,
      reason,
    };
    counters.drop(cause);
    warnings.warn(cause, fields, "connection refused");
    return withReturnCode(new Error(reason), returnCode);
  }

  /** Turns a message that its client may not publish into one for nobody [MQTT-3.3.5-2]. */
  denyUnlessMayPublish(port: Port, packet: PublishPacket): void {
    const { access, counters, warnings } = this.#options;
    if (port.identity !== null && access.mayPublish(port.identity, packet.topic)) return;
    if (this.#isCommand(port, packet)) return;
    const fields = { clientId: port.client?.id, username: port.identity?.username, topic: packet.topic };
    counters.drop("publish-denied");
    warnings.warn("publish-denied", fields, "message not published: no write access to its topic");
    silence(packet);
  }

  /** Takes a message to the broker itself out of the stream: `#` does not reach it, and it is nobody else's business. */
  #isCommand(port: Port, packet: PublishPacket): boolean {
    const { access } = this.#options;
    const { identity: who, client } = port;
    if (packet.topic !== COMMAND_TOPIC || who === null || client === undefined) return false;
    if (access.control === undefined || !access.mayAdminister(who)) return false;
    access.control.take({
      who,
      payload: Buffer.from(packet.payload),
      answer: (text) => {
        const wanted = Object.keys(client.subscriptions).some(reachesAnswers);
        if (wanted && !port.destroyed) port.outward.push(answerPacket(text));
      },
    });
    silence(packet);
    return true;
  }

  mayReceive(port: Port, topic: string): boolean {
    return port.identity !== null && this.#options.access.mayReceive(port.identity, topic);
  }

  /** @param subscriptions how many the client has; an old one that is renewed does not count as one more */
  maySubscribe(port: Port, filter: string, subscriptions: number): boolean {
    const { access, counters, limits, warnings } = this.#options;
    const fields = { clientId: port.client?.id, username: port.identity?.username, filter };
    const known = port.client?.subscriptions[filter] !== undefined;
    if (!known && subscriptions >= limits.subscriptionsPerClient) {
      counters.drop("subscription-limit");
      warnings.warn(
        "subscription-limit",
        { ...fields, subscriptions },
        "subscription refused: the client has too many",
      );
      return false;
    }
    if (levelCount(filter) > limits.topicLevels) {
      counters.drop("topic-levels");
      warnings.warn("topic-levels", fields, `subscription refused: more than ${limits.topicLevels} levels`);
      return false;
    }
    if (port.identity === null || !access.maySubscribe(port.identity, filter)) {
      counters.drop("subscribe-denied");
      warnings.warn("subscribe-denied", fields, "subscription refused: nothing it matches may be read");
      return false;
    }
    return true;
  }
}

/** Has the engine acknowledge a message as usual, and nobody get it. */
function silence(packet: PublishPacket): void {
  packet.topic = DENIED_TOPIC;
  packet.payload = Buffer.alloc(0);
  packet.retain = false;
}

function answerPacket(payload: string): Buffer {
  return generate({ cmd: "publish", topic: ANSWER_TOPIC, payload, qos: 0, retain: false, dup: false });
}

/** As the engine takes it from `authenticate`; an error without a code is a fault of ours, not of the client. */
export function withReturnCode(error: Error, returnCode?: number): AuthenticateError {
  const own = "returnCode" in error && typeof error.returnCode === "number" ? error.returnCode : undefined;
  return Object.assign(error, { returnCode: returnCode ?? own ?? type.SERVER_UNAVAILABLE });
}
