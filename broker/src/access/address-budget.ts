import { isIPv6 } from "node:net";
import { isLoopback } from "@fieldmesh/runtime";

/** Addresses that are remembered; past it the one that was seen longest ago is forgotten. */
const MAX_ADDRESSES = 10_000;
const MINUTE_MS = 60_000;

export interface AddressBudgetOptions {
  /** What one address may spend at once, and gets back evenly in a minute. */
  perMinute: number;
  /** Addresses of this machine spend nothing: its services, or a proxy that speaks for many, would block each other. */
  exemptLoopback: boolean;
  /** A clock that never goes back, ms. */
  now?: () => number;
}

/** Something that each address has only so much of in a minute. */
export class AddressBudget {
  readonly #options: AddressBudgetOptions;
  readonly #now: () => number;
  readonly #spent = new Map<string, { amount: number; atMs: number }>();

  constructor(options: AddressBudgetOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** How many addresses are remembered. */
  get size(): number {
    return this.#spent.size;
  }

  /** @param peer `address:port` */
  isSpent(peer: string): boolean {
    const key = this.#keyOf(peer);
    return key !== null && this.#amount(key) + 1 > this.#options.perMinute;
  }

  /** Spends one, unless nothing is left; says whether there was one. */
  spend(peer: string): boolean {
    const key = this.#keyOf(peer);
    if (key === null) return true;
    const amount = this.#amount(key) + 1;
    if (amount > this.#options.perMinute) return false;
    this.#spent.delete(key); // to the end: a Map keeps the order of insertion
    this.#spent.set(key, { amount, atMs: this.#now() });
    if (this.#spent.size > MAX_ADDRESSES) {
      for (const oldest of this.#spent.keys()) {
        this.#spent.delete(oldest);
        break;
      }
    }
    return true;
  }

  #amount(key: string): number {
    const entry = this.#spent.get(key);
    if (entry === undefined) return 0;
    const regained = ((this.#now() - entry.atMs) / MINUTE_MS) * this.#options.perMinute;
    return Math.max(0, entry.amount - regained);
  }

  /** The address, of IPv6 the /64 network, which is one customer's; null when it spends nothing. */
  #keyOf(peer: string): string | null {
    const address = peer.slice(0, peer.lastIndexOf(":"));
    if (this.#options.exemptLoopback && isLoopback(address)) return null;
    return isIPv6(address) && !address.includes(".") ? networkOf(address) : address;
  }
}

function networkOf(address: string): string {
  const [before = "", after] = address.split("::");
  const head = before === "" ? [] : before.split(":");
  const tail = after === undefined || after === "" ? [] : after.split(":");
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => "0");
  return `${[...head, ...zeros, ...tail].slice(0, 4).join(":")}::/64`;
}
