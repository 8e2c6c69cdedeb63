/** What may ask for a share of the budget. */
export interface BudgetUser {
  /** There may be room now: ask again. */
  offer(): void;
}

/**
 * How many bytes all connections together may have inside the engine at once: what is in there has left the inward
 * queues and not yet reached the outward ones, so no mark sees it.
 */
export class EngineBudget {
  readonly #maxBytes: number;
  #bytes = 0;
  readonly #waiting = new Set<BudgetUser>();

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** True when the bytes are granted; else the user is asked again later. One alone always gets in. */
  take(user: BudgetUser, bytes: number): boolean {
    if (this.#bytes > 0 && this.#bytes + bytes > this.#maxBytes) {
      this.#waiting.add(user);
      return false;
    }
    this.#bytes += bytes;
    return true;
  }

  release(bytes: number): void {
    if (bytes === 0) return;
    this.#bytes -= bytes;
    if (this.#waiting.size === 0 || this.#bytes >= this.#maxBytes) return;
    const waiting = Array.from(this.#waiting); // who is refused again comes back in
    this.#waiting.clear();
    for (const user of waiting) user.offer();
  }

  forget(user: BudgetUser): void {
    this.#waiting.delete(user);
  }
}
