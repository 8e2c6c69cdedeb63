/**
 * What was taken up from before a restart and not heard of since. A node that was removed, or an alarm whose
 * topic was emptied, while nobody listened is never heard of again: after a while it is let go.
 */
export class Unconfirmed {
  readonly #keys: Set<string>;
  readonly #afterMs: number;

  /** @param afterMs so long all brokers must have been heard without a break */
  constructor(keys: Iterable<string>, afterMs: number) {
    this.#keys = new Set(keys);
    this.#afterMs = afterMs;
  }

  confirm(key: string): void {
    this.#keys.delete(key);
  }

  /** The keys to let go, once. */
  take(listening: readonly (number | null)[], now: number): string[] {
    if (this.#keys.size === 0) return [];
    const allSince = Math.max(...listening.map((since) => since ?? Number.POSITIVE_INFINITY));
    if (now - allSince < this.#afterMs) return [];
    const gone = [...this.#keys];
    this.#keys.clear();
    return gone;
  }
}
