/** Windows of Mosquitto's `$SYS/broker/load/…`. */
export const LOAD_WINDOWS_MIN = [1, 5, 15] as const;

/** Exponentially weighted rates per minute of a growing counter, over 1, 5 and 15 minutes. */
export class LoadAverage {
  readonly #rates: number[] = LOAD_WINDOWS_MIN.map(() => 0);
  #last = 0;

  /** @param total the counter now @param elapsedMs since the last update */
  update(total: number, elapsedMs: number): void {
    if (elapsedMs <= 0) return;
    const perMinute = ((total - this.#last) * 60_000) / elapsedMs;
    this.#last = total;
    for (const [i, minutes] of LOAD_WINDOWS_MIN.entries()) {
      const weight = Math.exp(-elapsedMs / (minutes * 60_000));
      this.#rates[i] = perMinute + weight * ((this.#rates[i] ?? 0) - perMinute);
    }
  }

  /** Per minute, in the order of {@link LOAD_WINDOWS_MIN}. */
  get rates(): readonly number[] {
    return this.#rates;
  }
}
