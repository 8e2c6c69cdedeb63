import type { ControlTopics } from "../control/control-topics.js";

/** A CONNECT, as far as access control needs to know it. */
export interface ConnectRequest {
  clientId: string;
  username?: string | undefined;
  password?: Buffer | undefined;
  /** True when the peer's address is loopback and the listener is bound to loopback. */
  loopback: boolean;
}

/** Who a connection is, once it has been let in. */
export interface Identity {
  clientId: string;
  /** Null for an anonymous client. */
  username: string | null;
}

/** CONNACK return codes of a refusal [MQTT-3.2.2.3]: unavailable, bad credentials, not authorized. */
export type RefusalCode = 3 | 4 | 5;

export type Admission = { ok: true; identity: Identity } | { ok: false; code: RefusalCode; reason: string };

/**
 * Decides who may connect and what each may do. Implementations: {@link OpenOnLoopback},
 * {@link FileAccess}, and before either {@link ControlledAccess}.
 * The questions about topics are synchronous and cheap, since they are asked for messages.
 */
export interface AccessControl {
  /** Reads what it needs; rejects with an error that says what to mend. */
  start(): Promise<void>;
  admit(request: ConnectRequest): Promise<Admission>;
  mayPublish(who: Identity, topic: string): boolean;
  /** False when no topic that the filter can match may be read: the SUBACK then says 0x80. */
  maySubscribe(who: Identity, filter: string): boolean;
  mayReceive(who: Identity, topic: string): boolean;
  /** Whether it may change who may what, by messages on `$CONTROL/…`. */
  mayAdminister(who: Identity): boolean;
  /** Takes those messages; absent where nothing can be changed so. */
  readonly control?: ControlTopics;
  /** Grows whenever an answer about topics may have changed; whoever remembers answers compares it. */
  readonly revision: number;
  /** Calls back with each user name whose standing connections must end now. */
  onRevoked(listener: (username: string) => void): void;
  close(): Promise<void>;
}

/** Topics that begin with `$` belong to the broker: no client writes them [MQTT-4.7.2]. */
export function isReservedTopic(topic: string): boolean {
  return topic.startsWith("$");
}
