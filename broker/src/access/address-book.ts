import { isLoopback } from "@fieldmesh/runtime";
import { addressKey, addressOf } from "./address-key.js";

/** Addresses that are remembered; past it the one that was seen longest ago is forgotten. */
const MAX_ADDRESSES = 10_000;

/** Something that is remembered of each address, for a bounded number of them. */
export class AddressBook<T> {
  readonly #exemptLoopback: boolean;
  readonly #entries = new Map<string, T>();

  /** @param exemptLoopback remembers nothing of this machine: its services, or a proxy for many, would block each other */
  constructor(exemptLoopback: boolean) {
    this.#exemptLoopback = exemptLoopback;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** @param peer `address:port` */
  get(peer: string): T | undefined {
    return this.#entries.get(addressKey(peer));
  }

  set(peer: string, entry: T): void {
    if (this.#exemptLoopback && isLoopback(addressOf(peer))) return;
    const key = addressKey(peer);
    this.#entries.delete(key); // to the end: a Map keeps the order of insertion
    this.#entries.set(key, entry);
    if (this.#entries.size <= MAX_ADDRESSES) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}
