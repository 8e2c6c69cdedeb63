/** Takes the time that was watched, and of it the time in which the stream was fresh; `to` is exclusive, ms. */
export type TimeSink = (kind: "observed" | "fresh", from: number, to: number) => void;

export interface FreshTimeJson {
  /** Counted up to here; `null` while nobody watches. */
  until: number | null;
  newestAt: number | null;
  withinMs: number | null;
  dozing: boolean;
}

/**
 * Integrates for how long a stream was fresh: at each moment, whether the newest good reading *that had come by
 * then* was younger than the promise. So a reading that was read at `at` and came at `arrivedAt` makes
 * [arrivedAt, at + promise) fresh, and a late one mends nothing: whoever looked before it came saw no fresh value.
 *
 * Time is counted when it is asked for and when something changes, not per reading: while a stream is fresh a
 * reading only moves the end of its freshness.
 */
export class FreshTime {
  readonly #sink: TimeSink;
  /** Counted up to here; `undefined` while nobody watches. */
  #until: number | undefined;
  /** -Infinity before there was one. */
  #newestAt = Number.NEGATIVE_INFINITY;
  /** Without a promise nothing is fresh or stale: the time is not watched. */
  #withinMs: number | undefined;
  #freshUntil = Number.NEGATIVE_INFINITY;
  #dozing = false;

  constructor(sink: TimeSink) {
    this.#sink = sink;
  }

  get newestAt(): number | null {
    return this.#newestAt === Number.NEGATIVE_INFINITY ? null : this.#newestAt;
  }

  get withinMs(): number | undefined {
    return this.#withinMs;
  }

  fresh(now: number): boolean {
    return now < this.#freshUntil;
  }

  /** A good reading of `at` came. */
  good(at: number, arrivedAt: number): void {
    if (at <= this.#newestAt) return;
    // What was stale until it came stays so.
    if (arrivedAt > this.#freshUntil) this.settle(arrivedAt);
    this.#newestAt = at;
    if (this.#withinMs === undefined) return;
    this.#freshUntil = at + this.#withinMs;
    if (this.#dozing && arrivedAt < this.#freshUntil) this.#dozing = false;
  }

  /** From `now` on the newest good reading may be this old. The past is judged by the promise of its time. */
  promise(withinMs: number | undefined, now: number): void {
    if (withinMs === this.#withinMs) return;
    this.settle(now);
    this.#withinMs = withinMs;
    if (withinMs === undefined) this.#until = undefined;
    else this.#until ??= now;
    this.#freshUntil = withinMs === undefined ? Number.NEGATIVE_INFINITY : this.#newestAt + withinMs;
  }

  /** Counts everything up to `now`. */
  settle(now: number): void {
    const until = this.#until;
    if (until === undefined || now <= until) return;
    const end = Math.max(until, Math.min(now, this.#freshUntil));
    this.#sink("observed", until, this.#dozing ? end : now);
    this.#sink("fresh", until, end);
    this.#until = now;
  }

  /** From now on only fresh time counts as watched: whoever has just begun to listen may not have heard yet. */
  doze(): void {
    this.#dozing = true;
  }

  /** From now on what is not fresh is stale; a fresh reading does the same. */
  wake(now: number): void {
    this.settle(now);
    this.#dozing = false;
  }

  /** Nobody watched between what was counted last and `now`; it goes on from there. Also when a clock was set back. */
  skip(now: number): void {
    if (this.#until !== undefined) this.#until = now;
    // A reading of a time that our clock has not reached (again) was read at the latest now.
    if (this.#newestAt > now) {
      this.#newestAt = now;
      if (this.#withinMs !== undefined) this.#freshUntil = now + this.#withinMs;
    }
  }

  toJSON(): FreshTimeJson {
    return {
      until: this.#until ?? null,
      newestAt: this.newestAt,
      withinMs: this.#withinMs ?? null,
      dozing: this.#dozing,
    };
  }

  restore({ until, newestAt, withinMs, dozing }: FreshTimeJson): void {
    this.#dozing = dozing;
    this.#until = until ?? undefined;
    this.#newestAt = newestAt ?? Number.NEGATIVE_INFINITY;
    this.#withinMs = withinMs ?? undefined;
    this.#freshUntil = withinMs === null ? Number.NEGATIVE_INFINITY : this.#newestAt + withinMs;
  }
}
