import type { EngineClient } from "./engine-client.js";

const MAX_IDENTIFIER = 65_535;
/** A client that leaves so many messages unacknowledged does not keep up; there are not many identifiers more. */
const MAX_UNACKNOWLEDGED = 60_000;

export interface PacketIdentifiersHost {
  /** Whether the client's session has the identifier in use, from this connection or one before. */
  isTaken(id: number): boolean;
  /** The client has acknowledged too little; it is to be disconnected. */
  onExhausted(): void;
}

/**
 * The identifiers of messages to one client: none is given again before it was acknowledged [MQTT-2.3.1-4]. Aedes
 * counts round and round.
 */
export class PacketIdentifiers {
  readonly #host: PacketIdentifiersHost;
  readonly #unacknowledged = new Set<number>();
  #next: number;

  constructor(first: number, host: PacketIdentifiersHost) {
    this.#next = first;
    this.#host = host;
  }

  /** The one that is given next; the same until it is taken. */
  get next(): number {
    if (this.#unacknowledged.size >= MAX_UNACKNOWLEDGED) return this.#next; // the connection is ending
    while (this.#unacknowledged.has(this.#next) || this.#host.isTaken(this.#next)) this.#advance();
    return this.#next;
  }

  /** The one that is given; not given again before it is acknowledged. */
  take(): number {
    const id = this.next;
    this.#unacknowledged.add(id);
    this.#advance();
    if (this.#unacknowledged.size === MAX_UNACKNOWLEDGED) this.#host.onExhausted();
    return id;
  }

  acknowledged(id: number): void {
    this.#unacknowledged.delete(id);
  }

  #advance(): void {
    this.#next = this.#next >= MAX_IDENTIFIER ? 1 : this.#next + 1;
  }
}

/** Has Aedes take its identifiers from ours: it reads `_nextId` for a message, and then writes the following one. */
export function useIdentifiers(client: EngineClient, host: PacketIdentifiersHost): PacketIdentifiers {
  const identifiers = new PacketIdentifiers(Math.max(1, client._nextId), host);
  Object.defineProperty(client, "_nextId", {
    get: () => identifiers.next,
    set: () => {
      identifiers.take();
    },
  });
  return identifiers;
}
