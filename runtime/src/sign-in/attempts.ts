/**
 * Limits attempts by a key (an address, a name) to `max` within `windowMs`, counted from the first of them.
 * Bounded: past `maxKeys` the key that began first is forgotten.
 */
export class Attempts {
  readonly #max: number;
  readonly #windowMs: number;
  readonly #maxKeys: number;
  readonly #now: () => number;
  readonly #windows = new Map<string, { startedAt: number; count: number }>();

  constructor(options: { max: number; windowMs: number; maxKeys: number; now: () => number }) {
    this.#max = options.max;
    this.#windowMs = options.windowMs;
    this.#maxKeys = options.maxKeys;
    this.#now = options.now;
  }

  /** Counts an attempt before it is made. Returns 0 when it may be made, else the ms to wait. */
  take(key: string): number {
    const now = this.#now();
    const window = this.#windows.get(key);
    if (window === undefined || now - window.startedAt >= this.#windowMs) {
      this.#windows.delete(key); // to the end of the order
      this.#windows.set(key, { startedAt: now, count: 1 });
      this.#forgetOldest();
      return 0;
    }
    if (window.count >= this.#max) return window.startedAt + this.#windowMs - now;
    window.count += 1;
    return 0;
  }

  /** Takes an attempt back that succeeded. */
  giveBack(key: string): void {
    const window = this.#windows.get(key);
    if (window === undefined) return;
    window.count -= 1;
    if (window.count <= 0) this.#windows.delete(key);
  }

  get size(): number {
    return this.#windows.size;
  }

  #forgetOldest(): void {
    while (this.#windows.size > this.#maxKeys) {
      const oldest = this.#windows.keys().next().value;
      if (oldest === undefined) return;
      this.#windows.delete(oldest);
    }
  }
}
