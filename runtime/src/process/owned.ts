/** What a composition opened, closed in the opposite order, once. */
export class Owned {
  readonly #closers: (() => Promise<void>)[] = [];
  #closed: Promise<void> | undefined;

  own(close: () => Promise<void>): void {
    this.#closers.push(close);
  }

  /** Does something at an interval until all is closed. */
  every(intervalMs: number, work: () => void): void {
    const timer = setInterval(work, intervalMs);
    this.own(() => Promise.resolve(clearInterval(timer)));
  }

  /** Goes on when one fails, and rejects with the first failure at the end. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const failures: unknown[] = [];
    for (const close of this.#closers.reverse()) {
      try {
        await close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
