import { AddressBook } from "./address-book.js";

/** What an address waits after the first failure that is one too many; twice as long after each further one. */
const FIRST_WAIT_MS = 1_000;

export interface SignInBackoffOptions {
  /** Wrong passwords of one address that cost nothing: a person mistypes, a forgotten device tries again. */
  freeFailures: number;
  /** The longest wait. */
  maxWaitMs: number;
  /** Addresses of this machine never wait. */
  exemptLoopback: boolean;
  /** A clock that never goes back, ms. */
  now?: () => number;
}

interface Failures {
  count: number;
  lastMs: number;
  untilMs: number;
}

/**
 * Makes an address from which wrong passwords come wait, each time twice as long, before another is looked at. Its
 * failures are forgotten one by one, each after the longest wait without another.
 */
export class SignInBackoff {
  readonly #options: SignInBackoffOptions;
  readonly #now: () => number;
  readonly #failures: AddressBook<Failures>;

  constructor(options: SignInBackoffOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#failures = new AddressBook(options.exemptLoopback);
  }

  /** How long the address has to wait now, ms; 0 when it may try. @param peer `address:port` */
  waitMs(peer: string): number {
    return Math.max(0, (this.#failures.get(peer)?.untilMs ?? 0) - this.#now());
  }

  /** A wrong password came from the address. */
  failed(peer: string): void {
    const { freeFailures, maxWaitMs } = this.#options;
    const now = this.#now();
    const known = this.#failures.get(peer);
    const forgotten = known === undefined ? 0 : Math.floor((now - known.lastMs) / maxWaitMs);
    const count = Math.max(0, (known?.count ?? 0) - forgotten) + 1;
    const tooMany = count - freeFailures;
    const waitMs = tooMany > 0 ? Math.min(maxWaitMs, FIRST_WAIT_MS * 2 ** (tooMany - 1)) : 0;
    this.#failures.set(peer, { count, lastMs: now, untilMs: now + waitMs });
  }
}
