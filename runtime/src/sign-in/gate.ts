/** Lets `width` of them work at a time and `waiting` wait; more are turned away. */
export class Gate {
  readonly #width: number;
  readonly #maxWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #inside = 0;

  constructor(options: { width: number; waiting: number }) {
    this.#width = options.width;
    this.#maxWaiting = options.waiting;
  }

  /** Runs the work in its turn; undefined when too many wait already. */
  async run<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (this.#inside >= this.#width) {
      if (this.#waiting.length >= this.#maxWaiting) return undefined;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#inside += 1;
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#inside -= 1;
      else next(); // takes this place over
    }
  }
}
