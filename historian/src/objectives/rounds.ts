/** Each stream has its turn within so many calls… */
const CALLS_PER_ROUND = 10;
/** …and as many as this each time: of a house, all of them. */
const MIN_PER_CALL = 250;

export interface Round {
  streams: readonly string[];
  /** A round begins with this one: these are all streams that there are. */
  begins: boolean;
  all: readonly string[];
}

/** Takes turns over all streams, so that many of them make no burst. */
export class Rounds {
  #all: readonly string[] = [];
  #next = 0;

  next(all: () => readonly string[]): Round {
    const begins = this.#next >= this.#all.length;
    if (begins) {
      this.#all = all();
      this.#next = 0;
    }
    const count = Math.max(MIN_PER_CALL, Math.ceil(this.#all.length / CALLS_PER_ROUND));
    const streams = this.#all.slice(this.#next, this.#next + count);
    this.#next += streams.length;
    return { streams, begins, all: this.#all };
  }

  /** The last so many of the turn did not come to it: they are the first of the next. */
  putBack(count: number): void {
    this.#next -= count;
  }
}
