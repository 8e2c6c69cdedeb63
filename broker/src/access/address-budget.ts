import { AddressBook } from "./address-book.js";

const MINUTE_MS = 60_000;

export interface AddressBudgetOptions {
  /** What one address may spend at once, and gets back evenly in a minute. */
  perMinute: number;
  /** Addresses of this machine spend nothing. */
  exemptLoopback: boolean;
  /** A clock that never goes back, ms. */
  now?: () => number;
}

/** Something that each address has only so much of in a minute. */
export class AddressBudget {
  readonly #perMinute: number;
  readonly #now: () => number;
  readonly #spent: AddressBook<{ amount: number; atMs: number }>;

  constructor({ perMinute, exemptLoopback, now = () => performance.now() }: AddressBudgetOptions) {
    this.#perMinute = perMinute;
    this.#now = now;
    this.#spent = new AddressBook(exemptLoopback);
  }

  /** Spends one, unless nothing is left; says whether there was one. @param peer `address:port` */
  spend(peer: string): boolean {
    const amount = this.#amount(peer) + 1;
    if (amount > this.#perMinute) return false;
    this.#spent.set(peer, { amount, atMs: this.#now() });
    return true;
  }

  #amount(peer: string): number {
    const entry = this.#spent.get(peer);
    if (entry === undefined) return 0;
    const regained = ((this.#now() - entry.atMs) / MINUTE_MS) * this.#perMinute;
    return Math.max(0, entry.amount - regained);
  }
}
